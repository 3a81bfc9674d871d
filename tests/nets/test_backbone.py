"""A U-Net that sees. MobileNetV2's weights here are random: what is tested is what becomes of them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DModel
from torch import nn

from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook, to_model
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.nets.backbone import FEATURES, Backbone, BackboneUNet, imagenet_layers
from semflow_core.nets.mobilenet import MobileNetV2Features, fold
from semflow_core.nets.starts import load_backbone, load_unet, start_from
from semflow_core.pipeline.pipeline import SemFlowPipeline

SMALL: dict[str, Any] = {
    "sample_size": 8,
    "in_channels": 4,
    "out_channels": 4,
    "layers_per_block": 1,
    "block_out_channels": (32, 32),
    "down_block_types": ("DownBlock2D",) * 2,
    "up_block_types": ("UpBlock2D",) * 2,
}
ANCHORS = [[-1.0, -1.0, 0.5], [0.0, 1.0, -1.0], [1.0, 0.0, 0.0]]


@pytest.fixture(scope="module")
def mobilenet() -> MobileNetV2Features:
    torch.manual_seed(0)
    network = MobileNetV2Features().eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 2)
            nn.init.normal_(layer.bias)
            layer.running_mean = torch.randn(layer.num_features)
            layer.running_var = torch.rand(layer.num_features) + 0.5
    return network


def seeing(zero: bool = False) -> BackboneUNet:
    torch.manual_seed(1)
    network = BackboneUNet(**SMALL, anchors=ANCHORS)
    if zero:
        nn.init.zeros_(network.conv_in.weight[:, 4:])
    return network.eval()


def test_a_folded_network_is_the_same_function(mobilenet: MobileNetV2Features) -> None:
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(fold(mobilenet)(x), mobilenet(x), rtol=1e-4, atol=1e-4)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in fold(mobilenet).modules())


@pytest.mark.parametrize("side", [4, 5, 8])
def test_one_vector_of_what_is_seen_a_latent_cell_and_sixteen_of_class_scores(side: int) -> None:
    seen, scores = Backbone(4, 3)(torch.randn(2, 4, side, side))
    assert seen.shape == (2, FEATURES, side, side) and scores.shape == (2, 3, 4 * side, 4 * side)


def test_its_depths_are_mobilenets_own(mobilenet: MobileNetV2Features) -> None:
    backbone = Backbone(4, 3).eval()
    for layer, theirs in zip(backbone.layers, imagenet_layers(fold(mobilenet)), strict=True):
        layer.load_state_dict(theirs.state_dict())
    with torch.no_grad():
        first, *rest = backbone.depths(torch.randn(1, 4, 8, 8))
        expected, x = [], first
        for depth, layer in enumerate(mobilenet.features):
            x = layer(x) if 3 < depth <= 14 else x
            if depth in (6, 13, 14):
                expected.append(x)
    assert first.shape == (1, 24, 16, 16)
    for a, b in zip(rest, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_far_places_are_seen_together() -> None:
    """Every cell's features know of the whole picture; a convolution of 3x3 alone would not."""
    backbone, z = Backbone(4, 3).eval(), torch.zeros(1, 4, 8, 8, requires_grad=True)
    seen, _ = backbone(z)
    seen[0, :, 0, 0].sum().backward()
    assert z.grad is not None and z.grad[0, :, 7, 7].abs().sum() > 0


def test_a_flow_that_starts_from_one_without_eyes_starts_as_that(tmp_path: Path) -> None:
    torch.manual_seed(2)
    blind = UNet2DModel(**SMALL).eval()
    blind.save_pretrained(tmp_path / "unet")
    network = seeing()
    eyes = {k: v.clone() for k, v in network.backbone.state_dict().items()}
    start_from(network, str(tmp_path / "unet"))
    z, t = torch.randn(2, 4, 8, 8), torch.tensor([0.0, 700.0])
    with torch.no_grad():
        torch.testing.assert_close(network(z, t).sample, blind(z, t).sample)
    for name, value in network.backbone.state_dict().items():
        assert torch.equal(value, eyes[name]), name


def test_only_the_same_eyes_are_believed_at_once(tmp_path: Path) -> None:
    before = seeing()
    before.save_pretrained(tmp_path / "unet")
    same, other, blind = seeing(), BackboneUNet(**SMALL, anchors=ANCHORS).eval(), UNet2DModel(**SMALL).eval()
    for network in (same, other, blind):
        start_from(network, str(tmp_path / "unet"))
    z, t = torch.randn(2, 4, 8, 8), torch.tensor([0.0, 700.0])
    with torch.no_grad():
        torch.testing.assert_close(same(z, t).sample, before(z, t).sample)
        torch.testing.assert_close(other(z, t).sample, blind(z, t).sample)
        assert not torch.allclose(other(z, t).sample, before(z, t).sample, atol=1e-3)


def test_a_network_of_another_shape_cannot_be_started_from(tmp_path: Path) -> None:
    seeing().save_pretrained(tmp_path / "unet")
    for change in ({"in_channels": 8}, {"block_out_channels": (32, 64)}):
        with pytest.raises(InputError, match="cannot be started from"):
            start_from(UNet2DModel(**{**SMALL, **change}), str(tmp_path / "unet"))


def test_the_predicted_layout_is_painted_in_the_codebooks_colours() -> None:
    """Where one class is the likeliest by far it is its anchor; where all are alike it is their mean."""
    scores = torch.zeros(1, 3, 8, 8)
    scores[0, 1, :, :4] = 9  # the left half is the second class, the right one any
    scores[0, 2, 0, 0] = 40  # and one pixel is the third
    prediction = nn.functional.pixel_shuffle(seeing().painted(scores), 4)[0].movedim(0, -1)  # (8, 8, 3)
    anchors = torch.tensor(ANCHORS)
    torch.testing.assert_close(prediction[0, 0], anchors[2])
    torch.testing.assert_close(prediction[7, 3], anchors[1])
    torch.testing.assert_close(prediction[4, 4], anchors.mean(0))


def test_it_travels_with_the_model(tiny_model: Path, tmp_path: Path) -> None:
    before = SemFlowPipeline.from_pretrained(tiny_model)
    book = Codebook(load_palette("celebamask_hq"), k=3, s=125)
    network = BackboneUNet(**SMALL, anchors=to_model(book.anchors).tolist()).eval()
    perturbation = Perturbation(40.0, "regional")
    model = SemFlowPipeline(before.codec, copy.deepcopy(network), book, perturbation, size=64)
    model.save_pretrained(tmp_path)
    after = SemFlowPipeline.from_pretrained(tmp_path)
    assert isinstance(after.velocity.module, BackboneUNet)
    z = torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        expected = network(z, 500).sample
    torch.testing.assert_close(after.velocity(z, 0.5), expected, rtol=0.1, atol=0.1)  # float16, maybe bfloat16
    assert isinstance(load_unet(tmp_path / "unet"), BackboneUNet)
    weights, expected = load_backbone(tmp_path / "unet"), network.backbone.state_dict()
    assert weights.keys() == expected.keys()
    torch.testing.assert_close(weights["out.0.weight"], expected["out.0.weight"], rtol=0, atol=1e-3)


def test_where_there_is_no_backbone_it_is_said(tiny_model: Path, tmp_path: Path) -> None:
    for folder in (tmp_path, tiny_model / "unet"):
        with pytest.raises(InputError, match="there is no backbone in .*kind=backbone"):
            load_backbone(folder)


def test_the_weights_for_a_layout_in_other_colours_start_at_zero(tmp_path: Path) -> None:
    before = seeing()
    before.save_pretrained(tmp_path / "unet")
    same, other = seeing(), BackboneUNet(**SMALL, anchors=ANCHORS[::-1])
    other.backbone.load_state_dict(before.backbone.state_dict())
    for network in (same, other):
        start_from(network, str(tmp_path / "unet"))
    assert torch.equal(same.conv_in.weight, before.conv_in.weight)
    assert not other.conv_in.weight[:, 4:].any()


def test_a_network_of_an_older_make_is_refused_in_a_sentence(tmp_path: Path) -> None:
    seeing().save_pretrained(tmp_path / "unet")
    file = tmp_path / "unet" / "config.json"
    file.write_text(json.dumps({k: v for k, v in json.loads(file.read_text()).items() if k != "anchors"}))
    with pytest.raises(InputError, match="there is no backbone in"):
        load_backbone(tmp_path / "unet")
    with pytest.raises(InputError, match="cannot be started from"):
        start_from(seeing(), str(tmp_path / "unet"))


def test_what_is_seen_counts() -> None:
    """The test of starting blind would pass if the features were never used."""
    network, z = seeing(), torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        one = network(z, 0).sample
        network.conv_in.weight[:, 4 + FEATURES :] = 0
        two = network(z, 0).sample
        assert float((two - one).abs().max()) > 1e-3  # the prediction does
        network.conv_in.weight[:, 4:] = 0
        assert float((network(z, 0).sample - two).abs().max()) > 1e-3  # and the features do
    np.testing.assert_equal(network.config["in_channels"], 4)


def test_a_folder_whose_two_codebooks_differ_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    before = SemFlowPipeline.from_pretrained(tiny_model)
    book = Codebook(load_palette("celebamask_hq"), k=3, s=125)
    for anchors in (ANCHORS, to_model(book.anchors).flip(0).tolist()):
        network = BackboneUNet(**SMALL, anchors=anchors)
        model = SemFlowPipeline(before.codec, network, book, Perturbation(40.0, "regional"))
        model.save_pretrained(tmp_path)
        with pytest.raises(InputError, match="the anchors in unet/config.json differ"):
            SemFlowPipeline.from_pretrained(tmp_path)
