"""Class names that people read: the same in the palette's list and in every sentence."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app.state.names import LONG, READABLE, in_short, in_words, readable
from app.state.sentences import count_of
from semflow_core.method.palette import Palette, load_palette
from semflow_core.pictures.layout import Layout

PALETTES = [load_palette(name) for name in ("celebamask_hq", "cityscapes")]


@pytest.mark.parametrize("palette", PALETTES, ids=lambda p: p.name)
def test_sentences_have_the_names_of_the_list(palette: Palette) -> None:
    for c in palette.classes:
        labels = np.full((8, 8), c.id, np.uint8)
        shown = readable(c.name)["name"]
        assert f"1 class: {shown} 100 %." in in_words(Layout(labels, "palette").line(palette))
        assert in_words(f"'{c.name}' is in 1 picture") == f"'{shown}' is in 1 picture"
        assert in_words(f"for id 3 lies where {c.name} usually does, not {c.name}").count(shown) == 2
        assert in_words(shown) == shown  # once is enough


def test_what_is_to_be_typed_and_names_of_files_stay() -> None:
    for text in ("a pair such as 17=cloth,3=eye_g", "named as 00012_cloth.png is", "eye_g.png is empty", "clothes"):
        assert in_words(text) == text
    assert not [name for name in READABLE if not re.fullmatch(r"\w+", name)]


def test_one_is_singular() -> None:
    assert [count_of(n, "class", "classes") for n in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]
    assert [count_of(n, "pair") for n in (1, 2)] == ["1 pair", "2 pairs"]


def test_a_long_name_keeps_its_start_and_its_end() -> None:
    assert in_short("a" * LONG) == "a" * LONG
    assert in_short("street_of_a_town_in_the_rain_2026-11-29_0041") == "street_of_a_town…2026-11-29_0041"
