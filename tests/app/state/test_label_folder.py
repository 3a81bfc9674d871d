"""Sets in the server's folder: another process has them, whatever became of the first; nobody else does."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np
import pytest

from app.guard.sweep import sweep
from app.state import label_set
from app.state.label_folder import SECONDS, SetFolder
from app.state.label_item import Item, Proposal, pack
from app.state.label_set import LabelSet
from app.state.label_shelf import Shelf
from app.state.sheet import Sheet
from semflow_core.errors import InputError
from tools.drawn import palette

TICKET = "a" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sets"


def some_set(photos: int = 3) -> LabelSet:
    """The first photo is accepted, the second one proposed for, and painted on since the server heard of it."""
    labelled = LabelSet(palette(), own=True, open=True, name="dogs", minutes=90.0, model="faces")
    labelled.add([Item(f"{i}", bytes([i]) * 100, ".jpg", (4, 6)) for i in range(photos)])
    labelled.shown = 4
    labelled.accept(sheet(labelled, 2))
    labelled.shown = 5
    labelled.item.proposal = Proposal(pack(np.full((4, 6), 3, np.uint8)), pack(np.full((4, 6), 90, np.uint8)))
    labelled.proposed = True
    return labelled


def sheet(labelled: LabelSet, value: int) -> Sheet:
    return Sheet(np.full((4, 6), value, np.uint8), labelled.shown)


def shelf(folder: Path) -> Shelf:
    """That of a process that was just started."""
    return Shelf(folder=SetFolder(folder))


def test_a_server_that_is_started_anew_has_the_set_as_it_was(folder: Path) -> None:
    labelled = some_set()
    ticket = shelf(folder).hold(labelled)
    labelled.see(sheet(labelled, 7))  # a stroke, after which the server is killed
    found = SetFolder(folder).read(ticket)
    assert found is not None
    for name in ("palette", "own", "at", "open", "shown", "name", "minutes", "model", "proposed", "seen", "unsaved"):
        assert getattr(found, name) == getattr(labelled, name), name
    assert found.items == labelled.items and found.canvas == labelled.canvas
    copy = shelf(folder).copy(ticket)
    assert copy is not None and copy.item.mask(copy.palette).min() == 7 and copy.items[0].accepted
    assert copy.items[0].mask(copy.palette).max() == 2 and copy.items[2].labels is None


def test_what_changes_is_there_too(folder: Path) -> None:
    labelled, first = some_set(), shelf(folder)
    ticket = first.hold(labelled)
    labelled.accept(sheet(labelled, 5))
    labelled.name, labelled.unsaved = "cats", False
    first.hold(labelled)
    found = SetFolder(folder).read(ticket)
    assert found is not None and found.items[1].mask(found.palette).min() == 5
    assert (found.name, found.unsaved, found.at, len(found.accepted)) == ("cats", False, 2, 2)


def test_the_copies_of_a_set_share_its_bytes(folder: Path) -> None:
    first = shelf(folder)
    tickets = [first.hold(some_set())]
    files = {f.name for f in folder.iterdir()}
    tickets.append(first.hold(first.copy(tickets[0])))
    assert {f.name for f in folder.iterdir()} - files == {f"{tickets[1]}.json"} and len(set(tickets)) == 2


@pytest.mark.parametrize("ticket", ["", "x", "../" * 10 + "aa", "a" * 31 + "/", "a" * 31 + "\n", "a" * 33, "0" * 32])
def test_nobody_gets_a_set_without_its_ticket(folder: Path, ticket: str) -> None:
    store = SetFolder(folder)
    store.write(TICKET, some_set())
    assert store.read(ticket) is None and shelf(folder).copy(ticket) is None and store.read(TICKET) is not None


def test_the_files_are_this_users_and_lie_in_a_folder_of_its_own(folder: Path) -> None:
    SetFolder(folder).write(TICKET, some_set())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("made", ["open", "link", "file"])
def test_a_folder_that_others_can_read_gets_nothing(folder: Path, tmp_path: Path, made: str) -> None:
    (tmp_path / "mine").mkdir(mode=0o700)
    if made == "open":
        folder.mkdir()
        folder.chmod(0o755)
    elif made == "link":
        folder.symlink_to(tmp_path / "mine")
    else:
        folder.write_text("no folder")
    with pytest.raises(OSError):
        SetFolder(folder).write(TICKET, some_set())
    assert not list((tmp_path / "mine").iterdir()) and (made == "file" or not list(folder.iterdir()))
    labelled = some_set()
    assert shelf(folder).hold(labelled)  # labelling goes on without it
    labelled.see(sheet(labelled, 7))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked on Unix only")
@pytest.mark.parametrize("stop", [0, 1, 2])
def test_a_server_that_is_killed_while_it_writes_has_what_was_before_or_after(folder: Path, stop: int) -> None:
    store, labelled = SetFolder(folder), some_set()
    store.write(TICKET, labelled)
    labelled.accept(sheet(labelled, 5))
    labelled.name = "cats"
    if not (child := os.fork()):
        replace, done = os.replace, list[Any]()

        def killed(*paths: Any) -> None:
            if len(done) == stop:
                os.kill(os.getpid(), signal.SIGKILL)
            done.append(replace(*paths))

        os.replace = killed  # type: ignore[assignment]
        store.write(TICKET, labelled)  # a mask, then the set
        os._exit(0)
    _, status = os.waitpid(child, 0)
    found = SetFolder(folder).read(TICKET)
    assert found is not None and (found.name, len(found.accepted)) == (("dogs", 1) if stop < 2 else ("cats", 2))
    assert (os.WTERMSIG(status) == signal.SIGKILL) == (stop < 2)
    sweep(folder, age=-1, young=-1)  # of what it had begun nothing stays for good
    assert not list(folder.iterdir())


@pytest.mark.parametrize("damage", ["photo", "missing", "json", "values"])
def test_a_damaged_set_is_none(folder: Path, damage: str) -> None:
    store = SetFolder(folder)
    store.write(TICKET, some_set())
    file = folder / f"{TICKET}.json"
    raw = json.loads(file.read_text())
    photo = folder / raw["items"][0]["file"]
    if damage == "photo":
        photo.write_bytes(b"other bytes")
    elif damage == "missing":
        photo.unlink()
    else:
        file.write_text(file.read_text()[:-9] if damage == "json" else json.dumps({**raw, "items": [{}]}))
    assert store.read(TICKET) is None


def test_a_set_is_there_for_an_hour_since_something_was_done_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, labelled, now = SetFolder(folder), some_set(), time.time()
    store.write(TICKET, labelled)
    for file in folder.iterdir():
        os.utime(file, (now - SECONDS + 60, now - SECONDS + 60))
    assert store.read(TICKET) is not None
    monkeypatch.setattr(time, "time", lambda: now + SECONDS / 2)
    store.write(TICKET, labelled)  # nothing has changed, but somebody works with it
    assert all(file.stat().st_mtime > now - 60 for file in folder.iterdir())
    monkeypatch.setattr(time, "time", lambda: now + 3 * SECONDS)
    assert store.read(TICKET) is None


def test_bytes_that_were_swept_away_are_written_again(folder: Path) -> None:
    store, labelled = SetFolder(folder), some_set()
    store.write(TICKET, labelled)
    for file in folder.iterdir():
        file.unlink()
    labelled.name = "cats"
    store.write(TICKET, labelled)
    found = store.read(TICKET)
    assert found is not None and found.items == labelled.items


def test_a_set_that_is_dropped_goes_at_once_and_leaves_the_others_theirs(folder: Path) -> None:
    first, labelled, other = shelf(folder), some_set(), some_set(5)
    tickets = first.hold(labelled), first.hold(other)
    first.drop(labelled)
    labelled.see(sheet(labelled, 7))  # comes late
    assert SetFolder(folder).read(tickets[0]) is None
    found = SetFolder(folder).read(tickets[1])
    assert found is not None and found.items == other.items
    first.drop(other)
    assert not list(folder.iterdir())


def test_no_more_sets_come_back_than_the_studio_holds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SetFolder(folder).write(TICKET, some_set())
    monkeypatch.setattr(label_set, "_sets", WeakSet())  # those of other tests may be collected at any time
    monkeypatch.setattr(label_set, "MAX_SETS", 299)
    with pytest.raises(InputError, match="as many sets as it can"):
        shelf(folder).copy(TICKET)


def test_a_set_that_comes_back_often_takes_its_room_once(folder: Path) -> None:
    SetFolder(folder).write(TICKET, some_set())
    again = shelf(folder)
    copies = [again.copy(TICKET) for _ in range(3)]
    assert len({id(copy.items[0].file) for copy in copies if copy is not None}) == 1
