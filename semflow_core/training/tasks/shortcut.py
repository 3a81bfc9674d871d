"""Networks that are told one thing more than the time: a step's size, or the domain.

diffusers' U-Net adds the embedding of that one thing to the time's. What is the same for all samples therefore only
shifts a bias, and `fold` puts it there: the result is a plain U-Net, which every pipeline can hold.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DModel

from ...method.flow import flow_loss
from .flow import FlowBatch, FlowTask

STEP_SIZES = (1.0, 1 / 2, 1 / 4, 1 / 8)  # of the grids with so many even steps; smaller ones count as 0


@torch.no_grad()
def fold(unet: Any, condition: float) -> UNet2DModel:
    """The plain U-Net that `unet` is when its class label is always `condition` (1000 * step size, or a domain)."""
    label = torch.tensor([condition], device=unet.device)
    embedded = unet.class_embedding(unet.time_proj(label) if unet.config.class_embed_type else label.long())
    without = {k: v for k, v in unet.config.items() if k not in ("class_embed_type", "num_class_embeds")}
    plain: Any = UNet2DModel.from_config(without)
    state = {k: v for k, v in unet.state_dict().items() if not k.startswith("class_embedding.")}
    state["time_embedding.linear_2.bias"] = state["time_embedding.linear_2.bias"] + embedded[0]
    plain.load_state_dict(state)
    return plain.to(unet.device).eval()


class ShortcutTask(FlowTask):
    """A flow that is told the step it is about to take (Frans et al. 2024, One Step Diffusion via Shortcut Models).

    Without a step it is the flow and learns as the flow does; a step of d must be the mean of two steps of d/2, for
    a quarter of the samples. A step has a sign: above 0 towards the mask, below towards the photo.
    """

    def build(self, latent_channels: int) -> UNet2DModel:
        self.refuse_reading()
        unet = self.config.unet.build(
            latent_channels, latent_channels, self.config.size // 8, class_embed_type="timestep"
        )
        last: Any = unet.class_embedding
        torch.nn.init.zeros_(last.linear_2.weight)  # a network to start from is the flow for every step
        torch.nn.init.zeros_(last.linear_2.bias)
        return unet

    def loss(self, model: Any, batch: FlowBatch) -> dict[str, torch.Tensor]:
        path = batch.path
        n = len(path.t)
        parts = super().loss(partial(model, class_labels=torch.zeros_like(path.t)), batch)  # type: ignore[arg-type]
        few = torch.randperm(n, device=path.t.device)[: max(1, n // 4)]
        size = torch.tensor(STEP_SIZES, device=path.t.device)[torch.randint(len(STEP_SIZES), (len(few),))]
        towards = torch.where(torch.rand_like(size) < 0.5, 1.0, -1.0)
        start = torch.floor(torch.rand_like(size) / size) * size  # one of the grid's own times
        start = torch.where(towards > 0, start, 1 - start)
        ends = path.target[few]
        z0 = path.zt[few] - path.t[few].view(-1, 1, 1, 1) * ends
        z = z0 + start.view(-1, 1, 1, 1) * ends

        def step(z: torch.Tensor, t: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
            told = torch.where(d.abs() < min(STEP_SIZES), 0.0, 1000 * d)
            return model(z.contiguous(memory_format=torch.channels_last), 1000 * t, class_labels=told).sample.float()

        with torch.no_grad():
            half = towards * size / 2
            first = step(z, start, half)
            second = step(z + half.view(-1, 1, 1, 1) * first, start + half, half)
        parts["steps"] = flow_loss(step(z, start, 2 * half), (first + second) / 2)
        # as in the paper, where a quarter of a batch is of this kind
        parts["loss"] = parts["loss"] + parts["steps"] / 4
        return parts

    def report(self, model: UNet2DModel, step: int, out: Path) -> str:
        return super().report(fold(model, 0), step, out)

    def export(self, model: UNet2DModel, out: Path) -> None:
        """`unet` is the flow; `to_photo_N` and `to_mask_N` are what a grid of N even steps uses."""
        super().export(fold(model, 0), out)
        for size in STEP_SIZES:
            self.pipeline(fold(model, -1000 * size)).save_pretrained(out / f"to_photo_{round(1 / size)}")
            self.pipeline(fold(model, 1000 * size)).save_pretrained(out / f"to_mask_{round(1 / size)}")


class JointTask:
    """One network for several domains, told by an embedding which one it is in; batches take turns at random."""

    def __init__(self, tasks: dict[str, FlowTask]) -> None:
        self.tasks = list(tasks.values())
        self.names = list(tasks)
        first = self.tasks[0]
        channels = first.vae.config["latent_channels"]
        self.model: torch.nn.Module = first.config.unet.build(
            channels, channels, first.config.size // 8, num_class_embeds=len(tasks)
        )
        embedding: Any = self.model.class_embedding
        torch.nn.init.zeros_(embedding.weight)  # unlike a word's, it is added to another embedding

    def batch(self, rng: np.random.Generator, device: torch.device) -> Any:
        domain = int(rng.integers(len(self.tasks)))
        return domain, self.tasks[domain].batch(rng, device)

    def loss(self, model: Any, batch: tuple[int, FlowBatch]) -> dict[str, torch.Tensor]:
        domain, samples = batch
        label = torch.full((len(samples.path.t),), domain, device=samples.path.t.device)
        told: Any = partial(model, class_labels=label)
        return self.tasks[domain].loss(told, samples)

    def report(self, model: torch.nn.Module, step: int, out: Path) -> str:
        lines = []
        for i, (name, task) in enumerate(zip(self.names, self.tasks)):
            (out / name).mkdir(exist_ok=True)
            lines.append(f"{name}: {task.report(fold(model, i), step, out / name)}")
        return "; ".join(lines)

    def export(self, model: torch.nn.Module, out: Path) -> None:
        for i, (name, task) in enumerate(zip(self.names, self.tasks)):
            task.export(fold(model, i), out / name)
