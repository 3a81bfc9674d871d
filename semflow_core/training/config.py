"""Training configurations: one small YAML file per model, `key=value` overrides, unknown keys are errors."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml

from ..data.pairs import PairArrays, load_split
from ..data.shards import is_prepared, load_prepared
from ..errors import InputError
from ..method.codebook import PRESETS, Codebook
from ..method.palette import load_palette
from ..nets.placement import has_bfloat16
from ..requests.typed import build
from ..texts import read_text


@dataclass(frozen=True)
class OptimConfig:
    steps: int = 1000
    minutes: float = 0.0  # of training after which the run ends, if its steps are not done by then; 0: no such budget
    batch: int = 16  # samples per process and step
    lr: float = 1e-3
    warmup: int = 100  # steps
    decay: float = 0.5  # the last share of the run decays linearly to 0
    weight_decay: float = 0.01
    betas: list[float] = field(default_factory=lambda: [0.9, 0.99])
    clip: float = 1.0  # largest norm of the gradient, in every mode of accelerate
    # batches per step, over all processes; their number must divide it, and then does not change the result. 0: one per
    # process
    batches: int = 0
    recompute: bool = False  # gradient checkpointing: activations are computed again instead of kept
    ema: float = 0.999
    bf16: bool = True  # autocast, where the hardware multiplies it; times and perturbations stay float32
    compile: bool = False  # torch.compile: a third more steps per minute here, after two minutes; needs a C++ compiler
    checkpoint_minutes: float = 5.0

    def __post_init__(self) -> None:
        if self.batches < 0:
            raise InputError(f"optim.batches is {self.batches}; it must be at least 0")
        if min(self.steps, self.batch, self.warmup) < 1 or self.lr <= 0 or len(self.betas) != 2 or self.minutes < 0:
            raise InputError(
                "optim needs steps, batch and warmup of at least 1, minutes and an lr above 0 and two betas"
            )

    def autocast(self, device: torch.device) -> bool:
        """Whether to compute in bfloat16 there: where it is emulated a step takes ten times as long."""
        return self.bf16 and has_bfloat16(device)


@dataclass(frozen=True)
class DomainConfig:
    """A folder of pairs, its label set and the anchors that stand for the labels."""

    palette: str
    folder: str  # below the data root, or a path of its own; holds images/ and masks/, or is prepared
    held_out: int  # pairs in the development split: the last in sorted order; a prepared set has a split of its own
    k: int = PRESETS["paper"][0]
    s: int = PRESETS["paper"][1]
    order: list[int] = field(default_factory=list)  # grid position of each class; empty is the paper's
    ids: str = ""  # whose ids the masks' are, such as bisenet (docs/compatibility.md); empty is found out

    def __post_init__(self) -> None:
        if self.held_out < 1:
            raise InputError(f"held_out is {self.held_out}; at least one pair must be held out to report on")

    def codebook(self) -> Codebook:
        return Codebook(load_palette(self.palette), self.k, self.s, tuple(self.order))

    def split(
        self, root: Path, split: str, size: int, limit: int | None = None, width: int | None = None
    ) -> PairArrays:
        """The `train` or `dev` pairs in memory; see `data.pairs.load_split` and `data.shards.load_prepared`."""
        palette, folder = load_palette(self.palette), root / self.folder
        if is_prepared(folder):
            pairs = load_prepared(folder, split, size, width or size, limit)
        else:
            pairs = load_split(folder, palette, self.held_out, split, size, limit, self.ids, width)
        for note in pairs.notes:
            print(f"{self.folder}, {split}: {note}", file=sys.stderr)
        # pixels without a class are trained on as the background; figures on `dev` leave them out
        return dataclasses.replace(pairs, masks=palette.paintable(pairs.masks)) if split == "train" else pairs


def read_config(path: Path, overrides: list[str]) -> dict[str, Any]:
    """A YAML file plus `a.b=value` overrides as one nested dictionary.

    Raises:
        InputError: the file is missing or not YAML, or an override is not key=value.
    """
    try:
        raw = yaml.safe_load(read_text(path)) or {}
    except OSError:
        raise InputError(f"the configuration {path} cannot be read") from None
    except yaml.YAMLError as error:
        raise InputError(f"the configuration {path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise InputError(f"the configuration {path} must hold key: value lines")
    apply_overrides(raw, overrides)
    return raw


def apply_overrides(raw: dict[str, Any], overrides: Sequence[str]) -> None:
    """Put `a.b=value` settings into a nested dictionary; later ones win.

    Raises:
        InputError: one is not key=value, or its value is not YAML.
    """
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key:
            raise InputError(f"the override '{override}' must be written key=value")
        target = raw
        *parents, last = key.split(".")
        for parent in parents:
            target = target.setdefault(parent, {})
            if not isinstance(target, dict):
                raise InputError(f"the override '{override}': {parent} has no keys of its own")
        try:
            target[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise InputError(f"the override '{override}' has a value that is not YAML") from None


def domain_of(path: Path, overrides: list[str]) -> DomainConfig:
    """The domain whose latents a configuration trains on.

    Raises:
        InputError: the file names none.
    """
    latents = read_config(path, overrides).get("latents")
    if not isinstance(latents, dict) or "domain" not in latents:
        raise InputError(f"{path} has no key 'latents.domain'; name a flow's configuration, such as configs/faces.yaml")
    return build(DomainConfig, latents["domain"], "latents.domain")
