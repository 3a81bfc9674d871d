from __future__ import annotations

import math

import numpy as np
import torch

from semflow_core.data.pairs import PairArrays
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.training.codec_report import measure_codec


class Shift:
    """A codec whose pictures come back brighter by a tenth of the range [-1, 1]."""

    channels, factor = 3, 1

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return z + 0.2


def test_psnr_and_miou_by_hand() -> None:
    codebook = Codebook(load_palette("celebamask_hq"), 3, 125)
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 19, (7, 16, 16)).astype(np.uint8)
    photos = rng.integers(0, 200, (7, 16, 16, 3)).astype(np.uint8)
    data = PairArrays(tuple("abcdefg"), photos, masks)
    figures = measure_codec(Shift(), codebook, data, Perturbation(30.0, "regional"), size=3)
    assert math.isclose(figures.psnr, 20, abs_tol=1e-3)  # an error of a tenth: -10 log10(0.01)
    assert figures.miou == 100  # 30 and 25.5 are less than 62.5 together
    assert figures.sheet.shape == (4 * 16, 6 * 16, 3)
    assert measure_codec(Shift(), codebook, data, Perturbation(60.0, "regional")).miou < 100
    assert str(figures) == "psnr 20.00 dB, mask 100.0 mIoU"
