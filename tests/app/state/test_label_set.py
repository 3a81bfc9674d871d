"""A set of photos that is labelled: where it stands, what it keeps, its bounds, and its classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.state import label_set
from app.state.label_files import read_files
from app.state.label_item import Item, Proposal, pack
from app.state.label_set import LabelSet
from app.state.own_palette import parse_rows, rows_of
from app.state.sheet import Sheet
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from tools.drawn import draw, palette

from .conftest import accept, blank, zipped


def test_accepting_goes_on_to_what_is_not_accepted(labelled: LabelSet) -> None:
    labelled.go(1)
    accept(labelled, blank(1))
    assert labelled.at == 2 and labelled.progress() == "1 of 3 accepted. Photo 3 of 3: photo_3"
    accept(labelled, blank(2))
    assert labelled.at == 0  # the one that was left out
    accept(labelled, blank())
    assert len(labelled.accepted) == 3
    labelled.go(-9)
    assert labelled.at == 0 and labelled.item.mask(labelled.palette).max() == 0


def test_a_canvas_of_another_picture_or_classes_is_not_taken(labelled: LabelSet) -> None:
    with pytest.raises(InputError, match="not on the canvas yet"):
        accept(labelled, np.zeros((8, 8), np.uint8))
    with pytest.raises(InputError, match="no class"):
        accept(labelled, blank(99))
    assert not labelled.accepted and labelled.item.labels is None


def test_changes_are_kept_and_proposals_stay_proposals(labelled: LabelSet) -> None:
    labelled.item.proposal = Proposal(pack(blank(4)), pack(blank(255)))
    labelled.keep_changes(Sheet(blank(4), labelled.shown))
    assert labelled.item.labels is None
    labelled.keep_changes(Sheet(blank(5), labelled.shown))
    assert labelled.item.mask(labelled.palette).min() == 5 and not labelled.item.accepted


def test_a_proposal_that_was_seen_may_be_erased_whole(labelled: LabelSet) -> None:
    labelled.item.proposal, empty = Proposal(pack(blank(4)), pack(blank(255))), Sheet(blank(), labelled.shown)
    labelled.keep_changes(empty)  # the proposal is not on the page yet
    assert labelled.item.mask(labelled.palette).min() == 4
    labelled.see(Sheet(blank(4), labelled.shown - 1))  # of the photo before
    labelled.keep_changes(empty)
    assert labelled.item.labels is None
    labelled.see(Sheet(blank(4), labelled.shown))
    labelled.keep_changes(empty)
    assert labelled.item.mask(labelled.palette).max() == 0


def test_a_canvas_that_came_late_is_kept_nowhere(labelled: LabelSet) -> None:
    labelled.keep(blank(3))
    labelled.shown += 1
    labelled.keep_changes(Sheet(blank(5), labelled.shown - 1))
    with pytest.raises(InputError, match="once its photo is there"):
        labelled.accept(Sheet(blank(5), labelled.shown - 1))
    assert labelled.at == 0 and labelled.item.mask(palette()).min() == 3 and not labelled.item.accepted


def test_one_photo_is_proposed_ahead(labelled: LabelSet) -> None:
    first = labelled.items[0]
    assert labelled.waiting() is first
    first.proposal = Proposal(b"", b"")
    assert labelled.waiting() is labelled.items[1]
    labelled.items[1].accepted = True
    assert labelled.waiting() is labelled.items[2]
    labelled.items[2].labels = pack(blank())
    assert labelled.waiting() is None


def test_names_that_are_there_get_a_number(labelled: LabelSet, photos: list[Path]) -> None:
    labelled.add(read_files(photos[:1], labelled.palette).items)
    assert labelled.items[-1].name == "photo_1_2"


def test_sets_are_bounded(labelled: LabelSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(tmp_path / "bomb.zip", {"images/a.jpg": bytes(label_set.MAX_SET * 6)})
    with pytest.raises(InputError, match="hold too much together, 192 MB unpacked"):
        read_files([bomb], palette())
    item = Item("one", b"x" * 100, ".jpg", (1, 1))
    for name, value in (("MAX_LABELLED", 3), ("MAX_SET", labelled.size + 99), ("MAX_SETS", labelled.size + 99)):
        with monkeypatch.context() as patch:
            patch.setattr(label_set, name, value)
            with pytest.raises(InputError):
                labelled.add([item])
    assert len(labelled.items) == 3
    labelled.add([item])


def test_classes_that_are_in_masks_stay(labelled: LabelSet) -> None:
    accept(labelled, draw(1)[1])
    rows = rows_of(palette())
    with pytest.raises(InputError, match="'grass' is in 1 picture; repaint"):
        labelled.change_palette(parse_rows([row for row in rows if row["name"] != "grass"]), edited=True)
    other = [{"id": None, "name": "bird", "color": "#010203"} if row["name"] == "grass" else row for row in rows]
    with pytest.raises(InputError, match="'grass' is in 1 picture; repaint"):  # the new class gets another id
        labelled.change_palette(parse_rows(other, palette(), labelled.used()), edited=True)
    assert labelled.palette == palette()
    labelled.items[1].proposal = Proposal(b"", b"")
    more = parse_rows([*rows, {"id": None, "name": "bird", "color": "#010203"}])
    labelled.change_palette(more, edited=True)
    assert labelled.palette.classes[-1].id == 13 and labelled.items[1].proposal is None


def test_other_classes_take_masks_by_name(labelled: LabelSet) -> None:
    faces = labelled.palette = load_palette("celebamask_hq")
    hair, skin = (next(c.id for c in faces.classes if c.name == name) for name in ("hair", "skin"))
    mask = blank(faces.background)
    mask[:9], mask[9:19] = hair, skin
    accept(labelled, mask)
    with pytest.raises(
        InputError, match=r"'(hair|skin)' is in 1 picture, and “Streets \(Cityscapes\)” has no such class"
    ):
        labelled.change_palette(load_palette("cityscapes"))
    assert labelled.palette is faces and np.array_equal(labelled.items[0].mask(faces), mask)
    names = ("ground", "Hair", "dog", "skin")
    own = parse_rows([{"id": i, "name": name, "color": f"#00000{i}"} for i, name in enumerate(names)])
    labelled.change_palette(own)
    again = labelled.items[0].mask(own)
    assert (again[:9] == 1).all() and (again[9:19] == 3).all() and (again[19:] == 0).all()
