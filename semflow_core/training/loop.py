"""The one training loop: accelerate, EMA, checkpoints that resume anywhere, progress and sample grids.

A *task* (task.py) holds the model, draws batches and computes their loss. Batches are drawn from (seed, step, number of
the batch in its step), so a resumed run gets the batches that an uninterrupted one would have got, and with
`optim.batches` a run on other numbers of processes gets them, too.
"""

from __future__ import annotations

import contextlib
import copy
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import broadcast_object_list, gather_object
from diffusers.training_utils import EMAModel
from tqdm import tqdm

from ..errors import InputError
from ..nets.memory import recompute_activations
from ..nets.placement import autocast, place
from .checkpoints import append_log, is_logged, keep_export, mark_exported, newest_checkpoint, settle
from .config import OptimConfig
from .states import WRITE_ERRORS, first_line, load_state, reason_of, save_state
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
    if accelerator.is_main_process and (notice := settle(out)):
        print(notice, file=sys.stderr)
    accelerator.wait_for_everyone()
    resumed = newest_checkpoint(out)
    if resumed is None:
        task.prepare()
    model = task.model
    if config.recompute:
        recompute_activations(model)
    place(model, device, fast=False)
    own = batches_of(config, accelerator.num_processes)  # per process and step
    clip_in_deepspeed(accelerator, config, own)
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
        step, spent = load_state(accelerator, resumed)
        ema.to(device)
    first = kept = step
    started, saved = time.monotonic() - spent, time.monotonic()
    averages: dict[str, float] = {}
    bar = tqdm(total=config.steps, initial=step, disable=not accelerator.is_main_process, mininterval=10)
    over = step >= config.steps or is_over(started, config)
    if over:  # it ended before all was written that comes of it
        figures = save(task, accelerator.unwrap_model(model), ema, accelerator, out, step)
        if accelerator.is_main_process:
            if not is_logged(out, step):
                append_log(out, {"step": step, "seconds": round(spent), "held_out": figures})
            mark_exported(out, step)

    def add_gradients(forward: Any) -> dict[str, float]:
        """The gradients of this step's batches, and the means of the parts of their loss; the same at each call."""
        optimizer.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        for i in range(own):
            number = i * accelerator.num_processes + accelerator.process_index
            rng = np.random.default_rng((seed, step, number))
            torch.manual_seed(int(rng.integers(2**62)))
            alone = contextlib.nullcontext() if i == own - 1 else accelerator.no_sync(model)
            with alone:
                with autocast(device, bf16):
                    parts = task.loss(forward, task.batch(rng, device))
                if not math.isfinite(float(parts["loss"].detach())):
                    raise InputError(f"the loss is not finite at step {step}; lower optim.lr (now {config.lr})")
                accelerator.backward(parts["loss"] / own)
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / own
        return sums

    while not over:
        for group, peak in zip(optimizer.param_groups, peaks):  # before backward, in which DeepSpeed steps
            group["lr"] = peak * learning_rate(step, config, (time.monotonic() - started) / 60)
        try:
            sums = add_gradients(forward)
        except InputError:
            raise
        except Exception as error:  # no compiler, one that fails, a platform without: of any type
            if forward is model or step > first:
                raise
            forward = model
            sums = add_gradients(forward)  # an error that has nothing to do with the compiler is raised again
            bar.write(f"optim.compile is left out, for this machine cannot compile: {first_line(error)}")
        for group in optimizer.param_groups:
            accelerator.clip_grad_norm_(group["params"], config.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        ema.step(accelerator.unwrap_model(model).parameters())
        step += 1
        for name, value in sums.items():
            keep = min(0.98, 1 - 1 / (step - first))
            averages[name] = keep * averages.get(name, 0.0) + (1 - keep) * value
        bar.update()
        if step % 10 == 0:
            bar.set_postfix({k: f"{v:.4f}" for k, v in averages.items()}, refresh=False)
        due, over = False, step == config.steps
        if step % 10 == 0:
            agreed = [time.monotonic() - saved > 60 * config.checkpoint_minutes, over or is_over(started, config)]
            broadcast_object_list(agreed)  # clocks differ; all processes must reach the checkpoint together
            due, over = agreed
        if due or over:
            seconds = time.monotonic() - started
            reason = save_state(accelerator, out, {"step": step, "seconds": seconds})
            kept = kept if reason else step
            shown = over_processes(accelerator, averages)
            if not reason and accelerator.is_main_process:
                rate = (step - first) * config.batch * own * accelerator.num_processes / (seconds - spent)
                line = {"step": step, "seconds": round(seconds), "samples_per_second": round(rate, 2)}
                line |= {k: round(v, 5) for k, v in shown.items()}
                try:
                    figures = save(task, accelerator.unwrap_model(model), ema, accelerator, out, step)
                    append_log(out, line | {"held_out": figures})
                    mark_exported(out, step)
                    bar.write(f"step {step}, {seconds / 60:.1f} min, {rate:.1f} samples/s: {figures}")
                except WRITE_ERRORS as error:
                    reason = reason_of(error)
            reason = next(filter(None, gather_object([reason])), "")
            if reason and over:
                raise InputError(
                    f"the run in {out} cannot be written ({reason}); free some space and give the same command again: "
                    f"it goes on from step {kept}"
                )
            if reason and accelerator.is_main_process:
                bar.write(
                    f"step {step} cannot be written to {out} ({reason}); the training goes on, and it is tried again "
                    f"in {config.checkpoint_minutes:g} minutes"
                )
            accelerator.wait_for_everyone()
            saved = time.monotonic()
    bar.close()


def batches_of(config: OptimConfig, processes: int) -> int:
    """Batches per process and step.

    Raises:
        InputError: the step's batches cannot be shared out evenly.
    """
    if config.batches % processes:
        raise InputError(
            f"optim.batches is {config.batches}, which {processes} processes cannot share evenly; start a number of "
            "processes that divides it"
        )
    return config.batches // processes or 1


def clip_in_deepspeed(accelerator: Accelerator, config: OptimConfig, own: int) -> None:
    """Tell DeepSpeed the largest norm of the gradient, which it does not take from accelerate's `clip_grad_norm_`."""
    plugin = accelerator.state.deepspeed_plugin
    if plugin is None:
        return
    settings = plugin.deepspeed_config
    settings["gradient_clipping"] = config.clip
    settings["train_micro_batch_size_per_gpu"] = config.batch
    settings["gradient_accumulation_steps"] = 1  # the loop steps once per call of backward
    if own > 1:
        raise InputError("DeepSpeed takes one batch per process and step; set optim.batches to the number of processes")


def over_processes(accelerator: Accelerator, averages: dict[str, float]) -> dict[str, float]:
    """The mean of each part of the loss over the processes; parts that one of them has not had are its own."""
    if accelerator.num_processes == 1:
        return averages
    everyone: list[dict[str, float]] = gather_object([averages])
    names = [name for name in averages if all(name in one for one in everyone)]
    means = {name: sum(one[name] for one in everyone) / len(everyone) for name in names}
    return averages | means


def join_processes() -> None:
    """Join the processes that a launcher started, on CPUs, too. To be called before anything asks for their state.

    Accelerate joins CPUs only on request; else each would train alone and overwrite the others' run.
    """
    PartialState(cpu=not torch.accelerator.is_available())


def is_over(started: float, config: OptimConfig) -> bool:
    """Whether a run has used up its minutes, if it has a budget of them; `started` is on the monotonic clock."""
    return bool(config.minutes) and time.monotonic() - started >= 60 * config.minutes


def save(task: Task, model: torch.nn.Module, ema: EMAModel, accelerator: Accelerator, out: Path, step: int) -> str:
    """Export the averaged weights and report on them, on the main process; its line of figures."""
    if not accelerator.is_main_process:
        return ""
    averaged = copy.deepcopy(model).cpu().eval()
    ema.copy_to(averaged.parameters())
    (out / "samples").mkdir(exist_ok=True)
    with torch.no_grad():
        keep_export(out, lambda folder: task.export(averaged, folder))
        return task.report(averaged, step, out / "samples")
