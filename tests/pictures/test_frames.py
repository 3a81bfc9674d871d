"""Where a layout lies in a whole photo, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.pictures.align import Aligned, whole
from semflow_core.pictures.frames import layout_in_part, part_for


def part(photo: np.ndarray, top: int, left: int, side: int) -> Aligned:
    """An upright face that was cut out."""
    matrix = np.array([[1.0, 0, -left], [0, 1.0, -top]])
    height, width = photo.shape[:2]
    return Aligned(photo[top : top + side, left : left + side], matrix, (height, width), 1, "The face was cut out.")


def test_a_whole_photos_layout_is_cut_as_its_photo() -> None:
    labels = np.arange(60 * 90, dtype=np.int64).reshape(60, 90).astype(np.uint8)
    cut = part(np.zeros((60, 90, 3), np.uint8), 10, 40, 32)
    assert np.array_equal(layout_in_part(labels, cut, "a.png")[0], labels[10:42, 40:72])
    larger = np.kron(labels, np.ones((3, 3), np.uint8))  # at another size than the photo's
    assert np.array_equal(layout_in_part(larger, cut, "a.png")[0], labels[10:42, 40:72])
    assert np.array_equal(cut.back(layout_in_part(labels, cut, "a.png")[0], 0)[10:42, 40:72], labels[10:42, 40:72])


def test_a_layout_of_the_part_is_taken_as_such_and_said_to_be() -> None:
    labels, cut = np.eye(20, dtype=np.uint8), part(np.zeros((60, 90, 3), np.uint8), 10, 40, 32)
    placed, note = layout_in_part(labels, cut, "a.png")
    assert placed is labels and "shape of the part that was cut out" in note


@pytest.mark.parametrize("shape", [(90, 60), (48, 96)])
def test_a_layout_of_another_shape_is_refused(shape: tuple[int, int]) -> None:
    photo = np.zeros((60, 90, 3), np.uint8)
    for each in (whole(photo), part(photo, 10, 40, 32)):
        with pytest.raises(InputError, match=f"a.png is {shape[1]}x{shape[0]} pixels and its photo 90x60") as caught:
            layout_in_part(np.zeros(shape, np.uint8), each, "a.png")
        assert str(caught.value).endswith("lie across") == (shape == (90, 60))


def test_only_models_of_faces_look_for_one() -> None:
    photo = np.zeros((60, 90, 3), np.uint8)
    assert part_for(photo, load_palette("celebamask_hq")).crop.shape == (60, 60, 3)
    assert not part_for(photo, load_palette("celebamask_hq"), aligned=False).changed
    assert not part_for(photo, load_palette("cityscapes")).changed
