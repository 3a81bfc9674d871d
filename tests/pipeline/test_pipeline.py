"""SemFlowPipeline on a tiny random model: the two directions, the path, and determinism."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.method.flow import times_to_mask
from semflow_core.method.solvers import solve
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import EditRequest, SegmentationRequest, SynthesisRequest, TrajectoryRequest


def test_the_same_request_gives_the_same_bytes(
    pipeline: SemFlowPipeline, tiny_model: Path, paint: SynthesisRequest
) -> None:
    first = pipeline.synthesize(paint)
    again = SemFlowPipeline.from_pretrained(tiny_model).synthesize(SynthesisRequest.from_json(paint.to_json()))
    assert first.photo.tobytes() == again.photo.tobytes()
    assert torch.equal(first.z0, again.z0)


@pytest.mark.parametrize(
    "change", [{"seed": 6}, {"steps": 4}, {"beta": 10.0}, {"spectrum": "white"}, {"grid": "uniform"}]
)
def test_every_field_of_a_request_matters(pipeline: SemFlowPipeline, paint: SynthesisRequest, change: dict) -> None:
    assert not torch.equal(pipeline.synthesize(paint).z0, pipeline.synthesize(replace(paint, **change)).z0)


def test_a_class_seed_changes_the_perturbation_of_its_region_only(
    pipeline: SemFlowPipeline, paint: SynthesisRequest
) -> None:
    rerolled = pipeline.encode_layout(replace(paint, class_seeds=((13, 99),)))
    assert not torch.equal(rerolled, pipeline.encode_layout(paint))
    # naming a class with the seed that it has anyway changes nothing
    assert torch.equal(pipeline.encode_layout(replace(paint, class_seeds=((13, 5),))), pipeline.encode_layout(paint))


def test_a_segmentation_has_the_photos_own_size_and_the_palettes_ids(
    pipeline: SemFlowPipeline, photo: np.ndarray, read: SegmentationRequest
) -> None:
    result = pipeline.segment(read)
    assert result.labels.shape == result.margin.shape == photo.shape[:2]
    assert set(np.unique(result.labels)) <= set(pipeline.palette.ids.tolist())
    assert 0 <= result.margin.min() <= result.margin.max() <= 1


def test_a_reading_with_its_mirror_image_has_no_preferred_side(
    pipeline: SemFlowPipeline, photo: np.ndarray, read: SegmentationRequest
) -> None:
    turned = replace(read, photo=photo[:, ::-1])
    both, other = (pipeline.segment(replace(r, mirror=True)).margin for r in (read, turned))
    np.testing.assert_allclose(other, both[:, ::-1], atol=1e-4)
    alone, other = (pipeline.segment(r).margin for r in (read, turned))
    assert np.abs(other - alone[:, ::-1]).max() > 1e-3


def test_in_the_mirror_image_left_is_right(
    pipeline: SemFlowPipeline, read: SegmentationRequest, face_layout: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    square = cv2.resize(face_layout, (pipeline.size, pipeline.size), interpolation=cv2.INTER_NEAREST)
    views = pipeline.codebook.encode(np.stack([square, pipeline.palette.flip(square)]))
    monkeypatch.setattr(pipeline, "decode_masks", lambda z1: views)
    photo = np.zeros((*square.shape, 3), np.uint8)
    result = pipeline.segment(replace(read, photo=photo, mirror=True))
    assert np.array_equal(result.labels, square) and len(np.unique(square)) > 4


def test_at_the_networks_size_labels_are_the_nearest_anchors(pipeline: SemFlowPipeline) -> None:
    """Independent of the enlargement: the codebook's own decoding of the same colours."""
    rng = np.random.default_rng(0)
    square = rng.integers(0, 256, (pipeline.size, pipeline.size, 3), dtype=np.uint8)
    result = pipeline.segment(SegmentationRequest(photo=square, steps=2))
    decoded = pipeline.codebook.decode(pipeline.decode_masks(result.z1))
    assert np.array_equal(result.labels, decoded.labels[0])
    np.testing.assert_allclose(result.margin, decoded.margin[0], atol=1e-4)


def test_one_euler_step_is_z_plus_v(
    pipeline: SemFlowPipeline, paint: SynthesisRequest, read: SegmentationRequest
) -> None:
    made = pipeline.synthesize(replace(paint, steps=1))
    with torch.inference_mode():
        torch.testing.assert_close(made.z0, made.z1 - pipeline.velocity(made.z1, 1.0))
        found = pipeline.segment(replace(read, steps=1))
        torch.testing.assert_close(found.z1, found.z0 + pipeline.velocity(found.z0, 0.0))


def test_a_batch_is_its_single_pictures_up_to_rounding(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    requests = [replace(paint, seed=s) for s in range(3)]
    for one, many in zip(map(pipeline.synthesize, requests), pipeline.synthesize_many(requests)):
        assert np.abs(one.photo.astype(int) - many.photo).max() <= 1


def test_a_batch_must_agree_on_how_to_solve(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    with pytest.raises(InputError, match="same steps, solver and grid"):
        pipeline.synthesize_many([paint, replace(paint, steps=4)])
    with pytest.raises(InputError, match="empty"):
        pipeline.synthesize_many([])


def test_the_path_from_a_layout_ends_where_synthesis_ends(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    made = pipeline.synthesize(paint)
    path = pipeline.trajectory(TrajectoryRequest(layout=paint.layout, steps=3, seed=5, frames=7))
    assert path.times == tuple(np.linspace(0, 1, 7).tolist())
    assert path.frames.shape == (7, pipeline.size, pipeline.size, 3)
    torch.testing.assert_close(path.latents[:1], made.z0)
    torch.testing.assert_close(path.latents[-1:], made.z1)


def test_the_path_from_a_photo_passes_through_the_solvers_points(
    pipeline: SemFlowPipeline, read: SegmentationRequest
) -> None:
    found = pipeline.segment(read)
    points: list[tuple[float, torch.Tensor]] = []
    request = TrajectoryRequest(photo=read.photo, steps=3, times=(0.0, 1 / 3, 0.5, 2 / 3, 1.0))
    solve(pipeline.velocity, found.z0, list(times_to_mask(3)), on_step=lambda i, t, z, v: points.append((t, z)))
    counted: list[tuple[int, int]] = []
    path = pipeline.trajectory(request, progress=lambda *at, to=counted: to.append(at))
    assert counted == [(i, 5) for i in range(1, 6)]  # and the decoding, in two parts
    torch.testing.assert_close(path.latents[:1], found.z0)
    torch.testing.assert_close(path.latents[-1:], found.z1)
    assert [t for t, _ in points] == [0, 1 / 3, 2 / 3]
    torch.testing.assert_close(path.latents[1:2], points[1][1])
    # Euler's path is straight between its points
    torch.testing.assert_close(path.latents[2:3], (points[1][1] + points[2][1]) / 2)


def test_an_edit_reports_the_steps_of_all_its_parts(tiny_appearance: Path, face_layout: np.ndarray) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    pipeline.read_defaults = {"steps": 3}
    photo, after = np.full((64, 64, 3), 90, np.uint8), face_layout.copy()
    after[:8] = 14
    hair = pipeline.colors.offsets([("hair", "#a08060")])
    for layout, before, offsets, total in (
        (face_layout, face_layout, (), 0),
        (after, face_layout, (), 2),
        (face_layout, face_layout, hair, 2),
        (after, face_layout, hair, 4),
        (after, None, (), 5),
    ):
        counted: list[tuple[int, int]] = []
        request = EditRequest(photo=photo, layout=layout, before=before, steps=2, offsets=offsets)
        pipeline.edit(request, lambda *at, to=counted: to.append(at))
        assert [done for done, _ in counted] == list(range(1, total + 1))
        assert all(all_steps == total for _, all_steps in counted)


def test_on_step_stops_the_work(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    def stop(*_: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        pipeline.synthesize(paint, progress=stop)
