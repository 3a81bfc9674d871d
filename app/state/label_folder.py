"""Sets of photos that are labelled, in a folder of the server's: they outlive its process, also one that was killed.

A set is a file TICKET.json, which is replaced as a whole, and the files of bytes that it names by their SHA-256:
photos, masks, proposals. Such a file is written once, and is that of all sets with these bytes. Each write marks all of
them as new, so that whoever deletes what is old (`guard.sweep`) leaves a set alone while somebody works with it.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from .label_item import Item, Proposal
from .label_set import LabelSet
from .own_palette import read_palette

NAME = "semflow-sets"  # of the folder, below that of temporary files
TICKET = re.compile(r"[\w-]{32}", re.ASCII)
SECONDS = 3600  # since something was done with a set
AGAIN = 60.0  # seconds after which a set that has not changed is written again
PLAIN = ("own", "at", "open", "shown", "name", "minutes", "model", "proposed", "seen", "unsaved")  # fields of a set


@dataclass
class Written:
    """What was written of a set last: its file's text, when that was, and the names of its bytes by their `id`."""

    ticket: str = ""
    text: str = ""
    at: float = 0.0
    names: dict[int, tuple[bytes, str]] = field(default_factory=dict)


class SetFolder:
    """The folder. Nothing is made before the first set is written. Its callers take turns with `write` and `drop`."""

    def __init__(self, folder: Path, seconds: float = SECONDS) -> None:
        """
        Args:
            seconds: how long a set is there since something was done with it.
        """
        self.folder, self.seconds = folder, seconds
        self._written = WeakKeyDictionary[LabelSet, Written]()

    def write(self, ticket: str, labelled: LabelSet) -> None:
        """The set of a ticket as it is now.

        Raises:
            OSError: it cannot be written; then the file of before is there.
        """
        before, names = self._written.get(labelled, Written()), dict[int, tuple[bytes, str]]()

        def name_of(data: bytes) -> str:
            same, name = before.names.get(id(data), (b"", ""))
            names[id(data)] = (data, name if same is data else sha256(data).hexdigest())
            return names[id(data)][1]

        text, now = json.dumps(_as_json(labelled, name_of)), time.time()
        if (ticket, text) == (before.ticket, before.text) and 0 <= now - before.at < AGAIN:
            return
        self._make()
        for data, name in names.values():
            try:
                os.utime(self.folder / name)
            except FileNotFoundError:
                self._put(name, data)
        self._put(f"{ticket}.json", text.encode())
        self._written[labelled] = Written(ticket, text, now, names)

    def read(self, ticket: str) -> LabelSet | None:
        """The set of a ticket; None where there is none, or a file of it is damaged.

        Raises:
            InputError: the studio holds as many sets as it can at the moment.
        """
        if not TICKET.fullmatch(ticket):
            return None
        file = self.folder / f"{ticket}.json"
        try:
            if time.time() - file.stat().st_mtime > self.seconds:
                return None
            labelled, items = _from_json(json.loads(file.read_bytes()), self._get)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None
        unsaved = labelled.unsaved
        labelled.add(items)
        labelled.unsaved = unsaved
        return labelled

    def drop(self, ticket: str) -> None:
        """The set of a ticket goes, with those of its bytes that no other set has."""
        with suppress(OSError):
            file = self.folder / f"{ticket}.json"
            names = set(re.findall(r"\b[0-9a-f]{64}\b", file.read_text("utf-8")))
            file.unlink()
            for other in self.folder.glob("*.json"):
                with suppress(OSError):
                    names -= set(re.findall(r"\b[0-9a-f]{64}\b", other.read_text("utf-8")))
            for name in names:
                (self.folder / name).unlink(missing_ok=True)

    def _make(self) -> None:
        """The folder is there, and nobody else's."""
        with suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)
        found = self.folder.lstat()
        private = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
        if not stat.S_ISDIR(found.st_mode) or not private:
            raise PermissionError(errno.EPERM, "the folder of labelled sets is not this user's own", str(self.folder))

    def _put(self, name: str, data: bytes) -> None:
        """A file's content is this, or as before if the process is killed meanwhile."""
        handle, draft = tempfile.mkstemp(dir=self.folder)  # readable by this user only
        try:
            with open(handle, "wb") as file:
                file.write(data)
            os.replace(draft, self.folder / name)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise

    def _get(self, name: str) -> bytes:
        """The bytes of that SHA-256.

        Raises:
            OSError, ValueError: they are not there, or others are.
        """
        data = (self.folder / name).read_bytes()
        if sha256(data).hexdigest() != name:
            raise ValueError("a file of a set is damaged")
        return data


def _as_json(labelled: LabelSet, name_of: Callable[[bytes], str]) -> dict[str, Any]:
    """A set as plain values; `name_of` gives the name of bytes that are a file of their own."""
    canvas, number = labelled.canvas
    return {
        **{name: getattr(labelled, name) for name in PLAIN},
        "palette": labelled.palette.to_json(),
        "canvas": [base64.b64encode(canvas).decode(), number],
        "items": [_item_as_json(item, name_of) for item in list(labelled.items)],
    }


def _item_as_json(item: Item, name_of: Callable[[bytes], str]) -> dict[str, Any]:
    labels = item.labels
    proposal = item.proposal if labels is None else None  # one that was corrected has had its use
    return {
        "name": item.name,
        "file": name_of(item.file),
        "suffix": item.suffix,
        "shape": item.shape,
        "labels": name_of(labels) if labels is not None else None,
        "accepted": item.accepted,
        "proposal": [name_of(proposal.labels), name_of(proposal.margin)] if proposal is not None else None,
    }


def _from_json(raw: Any, get: Callable[[str], bytes]) -> tuple[LabelSet, list[Item]]:
    """The inverse of `_as_json`: a set without its photos, and these.

    Raises:
        OSError, ValueError, LookupError, TypeError: something is not there, or damaged.
    """
    packed, number = raw["canvas"]
    palette = read_palette(raw["palette"].encode(), "of a set")
    labelled = LabelSet(palette, **{name: raw[name] for name in PLAIN}, canvas=(base64.b64decode(packed), number))
    items = []
    for one in raw["items"]:
        labels, proposal = one["labels"], one["proposal"]
        items.append(
            Item(
                name=one["name"],
                file=get(one["file"]),
                suffix=one["suffix"],
                shape=(one["shape"][0], one["shape"][1]),
                labels=get(labels) if labels is not None else None,
                accepted=one["accepted"],
                proposal=Proposal(get(proposal[0]), get(proposal[1])) if proposal is not None else None,
            )
        )
    return labelled, items
