"""Shared fixtures: synthetic pictures, and a tiny model with random weights. Nothing is downloaded."""

from __future__ import annotations

import os
from pathlib import Path

# before torch is imported, here and in what the tests start: networks this small gain nothing from a second thread,
# and two that wait for each other on a busy machine take ten times as long
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["SEMFLOW_RUNTIME"] = "torch"  # whatever is exported on this machine

import numpy as np
import pytest
from hypothesis import settings

import semflow_core  # noqa: F401  # how threads wait is set here too

settings.register_profile("repository", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("repository")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this repository's own."""
    parser.addoption("--hostile", type=int, default=2000, metavar="N", help="cases of tests/hostile (default: 2000)")


def make_tiny_model(folder: Path, palette: str, aspect: float = 1.0, appearance: bool = False) -> Path:
    """A model folder for 32-pixel pictures with some ten thousand random weights, like a shipped one."""
    import torch
    from diffusers import UNet2DModel

    from semflow_core.method.appearance import fit_appearance
    from semflow_core.method.codebook import Codebook
    from semflow_core.method.palette import load_palette
    from semflow_core.method.perturbation import Perturbation
    from semflow_core.nets.pyramid import PyramidAutoencoder
    from semflow_core.pipeline.pipeline import SemFlowPipeline

    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = PyramidAutoencoder((8, 8, 8), encoder_blocks=1, decoder_blocks=1, latent_channels=4)
        unet = UNet2DModel(
            sample_size=4,
            in_channels=4,
            out_channels=4,
            block_out_channels=(8, 16),
            layers_per_block=1,
            norm_num_groups=4,
            down_block_types=("DownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "UpBlock2D"),
            add_attention=False,
        )
    codebook = Codebook(load_palette(palette), k=3, s=125)
    colors = np.random.default_rng(0).normal(128, 30, (50, len(codebook.palette.classes), 3))
    pipeline = SemFlowPipeline(
        vae,
        unet,
        codebook,
        Perturbation(40.0, "regional"),
        size=32,
        aspect=aspect,
        appearance=fit_appearance(colors) if appearance else None,
    )
    pipeline.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a face model."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", "celebamask_hq")


@pytest.fixture(scope="session")
def tiny_appearance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a face model whose offsets say colours."""
    return make_tiny_model(tmp_path_factory.mktemp("appearance") / "tiny_appearance", "celebamask_hq", appearance=True)


@pytest.fixture(scope="session")
def tiny_streets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a street model, whose pictures are twice as wide as high."""
    return make_tiny_model(tmp_path_factory.mktemp("streets") / "tiny_streets", "cityscapes", aspect=2.0)


@pytest.fixture
def face_layout() -> np.ndarray:
    """A face drawn with rectangles, (48, 48) uint8 class ids of celebamask_hq."""
    labels = np.zeros((48, 48), np.uint8)
    labels[8:44, 10:38] = 13  # hair
    labels[14:40, 15:33] = 1  # skin
    labels[22:25, 18:22] = 4  # l_eye
    labels[22:25, 27:31] = 5  # r_eye
    labels[25:31, 22:26] = 2  # nose
    labels[34:36, 20:28] = 11  # u_lip
    return labels


@pytest.fixture
def photo() -> np.ndarray:
    """A colourful picture with no symmetry, (40, 56, 3) uint8."""
    y, x = np.mgrid[0:40, 0:56]
    return np.stack([x * 4, y * 6, 255 - x * 2 - y], axis=-1).astype(np.uint8)


@pytest.fixture(scope="session")
def training_data() -> Path:
    """The training data, for the few tests that look at it."""
    root = os.environ.get("SEMFLOW_DATA", "")
    if not Path(root, "faces", "images").is_dir():
        pytest.skip("the training data is not here: SEMFLOW_DATA names no folder with faces/images")
    return Path(root)
