"""A run's size before it is started: samples, memory and time, from a few measured steps. Nothing is written."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import set_seed

from ..data.pairs import data_root, find_pairs
from ..data.shards import is_prepared, prepared_splits
from ..errors import InputError
from ..nets.memory import recompute_activations
from ..nets.placement import autocast, place
from .config import OptimConfig
from .latents import open_pairs
from .loop import batches_of, join_processes
from .stages import STAGES, Plan, read_plan
from .task import Context

WARM, MEASURED = 1, 3  # steps
PAIRS = 64  # of the data at most, where pairs are encoded before the first step
GB = 1e9
COPIES = {"weights": 1, "gradients": 1, "Adam's moments": 2, "their average": 1}  # per parameter, float32


@dataclass(frozen=True)
class Estimate:
    """What a stage takes, per process where nothing else is said.

    Attributes:
        parameters: of the network; `trained` of them change.
        steps, samples: of the whole run, `samples` over all processes.
        pairs: of the training data; 0 where the stage takes none.
        seconds: per step, measured.
        peak: bytes of memory at the highest, measured: of the GPU, or of the whole process on a CPU.
    """

    stage: str
    parameters: int
    trained: int
    steps: int
    samples: int
    pairs: int
    seconds: float
    peak: int
    device: str

    @property
    def kept(self) -> dict[str, float]:
        """Bytes that are kept for the whole run, by what they are for."""
        sizes = {name: 4.0 * n * self.trained for name, n in COPIES.items()}
        return sizes | {"weights": 4.0 * self.parameters, "their average": 4.0 * self.parameters}

    def lines(self) -> list[str]:
        kept = ", ".join(f"{name} {size / GB:.3g}" for name, size in self.kept.items())
        total, peak = sum(self.kept.values()) / GB, self.peak / GB
        often = f", {self.samples / self.pairs:.3g} times the {self.pairs} pairs" if self.pairs else ""
        return [
            f"{self.stage}: {self.parameters / 1e6:.4g} million parameters; {self.steps} steps, {self.samples} samples"
            f"{often}",
            f"  memory per process: {total:.3g} GB kept ({kept}), {peak:.3g} GB at the peak of {MEASURED} steps on "
            f"{self.device}",
            f"  time: {self.seconds:.3g} s per step here, {self.seconds * self.steps / 3600:.3g} h in all, without "
            "encoding, checkpoints and reports",
        ]


def dry_run(path: Path, overrides: list[str]) -> list[str]:
    """Measure each stage that can be started now; lines of text.

    Raises:
        InputError: the configuration or the data is wrong.
    """
    join_processes()
    plan = read_plan(path, overrides)
    lines: list[str] = []
    for i, name in enumerate(plan.run.stages):
        try:
            lines += measure(plan, name).lines()
        except InputError as error:
            if not i:
                raise
            lines.append(f"{name}: cannot be measured before the stages before it have run ({error})")
    return lines


def measure(plan: Plan, name: str) -> Estimate:
    """Run a few steps of a stage.

    Raises:
        InputError: it cannot be started.
    """
    stage, run = STAGES[name], plan.run
    config: OptimConfig = plan.sections[name].optim
    root = data_root(run.data)
    device: Any = PartialState().device
    exports = {before: plan.export(before) for before in run.stages[: run.stages.index(name)]}
    pairs = None
    if stage.latents:
        assert plan.latents is not None  # `read_plan` refuses such a plan
        pairs = open_pairs(plan.latents, root, run.seed, config.autocast(device), PAIRS)
    domain = plan.latents.domain if plan.latents else None
    with tempfile.TemporaryDirectory() as folder:
        set_seed(run.seed)
        task = stage.task(plan.sections[name], Context(Path(folder), root, run.seed, exports, pairs, domain=domain))
        seconds = steps_of(task, config, device, run.seed)
    processes = PartialState().num_processes
    everything = sum(p.numel() for p in task.model.parameters())
    return Estimate(
        stage=name,
        parameters=everything,
        trained=sum(p.numel() for p in task.model.parameters() if p.requires_grad),
        steps=config.steps,
        samples=config.steps * config.batch * batches_of(config, processes) * processes,
        pairs=pair_count(plan, root) if stage.latents else 0,
        seconds=seconds,
        peak=peak_of(device),
        device=str(device),
    )


def steps_of(task: Any, config: OptimConfig, device: torch.device, seed: int) -> float:
    """Seconds per step, over a few steps with an optimizer and a moving average, whose weights are thrown away."""
    if config.recompute:
        recompute_activations(task.model)
    place(task.model, device, fast=False)
    average = [p.detach().clone() for p in task.model.parameters()]
    optimizer = torch.optim.AdamW(task.model.parameters(), lr=0.0, fused=True)
    own = batches_of(config, PartialState().num_processes)
    started = 0.0
    for step in range(WARM + MEASURED):
        if step == WARM:
            synchronize(device)
            started = time.monotonic()
        for i in range(own):
            rng = np.random.default_rng((seed, step, i))
            with autocast(device, config.autocast(device)):
                parts = task.loss(task.model, task.batch(rng, device))
            (parts["loss"] / own).backward()
        torch.nn.utils.clip_grad_norm_(task.model.parameters(), config.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        torch._foreach_lerp_(average, [p.detach() for p in task.model.parameters()], 1 - config.ema)
    synchronize(device)
    return (time.monotonic() - started) / MEASURED


def pair_count(plan: Plan, root: Path) -> int:
    """Training pairs of the plan's domain."""
    assert plan.latents is not None
    domain = plan.latents.domain
    folder = root / domain.folder
    return prepared_splits(folder)["train"] if is_prepared(folder) else len(find_pairs(folder)) - domain.held_out


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_of(device: torch.device) -> int:
    """Bytes at the highest so far: of the GPU, or of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
