"""Networks compiled by OpenVINO for this processor, behind the contracts of `contracts`: pip install openvino.

A network is exported once, in float32, for one picture at a time: what a picture is computed from then does not depend
on others in its batch. An export is a folder of the cache whose name is a hash of the weights. The torch module stays,
for other devices, for training and to be saved.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .contracts import TIME_SCALE, LearnedRenderer, ModuleAdapter, Time, TinyCodec, UNetVelocity, times
from .placement import has_bfloat16
from .threads import load, threads_for

Function = Callable[..., torch.Tensor]
PACKAGE = "openvino"
EXPORT = "network.xml"  # its weights are beside it


def is_installed() -> bool:
    """Whether the package is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def cache_folder() -> Path:
    """Where exports and choices are kept: SEMFLOW_CACHE, or semflow in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SEMFLOW_CACHE") or Path(base) / "semflow")


class Traced(nn.Module):
    """A function of a module as a module, which is what can be exported."""

    def __init__(self, module: nn.Module, function: Callable[..., Any]) -> None:
        super().__init__()
        self.module, self.function = module, function

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        return self.function(self.module, *values)


def functions_of(part: Any, latent: tuple[int, int, int], factor: int) -> dict[str, tuple[Function, list[tuple]]]:
    """What there is to compile of an adapter: name -> (function of its module, shapes for one picture).

    Args:
        latent: shape (C, h, w) of the latents.
        factor: pixels per latent cell and axis.
    """
    z = (1, *latent)
    if type(part) is UNetVelocity:
        return {"velocity": (lambda m, z, t: m(z, TIME_SCALE * t).sample, [z, (1,)])}
    if type(part) is TinyCodec:
        x = (1, 3, factor * latent[1], factor * latent[2])
        return {
            "encode": (lambda m, x: m.encode(x).latents, [x]),
            "decode": (lambda m, z: m.decode(z).sample, [z]),
        }
    if type(part) is LearnedRenderer:
        noise = (1, 1, *part.noise_shape(torch.empty(z)))
        return {"render": (lambda m, z0, z1, noise: m(z0, z1, noise), [z, z, noise])}
    return {}


def fingerprint(module: nn.Module, shapes: Sequence[tuple]) -> str:
    """A hash of a module's weights and settings, and of the shapes it is exported for."""
    about = {k: v for k, v in dict(getattr(module, "config", {})).items() if not k.startswith("_")}
    digest = hashlib.sha256(json.dumps([type(module).__name__, about, list(shapes)], default=str).encode())
    for name, value in module.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:24]


def export(module: nn.Module, function: Function, shapes: Sequence[tuple], folder: Path) -> None:
    """Write a function of a module as an export; whoever finds the folder finds all of it."""
    import openvino

    network = Traced(copy.deepcopy(module).float(), function).eval()
    examples = tuple(torch.rand(shape) for shape in shapes)
    with torch.no_grad():
        program = torch.export.export(network, examples)
    model = openvino.convert_model(program, example_input=examples, input=[list(shape) for shape in shapes])
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        openvino.save_model(model, temporary / EXPORT, compress_to_fp16=False)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read(folder: Path, fast: bool) -> Function:
    """An export as a function of tensors, one picture at a time.

    Args:
        fast: in bfloat16, else in float32.
    """
    import openvino

    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if fast else "f32",
        "INFERENCE_NUM_THREADS": threads_for(len(load.processors), load.most),  # the bytes may depend on it
        "ENABLE_CPU_PINNING": False,  # a thread would wait for the very processor that another program keeps busy
    }
    request = openvino.Core().compile_model(folder / EXPORT, "CPU", settings).create_infer_request()

    def run(*values: torch.Tensor) -> torch.Tensor:
        rows = zip(*(v.float().contiguous().numpy() for v in values))
        return torch.cat([torch.from_numpy(request.infer([r[None] for r in row])[0].copy()) for row in rows])

    return run


class Compiled(ModuleAdapter):
    """An adapter whose functions are exports; its module computes on other devices.

    Args:
        part: the adapter as it is without.
        functions: by the names of `functions_of`.
    """

    def __init__(self, part: Any, functions: Mapping[str, Function]) -> None:
        vars(self).update(vars(part))
        self.part, self.functions = part, functions

    def around(self, module: Any) -> Any:
        return self.part.around(module)  # another module has other weights

    def on_cpu(self) -> bool:
        """Whether the exports are to be used."""
        return self.device.type == "cpu"


class CompiledVelocity(Compiled, UNetVelocity):
    """`UNetVelocity`, computed by an export."""

    def __call__(self, z: torch.Tensor, t: Time, /) -> torch.Tensor:
        if not self.on_cpu():
            return super().__call__(z, t)
        return self.functions["velocity"](z, times(t, z).expand(len(z)) / TIME_SCALE)


class CompiledCodec(Compiled, TinyCodec):
    """`TinyCodec`, computed by exports."""

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.functions["encode"](x) if self.on_cpu() else super().encode(x)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.functions["decode"](z) if self.on_cpu() else super().decode(z)


class CompiledRenderer(Compiled, LearnedRenderer):
    """`LearnedRenderer`, computed by an export."""

    def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        if not self.on_cpu():
            return super().__call__(z0, z1, noise)
        if noise is None:
            noise = torch.zeros(len(z0), 1, *self.noise_shape(z0))
        return self.functions["render"](z0, z1, noise)


COMPILED: dict[type, Any] = {
    UNetVelocity: CompiledVelocity,
    TinyCodec: CompiledCodec,
    LearnedRenderer: CompiledRenderer,
}


@dataclass(frozen=True)
class Export:
    """One function of an adapter's module, and where its export is.

    Attributes:
        part: the adapter.
        name: of the function.
        shapes: of its arguments, for one picture.
        folder: the export's, named by a hash of the weights.
    """

    part: ModuleAdapter
    name: str
    function: Function
    shapes: list[tuple]
    folder: Path

    def write(self) -> None:
        """Export; one that is there is written anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        export(self.part.module, self.function, self.shapes, self.folder)


def exports_of(part: Any, latent: tuple[int, int, int], factor: int) -> list[Export]:
    """The exports of an adapter, whether they are written or not. Arguments: see `functions_of`."""
    return [
        Export(part, name, function, shapes, cache_folder() / "openvino" / f"{name}-{fingerprint(part.module, shapes)}")
        for name, (function, shapes) in functions_of(part, latent, factor).items()
    ]


def compiled(part: Any, exports: Sequence[Export]) -> Any:
    """An adapter computed by its exports, all of which are written."""
    fast = part.fast and has_bfloat16(torch.device("cpu"))
    return COMPILED[type(part)](part, {e.name: read(e.folder, fast) for e in exports})
