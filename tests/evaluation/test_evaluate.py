from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest
import torch

from semflow_core.evaluation.confidence import measure_confidence
from semflow_core.evaluation.evaluate import evaluate, share_of_best
from semflow_core.evaluation.full_size import measure_full_size
from semflow_core.evaluation.harness import Harness
from semflow_core.evaluation.photos import PhotoMetrics
from semflow_core.evaluation.report import Decoded
from semflow_core.evaluation.segmentation import mean_iou, pixel_accuracy
from semflow_core.evaluation.tables import tables
from semflow_core.method.palette import load_palette
from semflow_core.nets.contracts import renderer_of
from semflow_core.nets.renderer import PhotoRenderer
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests import SegmentationRequest, SynthesisRequest

from .samples import ABC, COLOR, pictures


class Pretender:
    """A pipeline whose photos carry their layout in the red channel, and which errs in three known ways."""

    palette, size, name, learned = ABC, 16, "pretender", False

    def segment_many(self, requests: list[SegmentationRequest]) -> list[Any]:
        return [SimpleNamespace(labels=r.photo[..., 0], margin=np.ones(r.photo.shape[:2])) for r in requests]

    def synthesize_many(self, requests: list[SynthesisRequest]) -> list[Any]:
        """b is painted as c."""
        return [SimpleNamespace(photo=np.dstack([np.where(r.layout == 5, 9, r.layout)] * 3)) for r in requests]

    def codec_roundtrip(self, labels: np.ndarray, seed: int) -> np.ndarray:
        """The upper half becomes a."""
        back = labels.copy()
        back[:, :8] = 3
        return back


def test_every_figure_is_of_the_direction_it_names() -> None:
    masks = np.full((3, 16, 16), 3, np.uint8)
    masks[:, :, 8:] = 5  # left half a, right half b
    photos = np.dstack([masks[0]] * 3)[None].repeat(3, axis=0)
    photos[0, :, :] = 3  # segmentation mistakes all of the first picture's b for a
    report = evaluate(Harness(cast(SemFlowPipeline, Pretender()), list(photos), masks, batch=2), [1])
    [row] = report.rows
    # of 3 * 256 pixels half are a, half b; a third of b is found as a
    assert row.segmentation.accuracy.value == pytest.approx(100 * 5 / 6, abs=0.01)
    assert row.segmentation.iou == pytest.approx({"a": 75, "b": 100 * 2 / 3, "c": None}, abs=0.01)
    assert row.cycle.accuracy == (50, 50, 50)  # a comes back, b never does
    assert row.cycle.iou == {"a": 100, "b": 0, "c": 0}
    assert report.codec_miou.value == pytest.approx((100 * 2 / 3 + 50) / 2, abs=0.01)
    # the first picture makes the difference: without it segmentation is perfect, with it alone half of b is lost
    low, high = row.segmentation.accuracy[1:]
    assert low < 100 * 5 / 6 < high and row.segmentation.miou.low < row.segmentation.miou.value
    assert report.one_step_share == (1, 1, 1)


class Contrary(Pretender):
    """Reads every photo as b."""

    name = "contrary"

    def segment_many(self, requests: list[SegmentationRequest]) -> list[Any]:
        return [SimpleNamespace(labels=np.full((16, 16), 5, np.uint8), margin=np.ones((16, 16))) for _ in requests]


def test_another_model_reads_what_is_made_and_the_photos() -> None:
    masks = np.full((3, 16, 16), 3, np.uint8)
    masks[:, :, 8:] = 5
    photos = list(np.stack([masks] * 3, axis=-1))
    harness, other = (Harness(cast(SemFlowPipeline, kind()), photos, masks) for kind in (Pretender, Contrary))
    report = evaluate(harness, [1], reader=other)
    alone = evaluate(harness, [1])
    assert report.rows[0].cycle == alone.rows[0].cycle and alone.rows[0].read_by_other is None
    assert report.rows[0].read_by_other is not None and report.rows[0].read_by_other.iou == {"a": 0, "b": 50, "c": None}
    assert report.reader_miou is not None and report.reader_miou.value == 25
    text = tables(report).splitlines()
    assert text[2].replace(" |", "").endswith("cycle mIoU, read by contrary")
    assert text[4].split("|")[-2].strip() == "25.0 [25.0, 25.0]"
    assert "contrary reads in 2 steps, the split's own photos with 25.0 [25.0, 25.0] mIoU" in text


def test_evaluate_a_model(tiny_model: Path) -> None:
    """A model of random weights has poor figures; they must be those of its own answers."""
    pipeline = load_pipeline(str(tiny_model))
    photos, masks = pictures(0, 3)
    masks[0, :5] = 255
    report = evaluate(Harness(pipeline, list(photos), masks, seed=4, batch=2), [1, 2])
    rows = report.rows
    assert [(r.steps, r.n, r.resolution) for r in rows] == [(1, 3, 32), (2, 3, 32)]
    painted = pipeline.palette.paintable(masks)
    found = [pipeline.segment(SegmentationRequest(steps=2, photo=p)).labels for p in photos]
    made = [pipeline.synthesize(SynthesisRequest(steps=2, layout=m, seed=4 + i)).photo for i, m in enumerate(painted)]
    again = [pipeline.segment(SegmentationRequest(steps=2, photo=p)).labels for p in made]
    last = rows[1]
    # one picture at a time may round differently from two
    assert last.segmentation.accuracy.value == pytest.approx(
        pixel_accuracy(np.stack(found), masks, pipeline.palette), abs=0.5
    )
    assert last.segmentation.miou.value == pytest.approx(mean_iou(np.stack(found), masks, pipeline.palette), abs=0.5)
    assert last.cycle.miou.value == pytest.approx(mean_iou(np.stack(again), masks, pipeline.palette), abs=0.5)
    codec = pipeline.codec_roundtrip(painted, 4)
    assert report.codec_miou.value == pytest.approx(mean_iou(codec, masks, pipeline.palette), abs=0.5)
    each = last.segmentation.iou
    assert set(each) == {c.name for c in pipeline.palette.classes}
    present = [c.name for c in pipeline.palette.classes if (masks == c.id).any()]
    assert np.array([each[name] for name in present], float).mean() == pytest.approx(
        last.segmentation.miou.value, abs=0.01
    )
    assert all(r.seconds.segment > 0 and r.seconds.synthesize > 0 for r in rows)


def test_evaluate_a_wide_model_with_void(tiny_streets: Path) -> None:
    """Photos of such a model are twice as wide as its masks, and 255 is painted and not measured."""
    photos, masks = pictures(1, 2)
    masks[:, :16] = 255
    harness = Harness(load_pipeline(str(tiny_streets)), list(photos), masks)
    [row] = evaluate(harness, [1], PhotoMetrics(list(photos), [COLOR]), diverse=1).rows
    assert row.cycle.iou["unlabelled"] in (None, 0.0)
    assert 0 <= row.cycle.miou.value <= 100
    assert row.photos["feature distance (color) to the photo"].value > 0


def test_evaluate_nothing_but_void(tiny_model: Path) -> None:
    photos, masks = pictures(2, 1)
    report = evaluate(Harness(load_pipeline(str(tiny_model)), list(photos), np.full_like(masks, 255)), [1])
    assert set(report.rows[0].segmentation.iou.values()) <= {None, 0.0}
    assert tables(report).splitlines()[4].replace("|", " ").split()[:4] == ["1", "-", "-", "-"]


def test_photos_stand_beside_the_codec_and_the_training_set(tiny_model: Path) -> None:
    pipeline = load_pipeline(str(tiny_model))
    photos, masks = pictures(3, 4)
    harness = Harness(pipeline, list(photos), masks, seed=1, batch=3)
    others = list(255 - photos)
    report = evaluate(harness, [1, 2], PhotoMetrics(list(photos), [COLOR], seed=1), others, diverse=2)
    made = harness.synthesize(steps=2)
    metrics = PhotoMetrics(list(photos), [COLOR], seed=1)
    assert report.rows[1].photos == metrics.against(made, paired=True)
    assert report.codec_photos == metrics.against(harness.codec_photos(), paired=True)
    assert report.train_photos == metrics.against(others, paired=False)
    groups = harness.by_seed(2, steps=2)
    assert [len(g) for g in groups] == [8, 8]
    again = pipeline.synthesize(SynthesisRequest(layout=harness.layouts[1], seed=1 + 7, steps=2)).photo
    assert np.abs(groups[1][7].astype(int) - again).max() <= 1  # batches may round differently
    assert report.rows[1].diversity == metrics.between(groups)
    text = tables(report)
    for phrase in ("codec alone", "real training photos", "Fréchet distance (color)", "pixel std of 5 seeds: 2 steps"):
        assert phrase in text


class ByRed(Pretender):
    """Reads a class from how red a pixel is."""

    palette, name = load_palette("celebamask_hq"), "red"

    def segment_many(self, requests: list[SegmentationRequest]) -> list[Any]:
        return [SimpleNamespace(labels=r.photo[..., 0] // 14, margin=np.ones(r.photo.shape[:2])) for r in requests]


def with_renderer(folder: Path) -> SemFlowPipeline:
    """A model whose renderer, of random weights, makes photos of twice the size."""
    pipeline = copy.copy(load_pipeline(str(folder)))  # the loaded one is other tests', too
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = PhotoRenderer(latent_channels=4, widths=(8, 8, 8, 8, 4), blocks=(1, 1, 1, 1, 0))
    pipeline.renderer = renderer_of(module, pipeline.codec)
    return pipeline


def test_rendered_photos_stand_beside_decoded_ones(tiny_model: Path) -> None:
    """In one run: what evaluation without the renderer prints, and that of the rendered photos, by every reader."""
    pipeline = with_renderer(tiny_model)
    photos, masks = pictures(5, 3)
    metrics = PhotoMetrics(list(photos), [COLOR])
    harness, plain = (Harness(p, list(photos), masks) for p in (pipeline, pipeline.without_renderer()))
    reader = Harness(cast(SemFlowPipeline, ByRed()), list(photos), masks)
    report = evaluate(harness, [2], metrics, diverse=1, reader=reader)
    [row], [expected] = report.rows, evaluate(plain, [2], metrics, diverse=1, reader=reader).rows
    assert expected.decoded is None and row.decoded is not None and row.read_by_other is not None
    assert row.decoded == Decoded(expected.cycle, expected.photos, expected.diversity, expected.read_by_other)
    assert row.read_by_other != row.decoded.read_by_other
    assert row.photos != row.decoded.photos and row.diversity != row.decoded.diversity
    text = tables(report)
    assert "| 2 steps, decoded " in text and "| cycle mIoU, decoded |" in text and "decoded) of real photos" in text
    assert "| cycle mIoU, read by red |" in text and "| decoded, read by red |" in text


def test_confidence_and_the_photos_own_size_are_in_the_tables(tiny_model: Path) -> None:
    photos, masks = pictures(6, 2)
    large = [cv2.resize(m, (48, 48), interpolation=cv2.INTER_NEAREST_EXACT) for m in masks]
    pairs = [partial(tuple, (cv2.resize(photo, (48, 48)), mask)) for photo, mask in zip(photos, large)]
    harness = Harness(load_pipeline(str(tiny_model)), list(photos), masks)
    report = evaluate(harness, [1, 2], pairs=pairs)
    row = report.rows[0]
    readings = harness.read(harness.photos, steps=1)
    assert row.confidence == measure_confidence(readings.labels, readings.margins, masks, 0)
    assert (row.full_size, row.enlarged) == measure_full_size(harness, pairs, readings.labels, 1)
    text = tables(report)
    for phrase in ("own size, 48x48:", "| 2 steps, enlarged from 32x32 ", "| background left out |", "| 0.9 to 1.0 |"):
        assert phrase in text


def test_the_share_of_the_best_is_of_the_same_pictures() -> None:
    """One step finds half of the pixels of each of two classes, two steps all."""
    one = np.array([[[2, 2], [2, 2]]] * 3)
    two = np.array([[[4, 0], [0, 4]]] * 3)
    assert share_of_best({1: one, 2: two}, seed=0) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
