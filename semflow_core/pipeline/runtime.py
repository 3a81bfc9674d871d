"""Which runtime computes a model on the CPU: PyTorch, or OpenVINO where it is faster and gives equal pictures.

`semflow export` compiles a model; from then on loading it uses what a self-test of about a second found on this
machine, which is remembered. Without an export nothing changes.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import statistics
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from ..nets.compiled import Export, cache_folder, compiled, exports_of, is_installed
from ..nets.threads import load
from ..pictures.files import write_atomically
from ..requests import SynthesisRequest
from .pipeline import SemFlowPipeline

VARIABLE = "SEMFLOW_RUNTIME"  # torch: never another one
LEVELS = 2.0  # grey levels by which 99 of 100 values of a picture may differ
SECONDS = 1.0  # of a self-test, its pictures not counted
CHOICES = "runtimes.json"


@dataclass(frozen=True)
class Trial:
    """What a self-test found.

    Attributes:
        times_faster: time of a network call by PyTorch over that of the export.
        levels: grey levels, of 255, by which 99 of 100 values of two pictures differ at most.
    """

    times_faster: float
    levels: float

    @property
    def accepted(self) -> bool:
        """Whether the export is to be used."""
        return self.times_faster > 1 and self.levels <= LEVELS


def choose_runtime(pipeline: SemFlowPipeline) -> SemFlowPipeline:
    """The pipeline on the fastest runtime that is exported for it; itself where there is none."""
    if os.environ.get(VARIABLE) == "torch" or not is_installed() or not cache_folder().is_dir():
        return pipeline
    exports = pipeline_exports(pipeline)
    if not exports or not all(e.folder.is_dir() for e in exports):
        return pipeline
    trial = remembered(exports)
    if trial is not None and not trial.accepted:
        return pipeline
    try:
        other = on_exports(pipeline, exports)
    except RuntimeError:  # a damaged export, or one of another release; `semflow export` writes it anew
        return pipeline
    if trial is None:
        trial = self_test(pipeline, other)
        remember(exports, trial)
    return other if trial.accepted else pipeline


def pipeline_exports(pipeline: SemFlowPipeline) -> list[Export]:
    """The exports of all parts that can be compiled, written or not; none where the velocity cannot be."""
    factor, channels = pipeline.codec.factor, pipeline.codec.channels
    latent = (channels, pipeline.size // factor, pipeline.width // factor)
    exports = [exports_of(part, latent, factor) for part in (pipeline.velocity, pipeline.codec, pipeline.renderer)]
    module = getattr(pipeline.velocity, "module", None)
    alone = module is not None and getattr(module, "config", {}).get("in_channels") == channels
    return sum(exports, []) if exports[0] and alone else []


def on_exports(pipeline: SemFlowPipeline, exports: list[Export]) -> SemFlowPipeline:
    """The same model, computed by its exports."""
    other = copy.copy(pipeline)
    for name in ("velocity", "codec", "renderer"):
        part = getattr(pipeline, name)
        own = [e for e in exports if e.part is part]
        if own:
            setattr(other, name, compiled(part, own))
    if not pipeline.learned:
        return other.without_renderer()
    return other


def self_test(pipeline: SemFlowPipeline, other: SemFlowPipeline) -> Trial:
    """Compare two runtimes of a model: a picture by each, and network calls in turn for a second."""
    ids = np.random.default_rng(0).choice(pipeline.palette.ids, (6, 6)).astype(np.uint8)
    layout = cv2.resize(ids, (pipeline.width, pipeline.size), interpolation=cv2.INTER_NEAREST_EXACT)
    request = SynthesisRequest(model=pipeline.name, layout=layout, steps=2)
    one, two = (p.synthesize(request).photo.astype(np.int16) for p in (pipeline, other))
    z = pipeline.encode_layout(request)
    seconds: list[list[float]] = [[], []]
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(seconds[1]) < 3:
        for spent, p in zip(seconds, (pipeline, other)):
            start = time.perf_counter()
            with torch.inference_mode():
                p.velocity(z, 0.5)
            spent.append(time.perf_counter() - start)
    torch_time, export_time = map(statistics.median, seconds)
    return Trial(torch_time / export_time, float(np.percentile(np.abs(one - two), 99)))


def remembered(exports: list[Export]) -> Trial | None:
    """What was found on this machine before."""
    found = _choices().get(_key(exports))
    try:
        return None if found is None else Trial(**found)
    except TypeError:
        return None


def remember(exports: list[Export], trial: Trial) -> None:
    """Keep what was found; where nothing can be kept, the next start tests again."""
    choices = {**_choices(), _key(exports): asdict(trial)}
    text = json.dumps(choices, indent=1)

    def write(file: Path) -> None:
        file.write_text(text, encoding="utf-8")

    with suppress(OSError):
        write_atomically(cache_folder() / CHOICES, write)


def _choices() -> dict[str, dict[str, float]]:
    try:
        choices = json.loads((cache_folder() / CHOICES).read_text(encoding="utf-8"))
        return choices if isinstance(choices, dict) else {}
    except (OSError, ValueError):
        return {}


def _key(exports: list[Export]) -> str:
    """The machine, what runs there, and the weights."""
    from importlib.metadata import version

    capability = torch.backends.cpu.get_cpu_capability()
    machine = f"{platform.node()} {platform.machine()} {capability} {load.most} threads"
    names = " ".join(e.folder.name for e in exports)
    return f"{machine}, torch {torch.__version__}, openvino {version('openvino')}: {names}"
