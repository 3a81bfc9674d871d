"""Between two seeds, between two layouts, and where each moment of a path is heading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.pipeline.paths import MORPH_BATCH, blended
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests.requests import MorphRequest, SynthesisRequest, TrajectoryRequest


def test_a_morph_begins_and_ends_at_the_photos_of_its_ends(pipeline: SemFlowPipeline, face_layout: np.ndarray) -> None:
    other = np.where(face_layout == 13, 14, face_layout).astype(np.uint8)
    request = MorphRequest(steps=2, layout=face_layout, seed=1, other_layout=other, other_seed=5, frames=4)
    result = pipeline.morph(request)
    start = pipeline.synthesize(SynthesisRequest(steps=2, layout=face_layout, seed=1)).photo
    end = pipeline.synthesize(SynthesisRequest(steps=2, layout=other, seed=5)).photo
    assert result.shares == pytest.approx((0, 1 / 3, 2 / 3, 1))
    for mine, theirs in ((result.frames[0], start), (result.frames[-1], end)):
        assert np.abs(mine.astype(int) - theirs).max() <= 1  # in a batch, as opposed to alone
    assert not np.array_equal(start, end)


def test_with_colours_a_morph_and_a_path_end_in_the_photos_of_their_ends(
    tiny_appearance: Path, face_layout: np.ndarray
) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    layout = face_layout
    red, blue = pipeline.colors.offsets([("hair", "#a06060")]), pipeline.colors.offsets([("skin", "#6060a0")])
    start, end = (pipeline.synthesize(SynthesisRequest(steps=2, layout=layout, offsets=o)).photo for o in (red, blue))
    morph = pipeline.morph(
        MorphRequest(steps=2, layout=layout, offsets=red, other_seed=0, other_offsets=blue, frames=3)
    )
    path = pipeline.trajectory(TrajectoryRequest(steps=2, layout=layout, offsets=red, frames=3, predict=True))
    z0 = pipeline.synthesize(SynthesisRequest(steps=2, layout=layout, offsets=red)).z0
    assert path.photos is not None and not np.array_equal(start, pipeline.decode_photos(z0)[0])
    for mine in (morph.frames[0], path.frames[0], path.photos[0]):
        assert np.abs(mine.astype(int) - start).max() <= 1
    assert np.abs(morph.frames[-1].astype(int) - end).max() <= 1
    assert np.array_equal(path.frames[-1], pipeline.decode_photos(path.latents[-1:])[0])


def test_a_colour_does_not_stay_where_the_morph_paints_another_class(
    tiny_appearance: Path, face_layout: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    monkeypatch.setattr(pipeline, "render", lambda z0, z1, noise: np.full((len(z0), 32, 32, 3), 128, np.uint8))
    bald = np.where(face_layout == 13, 0, face_layout).astype(np.uint8)
    layout, offsets = face_layout, pipeline.colors.offsets([("hair", "#d0a060"), ("skin", "#d0a060")])
    request = MorphRequest(steps=1, layout=layout, offsets=offsets, other_layout=bald, other_seed=0, frames=5)
    frames = pipeline.morph(request).frames.astype(int) - 128
    square = pipeline.sized(face_layout)
    inner = [cv2.erode((square == i).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) for i in (13, 1)]
    hair, skin = (frames[:, where, 0].mean(1) for where in inner)
    assert hair[0] > 40 and hair.tolist() == pytest.approx([hair[0], hair[0] / 2, 0, 0, 0], abs=2)
    assert skin[0] > 40 and skin.tolist() == pytest.approx([skin[0] * s / 4 for s in (4, 3, 2, 1, 0)], abs=2)


def test_between_two_seeds_every_class_survives(
    pipeline: SemFlowPipeline, face_layout: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []
    encode = pipeline.codec.encode
    monkeypatch.setattr(pipeline.codec, "encode", lambda x: (seen.append(x), encode(x))[1])
    square = pipeline.sized(face_layout)
    pipeline.morph(MorphRequest(steps=1, layout=square, seed=1, other_seed=2, frames=MORPH_BATCH + 1))
    assert [len(x) for x in seen] == [MORPH_BATCH, 1]
    for colors in torch.cat(seen):
        read = pipeline.codebook.decode((colors[None] + 1) * 127.5).labels
        assert np.array_equal(read[0], square)


def test_a_morph_counts_its_steps_through_and_can_be_stopped(
    pipeline: SemFlowPipeline, face_layout: np.ndarray
) -> None:
    request = MorphRequest(steps=2, layout=face_layout, other_seed=2, frames=MORPH_BATCH + 1)
    counted: list[tuple[int, int]] = []
    pipeline.morph(request, lambda *at: counted.append(at))
    assert counted == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.morph(request, stop)


def test_morph_requests_travel_as_json_and_refuse_nonsense(face_layout: np.ndarray) -> None:
    request = MorphRequest(layout=face_layout, other_seed=3, other_class_seeds=((13, 4),), frames=9)
    assert MorphRequest.from_json(request.to_json()) == request
    with pytest.raises(InputError, match="number of frames is 1"):
        replace(request, frames=1)
    with pytest.raises(InputError, match="seed is -1"):
        replace(request, other_seed=-1)
    with pytest.raises(InputError, match="other_class_seeds is 'hair'"):
        MorphRequest.from_dict({"other_class_seeds": "hair"})


def test_predicted_ends_are_one_straight_step_away(pipeline: SemFlowPipeline, face_layout: np.ndarray) -> None:
    request = TrajectoryRequest(steps=3, layout=face_layout, frames=5, predict=True)
    result = pipeline.trajectory(request)
    assert result.photos is not None and result.layouts is not None
    assert result.photos.shape == result.layouts.shape == result.frames.shape
    for i, t in enumerate(result.times):
        with torch.inference_mode():
            v = pipeline.velocity(result.latents[i : i + 1], t)
            photo = pipeline.decode_photos(result.latents[i : i + 1] - t * v)[0]
        assert np.abs(photo.astype(int) - result.photos[i]).max() <= 1
    assert np.abs(result.photos[0].astype(int) - result.frames[0]).max() <= 1, "at t=0 the photo is there"
    assert np.abs(result.layouts[-1].astype(int) - result.frames[-1]).max() <= 1, "at t=1 the layout is"
    assert pipeline.trajectory(replace(request, predict=False)).photos is None


def test_a_paths_marks_are_the_solvers_own_times(pipeline: SemFlowPipeline, face_layout: np.ndarray) -> None:
    request = TrajectoryRequest(steps=2, layout=face_layout, grid="quadratic")
    assert pipeline.trajectory(request).marks == (0.0, 0.75, 1.0)


def test_noise_between_two_noises_keeps_its_variance_and_stays_where_it_is_the_same() -> None:
    start, end = torch.randn(2, 1, 200, 200, generator=torch.Generator().manual_seed(0))
    end[:, :100] = start[:, :100]
    noise = blended(start, end, (0.0, 0.25, 0.5, 1.0))
    assert noise.shape == (4, 1, 200, 200)
    assert torch.equal(noise[0], start) and torch.allclose(noise[3], end)
    torch.testing.assert_close(noise[:, :, :100], start[None, :, :100].expand(4, -1, -1, -1))
    assert noise[:, :, 100:].std((1, 2, 3)).tolist() == pytest.approx([1] * 4, abs=0.03)
