"""The flow between photos and layouts: a U-Net, with a backbone or without, and the objective's terms."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import InputError
from ...method.codebook import to_model
from ...nets.backbone import BackboneUNet, start_backbone
from ...nets.contracts import UNetVelocity
from ...nets.unet import UNetConfig, start_from
from ..batch import Batch
from ..config import OptimConfig
from ..losses.registry import Terms
from ..objective import FlowObjective
from ..report import both_directions
from ..task import Context, Task


@dataclass(frozen=True)
class FlowConfig(Terms):
    """The section `flow`; its terms (`losses/registry.py`) are further keys."""

    time_sampling: str = "uniform"  # one of flow.TIME_SAMPLING
    backbone: str = ""  # folder of a trained backbone, or of a U-Net that has one; empty: that of the stage before
    init: str = ""  # folder of a U-Net of the same shape to start from, for example another domain's
    unet: UNetConfig = field(default_factory=UNetConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)


class FlowTask(Task):
    """
    Raises:
        InputError: a folder to start from does not fit, or a term's settings do not.
    """

    def __init__(self, config: FlowConfig, context: Context) -> None:
        self.latents = context.latents
        self.model: Any = self._network(config, context)
        if config.init:
            start_from(self.model, config.init)
        self.objective = FlowObjective(config, config.time_sampling, self.latents, self.model, config.optim.batch)

    def _network(self, config: FlowConfig, context: Context) -> Any:
        channels, side = self.latents.codec.channels, self.latents.side
        trained = context.exports.get("backbone")
        if config.backbone and trained:
            raise InputError(
                f"flow.backbone is '{config.backbone}', and the stage backbone trains another one; leave one out"
            )
        folder = config.backbone or trained
        if not folder:
            return config.unet.build(channels, channels, side)
        anchors = to_model(self.latents.codebook.anchors).tolist()
        model: Any = config.unet.build(channels, channels, side, BackboneUNet, anchors=anchors)
        start_backbone(model.backbone, folder)
        model.backbone.requires_grad_(False)
        return model

    def batch(self, rng: np.random.Generator, device: torch.device) -> Batch:
        return self.objective.batch(rng, device)

    def loss(self, model: torch.nn.Module, batch: Batch) -> dict[str, torch.Tensor]:
        return self.objective.loss(UNetVelocity(model), batch)

    def report(self, model: Any, step: int, out: Path) -> str:
        pipeline = self.latents.pipeline(copy.deepcopy(model)).to(self.latents.device)
        return both_directions(pipeline, self.latents.dev, out / f"{step:07d}.png")

    def export(self, model: Any, out: Path) -> None:
        self.latents.pipeline(copy.deepcopy(model)).save_pretrained(out)
