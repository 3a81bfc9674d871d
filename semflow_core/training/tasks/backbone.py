"""Train a backbone with its segmentation head for some minutes, before the flow is trained on top of it.

`stages: [backbone, flow]` does that; alone it is

    python -m semflow_core train configs/streets.yaml kind=backbone
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from ...errors import InputError
from ...method.codebook import photos_to_model
from ...method.flow import sample_path
from ...nets.backbone import BACKBONE_FILE, TAPS, Backbone, imagenet_layers
from ...nets.mobilenet import HOW_TO_GET, MobileNetLayers, fold, load_mobilenet
from ...nets.placement import autocast, place, save_half_weights
from ...nets.starts import start_backbone
from ...requests.typed import Bounds
from ..config import OptimConfig
from ..losses.photo_reading import scored_labels
from ..report import segmentation
from ..task import Context, Task

STEM_DEPTHS = tuple(TAPS)[:3]
STEM_BATCH, STEM_RATE = 16, 2e-3


@dataclass(frozen=True)
class BackboneConfig:
    """The section `backbone`."""

    init: str = ""  # folder of a backbone, or of a U-Net that has one, to start from; empty: ImageNet's weights
    stem_steps: int = 150  # steps that fit the stem to MobileNetV2's first layers
    # share of the samples that are photos, at t = 0; the others lie on the way to their mask
    photo_share: Annotated[float, Bounds(0, 1, "backbone.photo_share")] = 0.4
    optim: OptimConfig = field(default_factory=OptimConfig)


@dataclass(frozen=True)
class LabelledStates:
    zt: torch.Tensor  # (B, C, h, w)
    labels: torch.Tensor  # (B, S, S) uint8 class indices


class BackboneTask(Task):
    """Cross-entropy of the segmentation head on photos and on states between photo and mask.

    Raises:
        InputError: the folder to start from does not fit, or MobileNetV2's weights are not on this machine.
    """

    model: Any

    def __init__(self, config: BackboneConfig, context: Context) -> None:
        self.config, self.latents, self.seed = config, context.latents, context.seed
        self.model = Backbone(self.latents.codec.channels, len(self.latents.codebook.palette.classes))
        if config.init:
            start_backbone(self.model, config.init, new_classes=True)
            return
        network = load_mobilenet()
        if network is None:
            raise InputError(HOW_TO_GET)
        for layer, pretrained in zip(self.model.layers, imagenet_layers(fold(network)), strict=True):
            layer.load_state_dict(pretrained.state_dict())

    def prepare(self) -> None:
        """Fit the stem to MobileNetV2: the features of latents must be those of the decoded photos."""
        if self.config.init:
            return  # that one's stem is fitted
        device, z0s = self.latents.device, self.latents.copies.z0
        place(self.model, device, fast=False)
        imagenet = MobileNetLayers(STEM_DEPTHS).to(device)
        rng = np.random.default_rng((self.seed, 2))
        optimizer = torch.optim.AdamW(self.model.stem.parameters(), lr=STEM_RATE)
        for step in tqdm(range(self.config.stem_steps), desc="stem", mininterval=10):
            i = torch.from_numpy(rng.integers(len(z0s), size=STEM_BATCH))
            z0 = z0s[i].to(device).float()
            with autocast(device, self.config.optim.autocast(device)):
                with torch.no_grad():
                    targets = imagenet(self.latents.codec.decode(z0))
                depths = self.model.depths(z0)
                errors = [(a.float() - b).square().mean() / b.var() for a, b in zip(depths, targets)]
            optimizer.param_groups[0]["lr"] = STEM_RATE * min(1.0, 2 - 2 * step / self.config.stem_steps)
            optimizer.zero_grad()
            torch.stack(errors).sum().backward()
            optimizer.step()
        self.model.zero_grad(set_to_none=True)

    def batch(self, rng: np.random.Generator, device: torch.device) -> LabelledStates:
        drawn = self.latents.draw(rng, self.config.optim.batch)
        u = torch.from_numpy(rng.random((2, len(drawn.z0)), dtype=np.float32))
        t = torch.where(u[0] < self.config.photo_share, 0, u[1].square())  # most of the others are near the photo, too
        path = sample_path(drawn.z0.to(device).float(), drawn.z1.to(device).float(), t.to(device))
        return LabelledStates(path.zt, drawn.labels.to(device))

    def loss(self, model: torch.nn.Module, batch: LabelledStates) -> dict[str, torch.Tensor]:
        _, scores = model(batch.zt)
        rarity = self.latents.rarity.to(scores.device)
        return {"loss": F.cross_entropy(scores.float(), scored_labels(batch.labels, scores), rarity)}

    def report(self, model: Any, step: int, out: Path) -> str:
        palette = self.latents.codebook.palette

        def segment(photos: list[np.ndarray]) -> np.ndarray:
            _, scores = model(self.latents.encode(photos_to_model(np.stack(photos))).float())
            scores = F.interpolate(scores, photos[0].shape[:2], mode="bilinear", align_corners=False)
            return palette.ids[scores.argmax(1).numpy()]

        return segmentation(segment, self.latents.dev, palette)

    def export(self, model: Any, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        save_half_weights(model, out / BACKBONE_FILE)
