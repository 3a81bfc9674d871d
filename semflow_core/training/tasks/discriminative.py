"""A plain discriminative U-Net of the flow's size: what segmentation alone, trained for nothing else, reaches.

The photo's latents go in, class scores of the 8x8 pixels of each latent cell come out, and cross-entropy teaches them:

    python -m semflow_core train configs/faces.yaml kind=discriminative out=runs/faces_discriminative
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DModel
from torch.nn import functional as F

from ...evaluation.segmentation import mean_iou
from ...nets.placement import save_half
from ...pipeline.pipeline import SemFlowPipeline
from .flow import FlowTask


def scores(unet: Any, z0: torch.Tensor) -> torch.Tensor:
    """Photo latents (B, C, h, w) -> class scores (B, n, 8h, 8w); the network's time input stands at 0."""
    z0 = z0.to(unet.dtype if hasattr(unet, "dtype") else z0.dtype).contiguous(memory_format=torch.channels_last)
    return F.pixel_shuffle(unet(z0, 0).sample, 8)


@torch.inference_mode()
def segment_discriminative(pipeline: SemFlowPipeline, unet: Any, photos: Sequence[np.ndarray]) -> np.ndarray:
    """Class ids (B, size, size) of photos (H, W, 3) uint8; the pipeline's codec and palette are used, not its flow."""
    z0 = torch.cat([pipeline.encode_photo(p) for p in photos])
    return pipeline.palette.ids[scores(unet, z0).argmax(1).cpu().numpy()]


@dataclass(frozen=True)
class LabelledBatch:
    z0: torch.Tensor  # (B, C, h, w)
    labels: torch.Tensor  # (B, 8h, 8w) class indices


class DiscriminativeTask(FlowTask):
    """Training of the U-Net on the flow's own photos' latents and labels."""

    def build(self, latent_channels: int) -> UNet2DModel:
        n = len(self.codebook.palette.classes)
        return self.config.unet.build(latent_channels, 64 * n, self.config.size // 8)

    def batch(self, rng: np.random.Generator, device: torch.device) -> Any:
        i = torch.from_numpy(rng.integers(len(self.z0), size=self.config.optim.batch))
        return LabelledBatch(self.z0[i].to(device).float(), self.labels[i].to(device).long())

    def loss(self, model: torch.nn.Module, batch: Any) -> dict[str, torch.Tensor]:
        return {"loss": F.cross_entropy(scores(model, batch.z0).float(), batch.labels)}

    def report(self, model: UNet2DModel, step: int, out: Path) -> str:
        pipeline, found = self.pipeline(copy.deepcopy(model)).to(self.device), []
        for i in range(0, len(self.dev), 10):
            found.append(segment_discriminative(pipeline, pipeline.unet, list(self.dev.photos[i : i + 10])))
        miou = mean_iou(np.concatenate(found), self.dev.masks, self.codebook.palette)
        return f"segmentation {miou:.1f} mIoU ({len(self.dev)} held-out pairs)"

    def export(self, model: UNet2DModel, out: Path) -> None:
        save_half(model, out / "unet")
