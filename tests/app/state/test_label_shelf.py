"""Sets on the shelf: who has a ticket gets a copy; bounded in number, in bytes and in time."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakSet

import numpy as np
import pytest

from app.guard.limits import FILE_SECONDS, MAX_TEMPORARY
from app.state import label_set
from app.state.label_folder import SECONDS
from app.state.label_item import Item
from app.state.label_set import LabelSet
from app.state.label_shelf import MOST_BYTES, MOST_SETS, Shelf
from app.state.sheet import Sheet
from semflow_core.errors import InputError
from tools.drawn import palette


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def some_set(photos: int = 1, size: int = 100) -> LabelSet:
    labelled = LabelSet(palette(), own=True, open=True, shown=1)
    labelled.add([Item(f"{i}", bytes([i]) * size, ".jpg", (4, 6)) for i in range(photos)])
    return labelled


def sheet(labelled: LabelSet, value: int) -> Sheet:
    return Sheet(np.full((4, 6), value, np.uint8), labelled.shown)


def test_a_copy_has_all_of_the_set_and_is_nobody_elses() -> None:
    shelf, labelled = Shelf(), some_set(3)
    labelled.accept(sheet(labelled, 2))
    labelled.shown += 1
    labelled.name, labelled.minutes, labelled.at = "dogs", 90.0, 2
    ticket = shelf.hold(labelled)
    labelled.see(sheet(labelled, 5))  # a stroke, after which nothing else happened
    one, other = shelf.copy(ticket), shelf.copy(ticket)
    assert one is not None and other is not None and len({id(one), id(other), id(labelled)}) == 3
    assert (one.name, one.minutes, one.at, one.palette) == ("dogs", 90.0, 2, labelled.palette)
    assert one.items[0].accepted and one.items[0].mask(one.palette).max() == 2
    assert one.items[2].mask(one.palette).min() == 5 and one.unsaved
    one.accept(sheet(one, 7))
    one.items[1].name = "x"
    one.name = "cats"
    for same in (labelled, other):
        assert not same.items[2].accepted and same.items[1].name == "1" and same.name == "dogs"
    assert labelled.item.labels is None and shelf.hold(one) not in ("", ticket)


def test_a_stroke_on_the_photo_before_is_none_of_this_one() -> None:
    shelf, labelled = Shelf(), some_set(2)
    labelled.see(sheet(labelled, 5))
    labelled.at, labelled.shown = 1, labelled.shown + 1
    copy = shelf.copy(shelf.hold(labelled))
    assert copy is not None and copy.item.mask(copy.palette).max() == 0


@pytest.mark.parametrize("ticket", ["", "x", "../../etc/passwd", "0" * 32])
def test_nobody_gets_a_set_without_its_ticket(ticket: str) -> None:
    shelf = Shelf()
    assert len(shelf.hold(some_set())) >= 32 and shelf.copy(ticket) is None


def test_the_set_used_longest_ago_goes_first() -> None:
    shelf = Shelf(most=2, clock=Clock())
    sets = [some_set() for _ in range(3)]
    first, second = shelf.hold(sets[0]), shelf.hold(sets[1])
    assert shelf.hold(sets[0]) == first  # gone on with
    third = shelf.hold(sets[2])
    assert shelf.copy(second) is None and shelf.copy(first) is not None and shelf.copy(third) is not None


def test_a_set_that_was_taken_over_goes_before_older_ones_and_comes_back_when_gone_on_with() -> None:
    shelf = Shelf(most=2, clock=Clock())
    older, labelled = some_set(), some_set()
    tickets = shelf.hold(older), shelf.hold(labelled)
    copy = shelf.copy(tickets[1])
    later = shelf.hold(copy)
    assert shelf.copy(tickets[1]) is None and shelf.copy(tickets[0]) is not None and later
    again = shelf.hold(labelled)  # its page is still open, in the tab that was duplicated
    assert shelf.copy(again) is not None


def test_the_photos_of_all_sets_are_bounded_together_and_counted_once() -> None:
    shelf = Shelf(most_bytes=250, clock=Clock())
    first = shelf.hold(some_set())
    copy = shelf.copy(first)
    second = shelf.hold(copy)
    assert shelf.copy(first) is not None  # 100 bytes, in both
    third = shelf.hold(some_set())
    assert all(shelf.copy(ticket) is not None for ticket in (first, second, third))
    shelf.hold(some_set())
    assert shelf.copy(first) is None and shelf.copy(second) is None and shelf.copy(third) is not None
    assert shelf.hold(some_set(3)) == ""  # more than all that there is room for


def test_a_set_is_held_for_a_time() -> None:
    clock = Clock()
    shelf, labelled = Shelf(seconds=100, clock=clock), some_set()
    ticket = shelf.hold(labelled)
    clock.now += 90
    assert shelf.copy(ticket) is not None
    shelf.hold(labelled)
    clock.now += 90
    assert shelf.copy(ticket) is not None
    clock.now += 20
    assert shelf.copy(ticket) is None


def test_what_is_dropped_is_gone_and_what_is_forgotten_waits_for_work() -> None:
    shelf, labelled = Shelf(), some_set()
    ticket = shelf.hold(labelled)
    shelf.drop(labelled)
    labelled.forgotten = True
    assert shelf.copy(ticket) is None and shelf.hold(labelled) == ""
    labelled.see(sheet(labelled, 0))  # nothing was painted
    assert shelf.hold(labelled) == ""
    labelled.see(sheet(labelled, 3))
    assert shelf.copy(shelf.hold(labelled)) is not None
    shelf.drop(None)
    assert shelf.hold(None) == ""


def test_a_copy_takes_no_room_of_other_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_set, "_sets", WeakSet())  # those of other tests may be collected at any time
    monkeypatch.setattr(label_set, "MAX_SETS", 250)
    labelled = some_set()
    copies = [labelled.copy() for _ in range(5)]
    more = some_set()
    assert len(copies) == 5 and more.items
    with pytest.raises(InputError, match="as many sets as it can"):
        some_set()


def test_the_docs_name_the_bounds() -> None:
    text = " ".join(Path("docs/studio.md").read_text(encoding="utf-8").split())
    assert f"holds {MOST_SETS} sets and {MOST_BYTES // label_set.MIB} MB of their photos" in text
    assert SECONDS == FILE_SECONDS == 3600 and "for an hour after the last change" in text
    assert f"fits into its {MAX_TEMPORARY // 2**30} GB of temporary files" in text
