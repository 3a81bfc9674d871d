from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image

from semflow_core.data.pairs import Pair
from semflow_core.errors import InputError
from semflow_core.evaluation.evaluate import class_table, evaluate, load_others, match_folders, share_of_best, tables
from semflow_core.evaluation.features import FeatureNetwork
from semflow_core.evaluation.harness import Harness
from semflow_core.evaluation.photos import PhotoMetrics
from semflow_core.evaluation.segmentation import confusion, ghosts, iou, mean_iou, pixel_accuracy
from semflow_core.method.palette import load_palette, parse_palette
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests.packing import pack_labels, pack_photo, unpack_labels, unpack_photo
from semflow_core.requests.requests import SegmentationRequest, SynthesisRequest

# ids that are not indices, so that a mix-up of the two cannot pass
ABC = parse_palette(
    {
        "classes": [
            {"id": 3, "name": "a", "color": "#ff0000", "group": "g"},
            {"id": 5, "name": "b", "color": "#00ff00", "group": "g"},
            {"id": 9, "name": "c", "color": "#0000ff", "group": "g"},
        ]
    },
    "abc.json",
)
TRUTH = np.array([[3, 3, 3, 5], [5, 5, 255, 255]], np.uint8)
FOUND = np.array([[3, 3, 5, 5], [3, 9, 5, 9]], np.uint8)
# by hand, void left out:      found  a  b  c
COUNTS = [
    [2, 1, 0],  # truth a
    [1, 1, 1],  # truth b
    [0, 0, 0],
]
# IoU a = 2 / (3 + 3 - 2), b = 1 / (3 + 2 - 1), c = 0 / 1; c is not in the truth


def test_confusion_by_hand() -> None:
    assert confusion(FOUND, TRUTH, ABC).tolist() == COUNTS


def test_iou_by_hand() -> None:
    assert iou(torch.tensor(COUNTS)).tolist() == pytest.approx([2 / 4, 1 / 4, 0])


def test_iou_of_a_class_that_is_nowhere_is_unknown() -> None:
    values = iou(torch.tensor([[4, 0], [0, 0]]))
    assert values[0] == 1 and values[1].isnan()


def test_mean_iou_and_accuracy_by_hand() -> None:
    assert mean_iou(FOUND, TRUTH, ABC) == pytest.approx(100 * (2 / 4 + 1 / 4) / 2)
    assert pixel_accuracy(FOUND, TRUTH, ABC) == pytest.approx(100 * 3 / 6)


def test_a_right_answer_is_100_and_a_wrong_one_0() -> None:
    assert mean_iou(TRUTH, TRUTH, parse_void()) == 100 and pixel_accuracy(TRUTH, TRUTH, parse_void()) == 100
    wrong = np.full_like(TRUTH, 9)
    assert mean_iou(wrong, TRUTH, ABC) == 0 and pixel_accuracy(wrong, TRUTH, ABC) == 0


def parse_void():
    """ABC with void as a class that can be painted, as in Cityscapes."""
    classes = [{"id": c.id, "name": c.name, "color": "#" + bytes(c.color).hex(), "group": "g"} for c in ABC.classes]
    return parse_palette({"classes": [*classes, {"id": 255, "name": "v", "color": "#ffffff", "group": "g"}]}, "v.json")


def test_void_is_left_out_even_where_it_is_a_class() -> None:
    """Void in the truth counts nowhere; void that is painted over a class is wrong."""
    palette = parse_void()
    assert confusion(FOUND, TRUTH, palette)[:3, :3].tolist() == COUNTS
    painted = TRUTH.copy()
    painted[0, 0] = 255
    assert pixel_accuracy(painted, TRUTH, palette) == pytest.approx(100 * 5 / 6)


def test_confusions_add_up_over_pictures() -> None:
    """mIoU is of the sum of all pictures, not the mean of their mIoUs."""
    both = confusion(np.stack([FOUND, TRUTH]), np.stack([TRUTH, TRUTH]), parse_void())
    apart = confusion(FOUND, TRUTH, parse_void()) + confusion(TRUTH, TRUTH, parse_void())
    assert torch.equal(both, apart)


def test_an_id_that_is_no_class_is_refused() -> None:
    with pytest.raises(InputError, match="no class of abc: 4"):
        confusion(np.full_like(TRUTH, 4), TRUTH, ABC)


def test_void_is_painted_as_itself_or_as_the_background() -> None:
    assert ABC.paintable(TRUTH).tolist() == [[3, 3, 3, 5], [5, 5, 3, 3]]
    assert np.array_equal(parse_void().paintable(TRUTH), TRUTH)


def pictures(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    photos = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    masks = np.kron(rng.integers(0, 19, (n, 4, 4)), np.ones((8, 8))).astype(np.uint8)
    return photos, masks


class Pretender:
    """A pipeline whose photos carry their layout in the red channel, and which errs in three known ways."""

    palette, size = ABC, 16

    def segment_many(self, requests: list[SegmentationRequest]) -> list[Any]:
        return [SimpleNamespace(labels=unpack_photo(r.photo)[..., 0]) for r in requests]

    def synthesize_many(self, requests: list[SynthesisRequest]) -> list[Any]:
        """b is painted as c."""
        layouts = [unpack_labels(r.layout) for r in requests]
        return [SimpleNamespace(photo=np.dstack([np.where(m == 5, 9, m)] * 3)) for m in layouts]

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
    [row] = report["rows"]
    # of 3 * 256 pixels half are a, half b; a third of b is found as a
    assert row["segmentation"]["accuracy"].value == pytest.approx(100 * 5 / 6, abs=0.01)
    assert row["segmentation"]["iou"] == pytest.approx({"a": 75, "b": 100 * 2 / 3, "c": None}, abs=0.01)
    assert row["cycle"]["accuracy"] == (50, 50, 50)  # a comes back, b never does
    assert row["cycle"]["iou"] == {"a": 100, "b": 0, "c": 0}
    assert report["codec_miou"].value == pytest.approx((100 * 2 / 3 + 50) / 2, abs=0.01)
    # the first picture makes the difference: without it segmentation is perfect, with it alone half of b is lost
    low, high = row["segmentation"]["accuracy"][1:]
    assert low < 100 * 5 / 6 < high and row["segmentation"]["miou"].low < row["segmentation"]["miou"].value
    assert report["one_step_share"] == (1, 1, 1)


class Contrary(Pretender):
    """Reads every photo as b."""

    name = "contrary"

    def segment_many(self, requests: list[SegmentationRequest]) -> list[Any]:
        return [SimpleNamespace(labels=np.full((16, 16), 5, np.uint8)) for _ in requests]


def test_another_model_reads_what_is_made_and_the_photos() -> None:
    masks = np.full((3, 16, 16), 3, np.uint8)
    masks[:, :, 8:] = 5
    photos = list(np.stack([masks] * 3, axis=-1))
    harness, other = (Harness(cast(SemFlowPipeline, kind()), photos, masks) for kind in (Pretender, Contrary))
    report = evaluate(harness, [1], reader=other)
    alone = evaluate(harness, [1])
    assert report["rows"][0]["cycle"] == alone["rows"][0]["cycle"] and "read_by_other" not in alone["rows"][0]
    assert report["rows"][0]["read_by_other"]["iou"] == {"a": 0, "b": 50, "c": None}
    assert report["reader_miou"].value == 25
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
    rows = report["rows"]
    assert [(r["steps"], r["n"], r["resolution"]) for r in rows] == [(1, 3, 32), (2, 3, 32)]
    painted = pipeline.palette.paintable(masks)
    found = [pipeline.segment(SegmentationRequest(steps=2, photo=pack_photo(p))).labels for p in photos]
    made = [
        pipeline.synthesize(SynthesisRequest(steps=2, layout=pack_labels(m), seed=4 + i)).photo
        for i, m in enumerate(painted)
    ]
    again = [pipeline.segment(SegmentationRequest(steps=2, photo=pack_photo(p))).labels for p in made]
    last = rows[1]
    # one picture at a time may round differently from two
    assert last["segmentation"]["accuracy"].value == pytest.approx(
        pixel_accuracy(np.stack(found), masks, pipeline.palette), abs=0.5
    )
    assert last["segmentation"]["miou"].value == pytest.approx(
        mean_iou(np.stack(found), masks, pipeline.palette), abs=0.5
    )
    assert last["cycle"]["miou"].value == pytest.approx(mean_iou(np.stack(again), masks, pipeline.palette), abs=0.5)
    codec = pipeline.codec_roundtrip(painted, 4)
    assert report["codec_miou"].value == pytest.approx(mean_iou(codec, masks, pipeline.palette), abs=0.5)
    each = last["segmentation"]["iou"]
    assert set(each) == {c.name for c in pipeline.palette.classes}
    present = [c.name for c in pipeline.palette.classes if (masks == c.id).any()]
    assert np.mean([each[name] for name in present]) == pytest.approx(last["segmentation"]["miou"].value, abs=0.01)
    assert all(s > 0 for r in rows for s in r["seconds"].values())


def test_evaluate_a_wide_model_with_void(tiny_streets: Path) -> None:
    """Photos of such a model are twice as wide as its masks, and 255 is painted and not measured."""
    photos, masks = pictures(1, 2)
    masks[:, :16] = 255
    harness = Harness(load_pipeline(str(tiny_streets)), list(photos), masks)
    [row] = evaluate(harness, [1], PhotoMetrics(list(photos), [COLOR]), diverse=1)["rows"]
    assert row["cycle"]["iou"]["unlabelled"] in (None, 0.0)
    assert 0 <= row["cycle"]["miou"].value <= 100
    assert row["photos"]["feature distance (color) to the photo"].value > 0


def test_evaluate_nothing_but_void(tiny_model: Path) -> None:
    photos, masks = pictures(2, 1)
    report = evaluate(Harness(load_pipeline(str(tiny_model)), list(photos), np.full_like(masks, 255)), [1])
    assert set(report["rows"][0]["segmentation"]["iou"].values()) <= {None, 0.0}
    assert tables(report).splitlines()[4].replace("|", " ").split()[:4] == ["1", "-", "-", "-"]


def test_every_class_that_occurs_has_a_row() -> None:
    found = {"skin": 81.26, "hat": 0.0, "hair": None}
    row = {"steps": 2, "segmentation": {"iou": found}, "cycle": {"iou": found | {"hat": None}}}
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in class_table({"rows": [row]}).splitlines()]
    assert lines[0] == ["class", "segmentation, 2 steps", "cycle, 2 steps"]
    assert lines[2:] == [["skin", "81.3", "81.3"], ["hat", "0.0", "-"]]


def mean_color(photos: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack([p.mean((0, 1)) for p in photos])


COLOR = FeatureNetwork("color", "Fréchet distance (color)", "kernel distance ×1000 (color)", mean_color)


def test_photos_stand_beside_the_codec_and_the_training_set(tiny_model: Path) -> None:
    pipeline = load_pipeline(str(tiny_model))
    photos, masks = pictures(3, 4)
    harness = Harness(pipeline, list(photos), masks, seed=1, batch=3)
    others = list(255 - photos)
    report = evaluate(harness, [1, 2], PhotoMetrics(list(photos), [COLOR], seed=1), others, diverse=2)
    made = harness.synthesize(steps=2)
    metrics = PhotoMetrics(list(photos), [COLOR], seed=1)
    assert report["rows"][1]["photos"] == metrics.against(made, paired=True)
    assert report["codec_photos"] == metrics.against(harness.codec_photos(), paired=True)
    assert report["train_photos"] == metrics.against(others, paired=False)
    groups = harness.by_seed(2, steps=2)
    assert [len(g) for g in groups] == [8, 8]
    again = pipeline.synthesize(SynthesisRequest(layout=pack_labels(harness.layouts[1]), seed=1 + 7, steps=2)).photo
    assert np.abs(groups[1][7].astype(int) - again).max() <= 1  # batches may round differently
    assert report["rows"][1]["diversity"] == metrics.between(groups)
    text = tables(report)
    for phrase in ("codec alone", "real training photos", "Fréchet distance (color)", "pixel std of 5 seeds: 2 steps"):
        assert phrase in text


def test_the_share_of_the_best_is_of_the_same_pictures() -> None:
    """One step finds half of the pixels of each of two classes, two steps all."""
    one = torch.tensor([[[2, 2], [2, 2]]] * 3)
    two = torch.tensor([[[4, 0], [0, 4]]] * 3)
    assert share_of_best({1: one, 2: two}, seed=0) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_other_photos_are_as_many_and_none_of_the_split(tmp_path: Path) -> None:
    for i in range(5):
        Image.new("RGB", (20, 20), (40 * i, 0, 0)).save(tmp_path / f"{i}.png")
    split = [Pair(str(i), tmp_path / f"{i}.png", tmp_path / "no.png") for i in (1, 3)]
    found = load_others(tmp_path, split, 16, seed=0)
    assert len(found) == 2 and all(p.shape == (16, 16, 3) and p[0, 0, 0] in (0, 80, 160) for p in found)
    with pytest.raises(InputError, match="has 2 photos beside the split's own.*needs 3"):
        load_others(tmp_path, [*split, Pair("0", tmp_path / "0.png", tmp_path / "no.png")], 16, seed=0)


def test_folders_are_matched_by_name(tmp_path: Path) -> None:
    images, masks = tmp_path / "a", tmp_path / "b"
    images.mkdir()
    masks.mkdir()
    for name in ("2.jpg", "10.png", "spare.webp"):
        Image.new("RGB", (16, 16)).save(images / name)
    for name in ("2.png", "10.png"):
        Image.new("L", (16, 16)).save(masks / name)
    assert [(p.name, p.photo.name, p.mask.name) for p in match_folders(images, masks)] == [
        ("10", "10.png", "10.png"),
        ("2", "2.jpg", "2.png"),
    ]


def test_the_development_split_has_no_foreign_ids(training_data: Path) -> None:
    """The data this project's figures are reported on is what its palette says it is."""
    pairs = match_folders(training_data / "faces" / "images", training_data / "faces" / "masks")[-50:]
    palette = load_palette("celebamask_hq")
    for pair in pairs:
        with Image.open(pair.mask) as image:
            palette.index(np.asarray(image))


def test_ghosts_are_classes_that_no_neighbour_has() -> None:
    truth = np.zeros((32, 32), np.uint8)
    truth[:, 16:] = 3
    assert ghosts(truth, truth, reach=2) == (0, 4 * 32)  # two columns on either side of the border
    moved = truth.copy()
    moved[:, 14:16] = 3  # wrong, but no ghost: the class is 2 pixels away
    assert ghosts(moved, truth, reach=2)[0] == 0
    haunted = truth.copy()
    haunted[10:15, 15], haunted[:, 2] = 7, 7  # the second is far from any border
    assert ghosts(haunted, truth, reach=2) == (5, 4 * 32)
