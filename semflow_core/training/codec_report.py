"""What encode-decode keeps of photos and of pseudo masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..data.pairs import PairArrays
from ..evaluation.segmentation import mean_iou
from ..method.codebook import Codebook, from_model, photos_to_model, to_model
from ..method.perturbation import Perturbation, perturb_batch
from ..nets.contracts import Codec

COLUMNS = 6  # pictures per row of the sheet


@dataclass(frozen=True)
class CodecFigures:
    psnr: float  # peak signal-to-noise ratio of decoded photos, dB, mean over photos
    miou: float  # mean IoU of decoded, perturbed pseudo masks, 0..100
    sheet: np.ndarray  # (4 S, 6 S, 3) uint8, rows: photos, decoded photos, layouts, decoded layouts

    def __str__(self) -> str:
        return f"psnr {self.psnr:.2f} dB, mask {self.miou:.1f} mIoU"


@torch.no_grad()
def measure_codec(
    codec: Codec, codebook: Codebook, data: PairArrays, perturbation: Perturbation, size: int = 10
) -> CodecFigures:
    """Encode and decode a split, `size` pairs at once."""
    rng = np.random.default_rng(0)
    psnr, labels, decoded = [], [], []
    for i in range(0, len(data), size):
        photos = photos_to_model(data.photos[i : i + size])
        back = codec.decode(codec.encode(photos)).clamp(-1, 1)
        psnr += (-10 * torch.log10(((back - photos) / 2).square().mean((1, 2, 3)))).tolist()
        noisy, _, _ = perturb_batch(codebook, data.masks[i : i + size], perturbation, rng)
        labels.append(codebook.decode(from_model(codec.decode(codec.encode(to_model(noisy))))).labels)
        decoded.append(from_model(back).byte().permute(0, 2, 3, 1).numpy())
    predicted, color = np.concatenate(labels), codebook.palette.colorize
    rows = (data.photos, np.concatenate(decoded), color(data.masks[:COLUMNS]), color(predicted[:COLUMNS]))
    sheet = np.concatenate([np.concatenate(list(row[:COLUMNS]), axis=1) for row in rows])
    return CodecFigures(float(np.mean(psnr)), mean_iou(predicted, data.masks, codebook.palette), sheet)
