"""The one training loop: accelerate, EMA, checkpoints that resume anywhere, progress and sample grids.

A *task* (task.py) holds the model, draws batches and computes their loss. Batches are drawn from (seed, step, process),
so a resumed run gets the batches that an uninterrupted one would have got.
"""

from __future__ import annotations

import copy
import json
import math
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import broadcast_object_list
from diffusers.training_utils import EMAModel
from tqdm import tqdm

from ..errors import InputError
from ..nets.placement import autocast, place
from .config import OptimConfig
from .task import Task


def learning_rate(step: int, config: OptimConfig, minutes: float = 0.0) -> float:
    """Share of the peak rate: linear warm-up, flat, then linear decay to 0 over the last `decay` of the run.

    Args:
        minutes: that the run has taken; with a budget of them the run's end is what comes first.
    """
    if step < config.warmup:
        return (step + 1) / config.warmup
    left = 1 - step / config.steps
    if config.minutes:
        left = min(left, 1 - minutes / config.minutes)
    return max(0.0, min(1.0, left / max(config.decay, 1 / config.steps)))


def train(task: Task, config: OptimConfig, out: Path, seed: int) -> None:
    """Train until `config.steps`, or for `config.minutes`, resuming from `out/checkpoint` when there is one.

    Writes `out/checkpoint` (the newest state), `out/samples/*.png`, `out/log.jsonl` and `out/export`.
    """
    accelerator = Accelerator(mixed_precision="no")  # one per process; autocast is each stage's own
    device = accelerator.device
    bf16 = config.autocast(device)
    resumed = newest_checkpoint(out)
    if resumed is None:
        task.prepare()
    model = task.model
    place(model, device, fast=False)
    betas = (config.betas[0], config.betas[1])
    # fused and foreach: plain loops over parameters are a good part of a small step on a CPU
    optimizer = torch.optim.AdamW(task.groups(config.lr), betas=betas, weight_decay=config.weight_decay, fused=True)
    peaks = [group["lr"] for group in optimizer.param_groups]
    ema = EMAModel(model.parameters(), decay=config.ema, use_ema_warmup=True, power=0.75, foreach=True)
    ema.to(device)
    model, optimizer = accelerator.prepare(model, optimizer)
    accelerator.register_for_checkpointing(ema)
    forward: Any = torch.compile(model) if config.compile else model

    step, spent = 0, 0.0
    if resumed is not None:
        accelerator.load_state(str(resumed))
        state = json.loads((resumed / "progress.json").read_text())
        step, spent = state["step"], state["seconds"]
        ema.to(device)
    first = step
    started, saved = time.monotonic() - spent, time.monotonic()
    averages: dict[str, float] = {}
    bar = tqdm(total=config.steps, initial=step, disable=not accelerator.is_main_process, mininterval=10)
    if step >= config.steps:
        save(task, accelerator.unwrap_model(model), ema, accelerator, out, step)
    over = step >= config.steps or is_over(started, config)
    while not over:
        rng = np.random.default_rng((seed, step, accelerator.process_index))
        torch.manual_seed(int(rng.integers(2**62)))
        with autocast(device, bf16):
            parts = task.loss(forward, task.batch(rng, device))
        if not math.isfinite(float(parts["loss"].detach())):
            raise InputError(f"the loss is not finite at step {step}; lower optim.lr (now {config.lr})")
        accelerator.backward(parts["loss"])
        for group, peak in zip(optimizer.param_groups, peaks):
            accelerator.clip_grad_norm_(group["params"], config.clip)
            group["lr"] = peak * learning_rate(step, config, (time.monotonic() - started) / 60)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        ema.step(accelerator.unwrap_model(model).parameters())
        step += 1
        for name, value in parts.items():
            keep = min(0.98, 1 - 1 / (step - first))
            averages[name] = keep * averages.get(name, 0.0) + (1 - keep) * float(value.detach())
        bar.update()
        if step % 10 == 0:
            bar.set_postfix({k: f"{v:.4f}" for k, v in averages.items()}, refresh=False)
        due, over = False, step == config.steps
        if step % 10 == 0:
            agreed = [time.monotonic() - saved > 60 * config.checkpoint_minutes, over or is_over(started, config)]
            broadcast_object_list(agreed)  # clocks differ; all processes must reach the checkpoint together
            due, over = agreed
        if due or over:
            accelerator.wait_for_everyone()
            accelerator.save_state(str(out / "checkpoint.new"))
            accelerator.wait_for_everyone()  # each process writes a file of its own, before the folder is renamed
            seconds = time.monotonic() - started
            if accelerator.is_main_process:
                keep_checkpoint(out, {"step": step, "seconds": seconds})
            figures = save(task, accelerator.unwrap_model(model), ema, accelerator, out, step)
            if accelerator.is_main_process:
                rate = (step - first) * config.batch * accelerator.num_processes / (seconds - spent)
                line = {"step": step, "seconds": round(seconds), "samples_per_second": round(rate, 2)}
                line |= {k: round(v, 5) for k, v in averages.items()}
                with open(out / "log.jsonl", "a", encoding="utf-8") as log:
                    log.write(json.dumps(line | {"held_out": figures}) + "\n")
                bar.write(f"step {step}, {seconds / 60:.1f} min, {rate:.1f} samples/s: {figures}")
            accelerator.wait_for_everyone()
            saved = time.monotonic()
    bar.close()


def join_processes() -> None:
    """Join the processes that a launcher started, on CPUs, too. To be called before anything asks for their state.

    Accelerate joins CPUs only on request; else each would train alone and overwrite the others' run.
    """
    PartialState(cpu=not torch.accelerator.is_available())


def newest_checkpoint(out: Path) -> Path | None:
    """The folder of the last whole checkpoint of a run, if there is one.

    A run that was killed while it swapped checkpoints has it beside the usual place.
    """
    folders = (out / "checkpoint", out / "checkpoint.old")
    return next((folder for folder in folders if (folder / "progress.json").exists()), None)


def is_over(started: float, config: OptimConfig) -> bool:
    """Whether a run has used up its minutes, if it has a budget of them; `started` is on the monotonic clock."""
    return bool(config.minutes) and time.monotonic() - started >= 60 * config.minutes


def is_finished(out: Path, config: OptimConfig) -> bool:
    """Whether the run in `out` has done all its steps, or used up its minutes, and exported what came of them."""
    checkpoint = newest_checkpoint(out)
    if checkpoint is None or not (out / "export").is_dir():
        return False
    progress = json.loads((checkpoint / "progress.json").read_text())
    return progress["step"] >= config.steps or 0 < 60 * config.minutes <= progress["seconds"]


def keep_checkpoint(out: Path, progress: dict[str, float]) -> None:
    """Put `checkpoint.new` in the place of `checkpoint`; at no moment is there no whole one."""
    new, current, old = (out / name for name in ("checkpoint.new", "checkpoint", "checkpoint.old"))
    (new / "progress.json").write_text(json.dumps(progress))
    shutil.rmtree(old, ignore_errors=True)
    if current.exists():
        current.rename(old)
    new.rename(current)
    shutil.rmtree(old, ignore_errors=True)


def save(task: Task, model: torch.nn.Module, ema: EMAModel, accelerator: Accelerator, out: Path, step: int) -> str:
    """Export the averaged weights and report on them, on the main process; its line of figures."""
    if not accelerator.is_main_process:
        return ""
    averaged = copy.deepcopy(model).cpu().eval()
    ema.copy_to(averaged.parameters())
    (out / "samples").mkdir(exist_ok=True)
    with torch.no_grad():
        task.export(averaged, out / "export")
        return task.report(averaged, step, out / "samples")
