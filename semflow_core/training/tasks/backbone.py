"""Teach a backbone to read (`semflow_core.backbone`), for minutes, before the flow learns to use what it sees.

A flow's `backbone_steps` do that at its start; alone it is

    python -m semflow_core train configs/streets.yaml kind=backbone out=runs/streets_backbone
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F
from tqdm import tqdm

from ...errors import InputError
from ...evaluation.segmentation import mean_iou
from ...method.flow import sample_path
from ...nets.backbone import BACKBONE_FILE, TAPS, Backbone, imagenet_layers, start_backbone
from ...nets.mobilenet import HOW_TO_GET, MobileNetLayers, fold, load_mobilenet
from ..perturbed import to_float
from .flow import FlowTask

STEM_STEPS = 150  # of 16 photos, in which the stem learns to stand in for MobileNetV2's first layers
STEM_DEPTHS = tuple(TAPS)[:3]
STRAIGHT = 0.4  # share of the samples that are photos, at t = 0; the others are on the way to their mask


@dataclass(frozen=True)
class LabelledBatch:
    zt: torch.Tensor  # (B, C, h, w)
    labels: torch.Tensor  # (B, 4h, 4w) class indices


class BackboneTask(FlowTask):
    """Cross-entropy on the flow's own latents, photos and states between photo and mask.

    Raises:
        InputError: MobileNetV2's weights are not on this machine.
    """

    model: Any

    def build(self, latent_channels: int) -> Any:
        backbone = Backbone(latent_channels, len(self.codebook.palette.classes))
        if self.config.backbone:
            start_backbone(backbone, self.config.backbone, new_classes=True)
            return backbone
        network = load_mobilenet()
        if network is None:
            raise InputError(HOW_TO_GET)
        for layer, theirs in zip(backbone.layers, imagenet_layers(fold(network)), strict=True):
            layer.load_state_dict(theirs.state_dict())
        return backbone

    def start(self, folder: str) -> None:
        """Nothing: `init` is for a U-Net. This one starts from `backbone`, or from ImageNet's weights."""

    def prepare(self) -> None:
        """Fit the stem, so that the layers after it see in latents what they saw in photos on ImageNet."""
        if self.config.backbone:
            return  # it does already
        backbone = self.model.to(self.device)
        theirs = MobileNetLayers(STEM_DEPTHS).to(self.device)
        rng = np.random.default_rng((self.config.seed, 2))
        optimizer = torch.optim.AdamW(backbone.stem.parameters(), lr=2e-3)
        for step in tqdm(range(STEM_STEPS), desc="stem", mininterval=10):
            i = torch.from_numpy(rng.integers(len(self.z0), size=16))
            z0 = self.z0[i].to(self.device).float().contiguous(memory_format=torch.channels_last)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.optim.autocast(self.device)):
                with torch.no_grad():
                    wanted = theirs(self.vae.decode(z0).sample)
                found = backbone.depths(z0)
                loss = torch.stack([(a.float() - b).square().mean() / b.var() for a, b in zip(found, wanted)]).sum()
            optimizer.param_groups[0]["lr"] = 2e-3 * min(1.0, 2 - 2 * step / STEM_STEPS)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        backbone.zero_grad(set_to_none=True)

    def batch(self, rng: np.random.Generator, device: torch.device) -> Any:
        i = torch.from_numpy(rng.integers(len(self.z0), size=self.config.optim.batch))
        u = torch.from_numpy(rng.random((2, len(i)), dtype=np.float32))
        t = torch.where(u[0] < STRAIGHT, 0, u[1].square())
        path = sample_path(self.z0[i].to(device).float(), self.z1[i].to(device).float(), t.to(device))
        return LabelledBatch(path.zt, self.labels[i, ::2, ::2].to(device).long())

    def loss(self, model: torch.nn.Module, batch: Any) -> dict[str, torch.Tensor]:
        _, scores = model(batch.zt.contiguous(memory_format=torch.channels_last))
        return {"loss": F.cross_entropy(scores.float(), batch.labels, self.rarity.to(scores.device))}

    def report(self, model: Any, step: int, out: Path) -> str:
        found, photos = [], self.dev.photos
        for i in range(0, len(photos), 10):
            _, scores = model(self._encode(to_float(photos[i : i + 10])).float())
            scores = F.interpolate(scores, photos.shape[1:3], mode="bilinear", align_corners=False)
            found.append(self.codebook.palette.ids[scores.argmax(1).numpy()])
        miou = mean_iou(np.concatenate(found), self.dev.masks, self.codebook.palette)
        return f"segmentation {miou:.1f} mIoU ({len(self.dev)} held-out pairs)"

    def export(self, model: Any, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        state = {k: v.half().contiguous() for k, v in model.state_dict().items()}
        save_file(state, out / BACKBONE_FILE)
