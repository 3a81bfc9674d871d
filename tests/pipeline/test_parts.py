"""Pipelines of other parts: colours of regions, an aspect, functions for networks, and a renderer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.method.appearance import Rgb
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import EditRequest, MorphRequest, SynthesisRequest, TrajectoryRequest


def test_colours_are_offsets_of_both_of_a_pair_and_models_without_looks_take_none(
    pipeline: SemFlowPipeline, tiny_appearance: Path
) -> None:
    colourful = SemFlowPipeline.from_pretrained(tiny_appearance)
    assert colourful.appearance is not None
    found = dict(colourful.colors.offsets([("hair", "#ff8000"), ("l_eye", "rgb(10.5, 20, 30)")]))
    assert (
        found[13] == colourful.appearance.offset_of(13, Rgb(255, 128, 0))
        and found[4] == found[5]
        and set(found) == {4, 5, 13}
    )
    for colors, words in (
        ([("wig", "#ff8000")], "no class 'wig'"),
        ([("hair", "red")], "'red' is no colour"),
        ([("hair", "rgb(1,2,300)")], "is no colour"),
        ([("hair", "#ff8000"), ("hair", "#ff8001")], "'hair' or its mirror class is to have two colours"),
        ([("l_eye", "#ff8000"), ("r_eye", "#000000")], "'r_eye' or its mirror class is to have two"),
    ):
        with pytest.raises(InputError, match=words):
            colourful.colors.offsets(colors)
    with pytest.raises(InputError, match="takes no colours"):
        pipeline.colors.offsets([("hair", "#ff8000")])
    assert pipeline.colors.offsets([]) == ()


def test_with_looks_beta_leaves_the_colours_as_they_were_learnt(tiny_appearance: Path, face_layout: np.ndarray) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    request = SynthesisRequest(layout=face_layout, offsets=((13, (0.5, -0.5, 0.9)),))
    square = cv2.resize(face_layout, (32, 32), interpolation=cv2.INTER_NEAREST_EXACT)
    hair = torch.from_numpy(square == 13)
    means = [
        pipeline.perturbed(replace(request, beta=b), face_layout)[0][:, hair].mean(1) for b in (0.0, 20.0, 40.0, 60.0)
    ]
    assert all(torch.allclose(m, means[0], atol=1.5) for m in means)
    anchor = pipeline.codebook.anchors[13]
    assert torch.allclose(means[0] - anchor, 30 * torch.tensor([0.5, -0.5, 0.9]), atol=1e-4)


def test_a_region_has_the_mean_colour_that_was_asked_for_whatever_the_flow_makes_of_it(
    tiny_appearance: Path, face_layout: np.ndarray
) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    assert pipeline.appearance is not None
    square = cv2.resize(face_layout, (32, 32), interpolation=cv2.INTER_NEAREST_EXACT)
    request = SynthesisRequest(layout=face_layout, offsets=pipeline.colors.offsets([("hair", "#a08060")]))
    made = pipeline.synthesize(request)
    raw = pipeline.decode_photos(made.z0)[0]
    assert np.abs(raw[square == 13].mean(0) - (160, 128, 96)).max() > 20  # for its weights are random
    assert made.photo[square == 13].mean(0) == pytest.approx((160, 128, 96), abs=2)
    away = cv2.dilate((square == 13).astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    assert np.array_equal(made.photo[away], raw[away])
    # the two of a pair are one region only where they are asked for one colour
    one, other = ((4, (-0.5, 0.0, 0.0)), (5, (0.5, 0.0, 0.0)))
    eyes = np.where(np.isin(square, (4, 5)), 0, square)
    eyes[4:14, 4:14], eyes[4:14, 18:28] = 4, 5
    for asked in ((one,), (one, other)):
        made = pipeline.synthesize(SynthesisRequest(layout=eyes, offsets=asked))
        for class_id, offset in asked:
            wanted = pipeline.appearance.color_of(4, offset)
            assert made.photo[eyes == class_id].mean(0) == pytest.approx(wanted, abs=2)
        if len(asked) == 1:
            assert np.array_equal(made.photo[7:12, 21:26], pipeline.decode_photos(made.z0)[0][7:12, 21:26])
    made = pipeline.synthesize(replace(request, offsets=()))  # nothing is asked for
    assert np.array_equal(made.photo, pipeline.decode_photos(made.z0)[0])


def test_an_aspect_is_shown_and_read_but_never_seen_by_the_network(tiny_streets: Path) -> None:
    streets = SemFlowPipeline.from_pretrained(tiny_streets)
    layout = np.full((32, 64), 255, np.uint8)
    layout[16:] = 0
    made = streets.synthesize(SynthesisRequest(layout=layout, steps=1))
    assert made.photo.shape == (32, 64, 3)
    assert made.z0.shape[-2:] == (4, 4)


def test_a_bare_function_is_a_velocity_and_a_codec_of_ones_own_a_codec(
    pipeline: SemFlowPipeline, paint: SynthesisRequest, tmp_path: Path
) -> None:
    """A flow along rays: v = z / (t - 2), so one step from t=1 leads from z1 to 2 z1."""

    class Shrink:
        channels, factor = 3, 8

        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.avg_pool2d(x, 8)

        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.interpolate(z, scale_factor=8)

    own = SemFlowPipeline(Shrink(), lambda z, t: z / (t - 2), pipeline.codebook, pipeline.perturbation, size=32)
    made = own.to("cpu").synthesize(replace(paint, steps=1))
    torch.testing.assert_close(made.z0, 2 * made.z1)
    assert own.segment(own.read_request(made.photo)).labels.shape == (32, 32)
    assert own.edit(EditRequest(photo=made.photo, layout=paint.layout, steps=2)).photo.shape == (32, 32, 3)
    path = own.trajectory(TrajectoryRequest(layout=paint.layout, steps=1, frames=3, seed=paint.seed, predict=True))
    torch.testing.assert_close(path.latents[:1], made.z0)
    with pytest.raises(InputError, match="cannot be saved; a model folder holds PyramidAutoencoder"):
        own.save_pretrained(tmp_path)


def test_a_renderer_is_used_wherever_a_photo_is_shown(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    """One of twice the size that paints everything in one grey; layouts on the path stay the codec's."""

    class Grey:
        scale = 2

        def noise_shape(self, z0: torch.Tensor) -> None:
            return None

        def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
            assert z0.shape == z1.shape and noise is None
            return torch.full((len(z0), 3, 64, 64), 0.2)

    parts = (pipeline.codec, pipeline.velocity, pipeline.codebook, pipeline.perturbation)
    own = SemFlowPipeline(*parts, size=32, renderer=Grey())
    grey = np.full((64, 64, 3), 153, np.uint8)
    assert np.array_equal(own.synthesize(paint).photo, grey)
    path = own.trajectory(TrajectoryRequest(layout=paint.layout, steps=2, frames=3, seed=paint.seed))
    assert np.array_equal(path.frames[0], grey)
    layout = own.decode_photos(path.latents[-1:])[0]
    assert np.array_equal(path.frames[-1], cv2.resize(layout, (64, 64), interpolation=cv2.INTER_CUBIC))
    assert own.morph(MorphRequest(layout=paint.layout, steps=1, frames=2)).frames.shape == (2, 64, 64, 3)
    assert np.array_equal(own.without_renderer().synthesize(paint).photo, pipeline.synthesize(paint).photo)
    assert np.array_equal(own.synthesize(paint).photo, grey)  # it stays as it was itself
    photo, before = np.zeros((100, 100, 3), np.uint8), np.zeros((32, 32), np.uint8)
    edit = own.edit(EditRequest(photo=photo, layout=before + 13, before=before, steps=1))
    assert np.array_equal(edit.photo[40:60, 40:60], np.full((20, 20, 3), 153))


def test_photos_of_a_renderer_with_the_model_s_aspect_are_not_stretched(
    pipeline: SemFlowPipeline, paint: SynthesisRequest
) -> None:
    picture = torch.linspace(-1, 1, 32 * 64).view(1, 1, 32, 64).expand(1, 3, 32, 64)

    class Wide:
        scale = 1

        def noise_shape(self, z0: torch.Tensor) -> None:
            return None

        def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
            return picture

    parts = (pipeline.codec, pipeline.velocity, pipeline.codebook, pipeline.perturbation)
    wide = SemFlowPipeline(*parts, size=32, aspect=2.0, renderer=Wide())
    photo = wide.synthesize(paint).photo
    assert photo.shape == (32, 64, 3)
    assert np.abs(photo[..., 0] - (picture[0, 0].numpy() + 1) * 127.5).max() <= 0.5
    squeezed = wide.without_renderer().synthesize(paint).photo
    assert squeezed.shape == (32, 64, 3)
