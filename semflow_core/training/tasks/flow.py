"""The flow between photos and layouts: a U-Net, with a backbone or without, and the objective's terms."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import InputError
from ...method.codebook import to_model
from ...nets.backbone import BackboneUNet
from ...nets.contracts import UNetVelocity
from ...nets.starts import load_network, start_backbone, start_from
from ...nets.unet import UNetConfig
from ..batch import Batch
from ..objective import FlowObjective, ObjectiveConfig
from ..report import both_directions
from ..task import Context, Task


@dataclass(frozen=True)
class FlowConfig(ObjectiveConfig):
    """The section `flow`; its terms (`losses/registry.py`) are further keys."""

    backbone: str = ""  # folder of a trained backbone, or of a U-Net that has one; empty: that of the stage before
    network: str = ""  # folder of a network of any class to fine-tune, in the place of `unet`, `init` and `backbone`


class FlowTask(Task):
    """Training of the velocity.

    Raises:
        InputError: a folder to start from does not fit, or a term's settings do not.
    """

    def __init__(self, config: FlowConfig, context: Context) -> None:
        self.latents = context.latents
        self.anchors = to_model(self.latents.codebook.anchors).tolist()
        if config.network:
            self.velocity = load_network(config.network, self.latents.codec.channels, self.anchors)
        else:
            self.velocity = UNetVelocity(self._unet(config, context))
        self.model: Any = self.velocity.module
        self.objective = FlowObjective(config, self.latents, self.model)

    def _unet(self, config: FlowConfig, context: Context) -> Any:
        channels, side = self.latents.codec.channels, self.latents.side
        folder = config.backbone or context.exports.get("backbone")  # the result of the stage before
        if folder:
            unet: Any = config.unet.build(channels, channels, side, BackboneUNet, anchors=self.anchors)
            start_backbone(unet.backbone, folder)
            unet.backbone.requires_grad_(False)
        else:
            unet = config.unet.build(channels, channels, side)
        if config.init:
            start_from(unet, config.init)
        return unet

    def batch(self, rng: np.random.Generator, device: torch.device) -> Batch:
        return self.objective.batch(rng, device)

    def loss(self, model: torch.nn.Module, batch: Batch) -> dict[str, torch.Tensor]:
        return self.objective.loss(self.velocity.around(model), batch)  # type: ignore[arg-type]

    def report(self, model: Any, step: int, out: Path) -> str:
        pipeline = self.latents.pipeline(self.velocity.around(copy.deepcopy(model))).to(self.latents.device)
        return both_directions(pipeline, self.latents.dev, out / f"{step:07d}.png")

    def export(self, model: Any, out: Path) -> None:
        self.latents.pipeline(self.velocity.around(copy.deepcopy(model))).save_pretrained(out)


def check_flow(config: FlowConfig, before: Sequence[str]) -> None:
    """Raise InputError for settings that contradict each other, or the stages before.

    Args:
        before: the names of the stages that run before the flow.
    """
    backbone = "backbone" in before
    if config.backbone and backbone:
        raise InputError(
            f"flow.backbone is '{config.backbone}', and the stage backbone trains another one; leave one out"
        )
    unread = [f"flow.{key}" for key in ("init", "backbone") if getattr(config, key)]
    unread += [] if config.unet == UNetConfig() else ["flow.unet"]
    unread += ["the stage backbone"] if backbone else []
    if config.network and unread:
        raise InputError(f"flow.network is '{config.network}', so {unread[0]} is not used; leave one of them out")
    if config.photo_reading.is_on and not (backbone or config.backbone or config.network):
        raise InputError(
            "flow.photo_reading needs a backbone: train one first (stages: [backbone, flow]), name one in "
            "flow.backbone, or set flow.photo_reading.weight=0"
        )
