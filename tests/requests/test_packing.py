"""Layouts and photos as text, and back; damaged texts are refused in a sentence."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semflow_core.errors import InputError
from semflow_core.pictures.files import check_size
from semflow_core.requests.packing import pack_labels, pack_photo, unpack_labels, unpack_photo


@given(st.integers(16, 40), st.integers(16, 40), st.integers(0, 2**32 - 1))
def test_layouts_and_photos_survive_packing(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 256, (height, width), dtype=np.uint8)
    photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.array_equal(unpack_labels(pack_labels(labels)), labels)
    assert np.array_equal(unpack_photo(pack_photo(photo)), photo)


def test_packing_reads_what_memory_holds_not_how() -> None:
    labels = np.arange(32 * 32, dtype=np.uint8).reshape(32, 32)
    assert np.array_equal(unpack_labels(pack_labels(labels.T)), labels.T)


def deflated(text: str, raw: bytes) -> str:
    return text + base64.b64encode(zlib.compress(raw)).decode()


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "form 'W,H;base64'"),
        ("16;x", "form 'W,H;base64'"),
        ("16,a;x", "form 'W,H;base64'"),
        ("16,16;%%%", "damaged"),
        ("16,16;\u00e9", "damaged"),
        ("16,16;AAAA", "damaged"),
        (deflated("16,16;", b"\0" * 255), "does not hold 16x16 ids"),
        (deflated("16,16;", b"\0" * 257), "does not hold 16x16 ids"),
        (deflated("16,16;", b"\0" * 10**8), "does not hold 16x16 ids"),
        (deflated("15,16;", b"\0" * 240), "15x16 pixels; both sides must be at least 16"),
        (deflated("-16,-16;", b"\0" * 256), "at least 16"),
        (deflated("9000,16;", b""), "the most is 8192 per side"),
    ],
)
def test_a_damaged_layout_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        unpack_labels(text)


@pytest.mark.parametrize(
    "text",
    ["", "%%%", "\u00e9", base64.b64encode(b"GIF89a").decode(), pack_photo(np.zeros((16, 16, 3), np.uint8))[:60]],
)
def test_a_damaged_photo_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a base64-coded PNG"):
        unpack_photo(text)


def test_a_photo_out_of_bounds_is_refused() -> None:
    with pytest.raises(InputError, match="8x16 pixels"):
        unpack_photo(pack_photo(np.zeros((16, 8, 3), np.uint8)))


@pytest.mark.parametrize("size", [(16, 16), (8192, 16), (8000, 5000)])
def test_sizes_in_bounds_pass(size: tuple[int, int]) -> None:
    check_size(*size, "photo")


@pytest.mark.parametrize("size", [(15, 16), (16, 15), (8193, 16), (16, 8193), (8000, 5001), (0, 0)])
def test_sizes_out_of_bounds_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=f"the photo is {size[0]}x{size[1]} pixels"):
        check_size(*size, "photo")
