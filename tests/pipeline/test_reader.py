"""A model whose flow follows a layout reader: what changes, what does not, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook, to_model
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.nets.backbone import FINE, BackboneUNet
from semflow_core.nets.contracts import GuidedVelocity
from semflow_core.nets.guide import LayoutGuide
from semflow_core.nets.pyramid import PyramidAutoencoder
from semflow_core.nets.reader import LayoutReader
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.pipeline.reading import turned
from semflow_core.requests import SegmentationRequest, SynthesisRequest, TrajectoryRequest

BOOK = Codebook(load_palette("celebamask_hq"), 3, 125)
CLASSES = len(BOOK.palette.classes)


class Told:
    """A reader of two halves: whatever the photo, hair on the left and skin on the right."""

    size = (32, 32)

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += len(x)
        scores = torch.zeros(len(x), CLASSES, 16, 16)
        scores[:, 13, :, :8] = scores[:, 1, :, 8:] = 30.0
        return scores


def model(reader: object, guide: bool = True, seed: int = 0) -> SemFlowPipeline:
    """Random weights, 64x64."""
    torch.manual_seed(seed)
    codec = PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4)
    unet = BackboneUNet(
        anchors=to_model(BOOK.anchors).tolist(),
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        add_attention=False,
    )
    one = LayoutGuide(CLASSES, FINE, 8, 4, 16)
    torch.nn.init.normal_(one.out.weight, std=0.05)  # one that has learned something
    return SemFlowPipeline(codec, unet, BOOK, Perturbation(40.0), size=64, reader=reader, guide=one if guide else None)


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (96, 80, 3), np.uint8)


def test_a_guide_that_has_learned_nothing_changes_only_the_predicted_layout() -> None:
    pipeline = model(Told())
    unet, t = pipeline.velocity.module, torch.tensor([0.3])
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    fresh = LayoutGuide(CLASSES, FINE, 8, 4, 16)
    with torch.inference_mode():
        own = unet.backbone(z)[1].softmax(1)
        followed = unet.follow(z, 1000 * t, own, fresh)
        torch.testing.assert_close(followed, unet(z, 1000 * t).sample, atol=1e-4, rtol=1e-3)
        told = torch.zeros_like(own)
        told[:, 1] = 1
        assert not torch.allclose(unet.follow(z, 1000 * t, told, fresh), followed, atol=1e-4)


def test_the_flow_follows_the_reader_from_photos_and_paints_layouts_as_before(photo: np.ndarray) -> None:
    pipeline, plain = model(Told()), model(None, guide=False)
    read = SegmentationRequest(photo=photo, steps=2)
    assert not torch.equal(pipeline.segment(read).z1, plain.segment(read).z1)
    layout = np.zeros((64, 64), np.uint8)
    layout[20:, 10:50] = 13
    paint = SynthesisRequest(layout=layout, steps=3, seed=1)
    assert np.array_equal(pipeline.synthesize(paint).photo, plain.synthesize(paint).photo)
    path = TrajectoryRequest(photo=photo, steps=2, frames=3)
    assert torch.equal(pipeline.trajectory(path).latents[-1:], pipeline.segment(read).z1)


def test_a_photo_is_read_once(photo: np.ndarray) -> None:
    told = Told()
    pipeline = model(told)
    first = pipeline.segment(SegmentationRequest(photo=photo, steps=4))
    again = pipeline.segment(SegmentationRequest(photo=photo, steps=2))
    assert told.calls == 1 and first.labels.shape == again.labels.shape == photo.shape[:2]
    pipeline.segment(SegmentationRequest(photo=photo, steps=2, mirror=True))
    assert told.calls == 2  # its mirror image


def test_a_sure_reader_decides_with_the_flow_and_says_what_is_unsure(photo: np.ndarray) -> None:
    """Of two views, the reader's is sure and the flow's of random weights is not: the reader's is what is read."""
    result = model(Told()).segment(SegmentationRequest(photo=photo, steps=1, smooth=0.5))
    assert (result.labels[:, :32] == 13).mean() > 0.9 and (result.labels[:, 48:] == 1).mean() > 0.9
    assert result.margin.min() >= 0 and result.margin.max() <= 1
    assert result.margin[:, 38:42].mean() < 0.75 * result.margin[:, 10:20].mean()  # where it sees a border


@pytest.mark.parametrize("mirror", [False, True])
def test_the_margin_is_the_readers_probability_of_what_is_read(mirror: bool, photo: np.ndarray) -> None:
    pipeline = model(Told())
    result = pipeline.segment(SegmentationRequest(photo=photo, steps=1, mirror=mirror))
    seen = pipeline.read(photo)
    if mirror:
        seen = (seen + turned(pipeline, pipeline.read(photo[:, ::-1]))) / 2
    for (y, x), class_id in np.ndenumerate(result.labels[::16, ::16]):
        chance = cv2.resize(seen[0, pipeline.palette.index(class_id)].numpy(), photo.shape[1::-1])[16 * y, 16 * x]
        assert result.margin[16 * y, 16 * x] == pytest.approx(chance, abs=1e-5)


def test_guided_velocities_take_probabilities_of_any_resolution() -> None:
    pipeline = model(Told())
    z = torch.zeros(2, 4, 8, 8)
    read = Told()(torch.zeros(2, 3, 32, 32)).softmax(1)
    assert pipeline.guide is not None
    small, large = (
        GuidedVelocity(pipeline.velocity, pipeline.guide, torch.nn.functional.interpolate(read, size))(z, 0.0)
        for size in (32, 64)
    )
    assert small.shape == z.shape and torch.isfinite(large).all()


def test_a_model_folder_keeps_reader_and_guide(tmp_path: Path, photo: np.ndarray) -> None:
    torch.manual_seed(1)
    pipeline = model(LayoutReader(CLASSES, 64, 64, 16))
    pipeline.save_pretrained(tmp_path / "m")
    index = json.loads((tmp_path / "m" / "model_index.json").read_text())
    assert index["reader"] == ["semflow_core.nets.reader", "LayoutReader"]
    again = SemFlowPipeline.from_pretrained(tmp_path / "m")
    request = SegmentationRequest(photo=photo, steps=2)
    one, two = pipeline.to("cpu").segment(request), again.segment(request)
    assert (one.labels == two.labels).mean() > 0.98  # float16 on disk
    for part, said in (("guide", "has a reader and no guide"), ("reader", "has a guide and no reader")):
        without = {k: v for k, v in index.items() if k != part}
        (tmp_path / "m" / "model_index.json").write_text(json.dumps(without))
        with pytest.raises(InputError, match=said):
            SemFlowPipeline.from_pretrained(tmp_path / "m")
    LayoutReader(7, 64, 64, 16).save_pretrained(tmp_path / "m" / "reader")
    (tmp_path / "m" / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="LayoutReader in .* has 7 classes; the palette has 19"):
        SemFlowPipeline.from_pretrained(tmp_path / "m")


def test_what_is_no_reader_or_guide_is_refused(photo: np.ndarray) -> None:
    with pytest.raises(TypeError, match="is no reader: it needs a size and a call"):
        model(torch.nn.Identity())
    pipeline = model(Told())
    assert pipeline.guide is not None
    with pytest.raises(TypeError, match="needs the velocity of a U-Net with a backbone"):
        SemFlowPipeline(pipeline.codec, lambda z, t: z, BOOK, Perturbation(40.0), size=64, guide=pipeline.guide.module)
