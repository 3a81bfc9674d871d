from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torchmetrics.classification import MulticlassJaccardIndex

from semflow_core.errors import InputError
from semflow_core.evaluation.segmentation import (
    background_index,
    confusion,
    confusions,
    foreground_miou_of,
    ghosts,
    iou,
    mean_iou,
    miou_of,
    pixel_accuracy,
)
from semflow_core.method.palette import load_palette

from .samples import ABC, parse_void

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
    assert iou(np.array(COUNTS)).tolist() == pytest.approx([2 / 4, 1 / 4, 0])


def test_iou_of_a_class_that_is_nowhere_is_unknown() -> None:
    values = iou(np.array([[4, 0], [0, 0]]))
    assert values[0] == 1 and np.isnan(values[1])


def test_mean_iou_and_accuracy_by_hand() -> None:
    assert mean_iou(FOUND, TRUTH, ABC) == pytest.approx(100 * (2 / 4 + 1 / 4) / 2)
    assert pixel_accuracy(FOUND, TRUTH, ABC) == pytest.approx(100 * 3 / 6)


def test_the_background_is_left_out_as_symmflow_does() -> None:
    """Its evaluation: predictions are blanked where the truth is background, which is ignored; torchmetrics' mean."""
    faces, rng = load_palette("celebamask_hq"), np.random.default_rng(1)
    assert background_index(faces) == 0 and background_index(load_palette("cityscapes")) is None
    truth = rng.integers(0, 12, (40, 50)).astype(np.uint8)
    predicted = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, 12, truth.shape)).astype(np.uint8)
    index = MulticlassJaccardIndex(num_classes=19, ignore_index=0)
    expected = index(torch.from_numpy(np.where(truth == 0, 0, predicted)), torch.from_numpy(truth))
    assert foreground_miou_of(confusion(predicted, truth, faces), 0) == pytest.approx(100 * float(expected), abs=1e-3)
    painted = np.where(truth == 0, 5, predicted)  # whatever is predicted on background costs nothing
    same = foreground_miou_of(confusion(painted.astype(np.uint8), truth, faces), 0)
    assert same == foreground_miou_of(confusion(predicted, truth, faces), 0)


def test_a_right_answer_is_100_and_a_wrong_one_0() -> None:
    assert mean_iou(TRUTH, TRUTH, parse_void()) == 100 and pixel_accuracy(TRUTH, TRUTH, parse_void()) == 100
    wrong = np.full_like(TRUTH, 9)
    assert mean_iou(wrong, TRUTH, ABC) == 0 and pixel_accuracy(wrong, TRUTH, ABC) == 0


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
    assert np.array_equal(both, apart)


def test_an_id_that_is_no_class_is_refused() -> None:
    with pytest.raises(InputError, match="no class of abc: 4"):
        confusion(np.full_like(TRUTH, 4), TRUTH, ABC)


def test_void_is_painted_as_itself_or_as_the_background() -> None:
    assert ABC.paintable(TRUTH).tolist() == [[3, 3, 3, 5], [5, 5, 3, 3]]
    assert np.array_equal(parse_void().paintable(TRUTH), TRUTH)


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


@pytest.mark.parametrize("name", ["celebamask_hq", "cityscapes", "coco_stuff"])
def test_figures_agree_with_sets_of_pixels(name: str) -> None:
    """IoU by its definition, class by class: the pixels in both over the pixels in either, void of the truth aside."""
    palette, rng = load_palette(name), np.random.default_rng(0)
    truth = rng.choice([*palette.ids[:12], 255], (3, 20, 30)).astype(np.uint8)
    predicted = np.where(rng.random(truth.shape) < 0.5, rng.choice(palette.ids[:15], truth.shape), truth)
    predicted = np.where(predicted == 255, palette.background, predicted).astype(np.uint8)
    valid = truth != 255
    by_class = []
    for i in palette.ids:
        both, either = (
            ((predicted == i) & (truth == i) & valid).sum(),
            (((predicted == i) | (truth == i)) & valid).sum(),
        )
        by_class.append(both / either if either else np.nan)
    counts = confusion(predicted, truth, palette)
    assert np.array_equal(iou(counts), by_class, equal_nan=True)
    assert counts.sum() == valid.sum() and np.array_equal(confusions(predicted, truth, palette).sum(0), counts)
    present = [x for x, i in zip(by_class, palette.ids) if (truth[valid] == i).any()]
    assert miou_of(counts) == mean_iou(predicted, truth, palette) == pytest.approx(100 * np.mean(present), abs=1e-12)
    assert pixel_accuracy(predicted, truth, palette) == 100 * (predicted == truth)[valid].sum() / valid.sum()


def test_figures_of_nothing_are_unknown() -> None:
    void = np.full_like(TRUTH, 255)
    assert np.isnan(mean_iou(FOUND, void, ABC)) and np.isnan(pixel_accuracy(FOUND, void, ABC))


def test_figures_of_layouts_import_no_network_library() -> None:
    """The studio compares layouts at its start: half a second per library that is not imported."""
    libraries = "{'torch', 'torchmetrics'} & sys.modules.keys()"
    code = f"import sys, semflow_core.evaluation.segmentation; print(sorted({libraries}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
