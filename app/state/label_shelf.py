"""Sets of photos that are labelled, for pages that are loaded anew: each under a ticket that its browser tab keeps.

A ticket is a random number that nobody can guess; who has one gets a copy of the set. The sets are bounded in number,
in bytes and in time: those that another page has taken over go first, then the ones used longest ago. They are written
to a folder, too (`SetFolder`), out of which a server that was started anew takes them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from .label_folder import SECONDS, SetFolder
from .label_set import MIB, LabelSet, bytes_of

MOST_SETS = 200
MOST_BYTES = 512 * MIB  # of their photos together


@dataclass
class Place:
    """A set on the shelf, and whether a page that was loaded anew has gone on with a copy of it."""

    labelled: LabelSet
    taken_over: bool = False


class Shelf:
    """The sets of all visits of one studio."""

    def __init__(
        self,
        most: int = MOST_SETS,
        most_bytes: int = MOST_BYTES,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
        folder: SetFolder | None = None,
    ) -> None:
        """
        Args:
            most: sets that are held.
            most_bytes: of their photos together.
            seconds: how long a set is held since something was done with it.
            clock: that of `LabelSet.touched`.
            folder: where the sets outlive the process; None for nowhere.
        """
        self.most, self.most_bytes, self.seconds, self.clock = most, most_bytes, seconds, clock
        self.folder = folder
        self._places: dict[str, Place] = {}
        self._lock, self._disk = threading.Lock(), threading.Lock()  # where both are taken, the second one first

    def hold(self, labelled: LabelSet | None) -> str:
        """The ticket of a set, which is held from now on as it is and as it becomes; "" where there is none to hold."""
        with self._lock:
            if labelled is None or labelled.forgotten:
                return ""
            labelled.touched = self.clock()
            ticket = self._ticket_of(labelled) or secrets.token_urlsafe(24)
            self._places[ticket] = Place(labelled)
            self._make_room()
            if ticket not in self._places:
                return ""
        labelled.written = self.write
        labelled.write()
        return ticket

    def write(self, labelled: LabelSet) -> None:
        """What is held outlives the process as it is now. A disk that takes nothing keeps nobody from labelling."""
        with self._disk:
            with self._lock:
                ticket = self._ticket_of(labelled)
            if ticket and self.folder is not None:
                with suppress(OSError):
                    self.folder.write(ticket, labelled)

    def copy(self, ticket: str) -> LabelSet | None:
        """A copy of the set of a ticket, None where there is none. The set itself is among the first to go then.

        Raises:
            InputError: the studio holds as many sets as it can at the moment.
        """
        with self._lock:
            self._make_room()
            if ticket not in self._places and self.folder is not None:
                labelled = self.folder.read(ticket)
                if labelled is not None:
                    labelled.touched = self.clock()
                    self._places[ticket] = Place(labelled)
            place = self._places.get(ticket)
            if place is None:
                return None
            place.taken_over = True
            return place.labelled.copy()

    def drop(self, labelled: LabelSet | None) -> None:
        """A set is held no longer."""
        with self._disk:
            with self._lock:
                ticket = self._ticket_of(labelled)
                self._places.pop(ticket, None)
            if ticket and self.folder is not None:
                self.folder.drop(ticket)

    def _ticket_of(self, labelled: LabelSet | None) -> str:
        return next((ticket for ticket, place in self._places.items() if place.labelled is labelled), "")

    def _make_room(self) -> None:
        """What is too old goes, and of the rest what is too much."""
        oldest = self.clock() - self.seconds
        rest = [(ticket, place) for ticket, place in self._places.items() if place.labelled.touched >= oldest]
        rest.sort(key=lambda entry: (not entry[1].taken_over, entry[1].labelled.touched))
        while rest and (len(rest) > self.most or bytes_of(place.labelled for _, place in rest) > self.most_bytes):
            del rest[0]
        self._places = dict(rest)
