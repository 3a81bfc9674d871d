"""A set of photos that somebody labels: which are accepted, what is on their canvases, and where the visit stands."""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette

from .label_item import Item, pack, unpack
from .model_state import ModelState
from .names import in_short
from .own_palette import same_names
from .sheet import Sheet

MIB = 2**20
MAX_LABELLED = 200  # photos of a set
MAX_SET = 32 * MIB  # bytes of its photos
MAX_SETS = 1024 * MIB  # of all visits
BOUNDS = f"a set holds at most {MAX_LABELLED} photos and {MAX_SET // MIB} MB"
_sets: weakref.WeakSet[LabelSet] = weakref.WeakSet()  # of all visits
_lock = threading.Lock()


@dataclass(eq=False)
class LabelSet:
    """The set of one visit.

    Attributes:
        at: index of the photo on the canvas.
        own: whether the classes are no model's, so that nothing paints them.
        open: whether the canvas shows the set; something else may have landed there since.
        shown: counts the photos that came to the canvas: undo ends there.
        name: the folder's in the saved file.
        minutes: of the training that its configuration describes.
        model: which one proposed its layouts last; "" for none.
        proposed: whether what came to the canvas last had the model's proposal, if the photo has one.
        seen: whether a canvas came back with something on it since: an empty one then says that nothing is there.
        state: what a model has of the set's photo while it is shown; what it had before stays as it was.
        unsaved: whether anything changed since it was saved.
        asked: whether somebody was told so who wants to start another, and nothing changed since.
        canvas: as the page has it now, compressed, and the number of the photo that it is of (`Sheet`).
        touched: when something was done with the set last, by `time.monotonic`.
        ticket: what its page was told to keep (`Shelf`).
        renewed: what was on the canvas when other classes were saved, until it has them.
        forgotten: whether the visitor wants nothing of it to be kept for a reload, and has not gone on with it since.
        written: called by `write`; it takes the set as it is now to where it outlives the server's process.
    """

    palette: Palette
    own: bool
    items: list[Item] = field(default_factory=list)
    at: int = 0
    open: bool = False
    shown: int = 0
    name: str = "my_set"
    minutes: float = 60.0
    model: str = ""
    proposed: bool = False
    seen: bool = False
    state: ModelState = field(default_factory=ModelState)
    unsaved: bool = False
    asked: bool = False
    canvas: tuple[bytes, int] = (b"", 0)
    touched: float = field(default_factory=time.monotonic)
    ticket: str = ""
    renewed: np.ndarray | None = None
    forgotten: bool = False
    written: Callable[[LabelSet], None] | None = None

    def __post_init__(self) -> None:
        _sets.add(self)

    @property
    def item(self) -> Item:
        """The photo on the canvas."""
        return self.items[self.at]

    @property
    def size(self) -> int:
        """Bytes of its photos."""
        return sum(len(item.file) for item in self.items)

    @property
    def accepted(self) -> list[Item]:
        """What will be trained on."""
        return [item for item in self.items if item.accepted]

    def copy(self) -> LabelSet:
        """The set for another visit, with what is on the canvas; neither changes with the other from then on."""
        copy = replace(self, items=[replace(item) for item in self.items], state=ModelState(), asked=False, ticket="")
        copy.written = copy.renewed = None
        packed, number = copy.canvas
        if packed and number == copy.shown and copy.items:
            copy.keep_changes(Sheet(unpack(packed, copy.item.shape), number))
        return copy

    def progress(self) -> str:
        """How far it is, as a sentence."""
        return f"{len(self.accepted)} of {len(self.items)} accepted. Photo {self.place()}: {in_short(self.item.name)}"

    def place(self) -> str:
        """The photo on the canvas by its number, and how many there are."""
        return f"{self.at + 1} of {len(self.items)}"

    def line(self) -> str:
        """`progress`, and which model proposes."""
        return f"{self.progress()}." + (f" Proposed by the model {self.model}." if self.model else "")

    def add(self, items: list[Item]) -> None:
        """Put photos to the end; all of them or none. A name that is there already gets a number.

        Raises:
            InputError: they are too many or too large for one set, or for all that the studio holds now.
        """
        with _lock:
            more = sum(len(item.file) for item in items)
            if len(self.items) + len(items) > MAX_LABELLED or self.size + more > MAX_SET:
                raise InputError(f"these are too many photos: {BOUNDS}; label them in parts")
            if bytes_of(list(_sets)) + more > MAX_SETS:
                raise InputError(
                    "the studio holds as many sets as it can at the moment; try again later, or with fewer photos"
                )
            names = {item.name.lower() for item in self.items}
            for item in items:
                name, number = item.name, 2
                while item.name.lower() in names:
                    item.name, number = f"{name}_{number}", number + 1
                names.add(item.name.lower())
            self.items += items
        self.note_work()

    def new_of(self, items: list[Item]) -> list[Item]:
        """Those of some photos that are not in the set yet. Of the others it takes what is accepted, where it has
        nothing that is."""
        here = {item.file: item for item in self.items}
        new = list[Item]()
        for item in items:
            known = here.get(item.file)
            if known is None:
                new.append(item)
            elif item.accepted and not known.accepted:
                known.labels, known.accepted = item.labels, True
        return new

    def shows(self, sheet: Sheet) -> bool:
        """Whether a canvas is that of the photo that is labelled now, and not of the one before, which came late."""
        return self.open and bool(self.items) and sheet.number == self.shown and sheet.labels.shape == self.item.shape

    def note_work(self) -> None:
        """Something changed that is to be saved."""
        self.unsaved, self.asked, self.forgotten, self.touched = True, False, False, time.monotonic()

    def keep(self, labels: np.ndarray) -> None:
        """The photo's layout is this.

        Raises:
            InputError: an id is no class.
        """
        self.palette.index(labels)
        self.item.labels = pack(labels)

    def keep_changes(self, sheet: Sheet) -> None:
        """What was painted on the photo is its layout; a proposal that nobody changed stays one, also before it is
        shown. A canvas of something else changes nothing."""
        if not self.shows(sheet):
            return
        labels = sheet.labels
        waiting = self.item.labels is None and (labels == self.palette.background).all() and not self.seen
        if not waiting and not np.array_equal(labels, self.item.mask(self.palette)):
            self.keep(labels)
            self.note_work()

    def see(self, sheet: Sheet) -> None:
        """A canvas as the page has it now."""
        if not self.shows(sheet):
            return
        self.seen |= bool((sheet.labels != self.palette.background).any())
        self.canvas, self.touched = (pack(sheet.labels), sheet.number), time.monotonic()
        self.forgotten &= np.array_equal(sheet.labels, self.item.mask(self.palette))
        self.write()

    def write(self) -> None:
        """What has changed outlives the server's process, too."""
        if self.written is not None:
            self.written(self)

    def is_untouched(self, sheet: Sheet) -> bool:
        """Whether the canvas is empty for a proposal is not on it yet, and not because somebody says so."""
        blank = self.item.labels is None and bool((sheet.labels == self.palette.background).all())
        return self.shows(sheet) and blank and not self.proposed

    def accept(self, sheet: Sheet) -> None:
        """The canvas is right: on to the next photo that is not accepted, or to the one after.

        Raises:
            InputError: the canvas shows another picture, or ids that are no class.
        """
        if not self.shows(sheet):
            raise InputError("the photo to accept is not on the canvas yet; press Enter once its photo is there")
        self.keep(sheet.labels)
        self.item.accepted = True
        self.note_work()
        after = [*range(self.at + 1, len(self.items)), *range(self.at)]
        following = [i for i in after if not self.items[i].accepted]
        self.at = following[0] if following else min(self.at + 1, len(self.items) - 1)

    def go(self, by: int) -> None:
        """Forward or back, up to the ends."""
        self.at = max(0, min(len(self.items) - 1, self.at + by))

    def start_at_rest(self) -> None:
        """To the first photo that is not accepted."""
        self.at = next((i for i, item in enumerate(self.items) if not item.accepted), 0)

    def waiting(self) -> Item | None:
        """The next photo that wants a proposal: the one on the canvas, or the one that comes after it."""
        around = [self.item, *self.items[self.at + 1 :]]
        candidates = [item for item in around if not item.accepted][:2]
        return next((item for item in candidates if item.labels is None and item.proposal is None), None)

    def used(self) -> Counter[int]:
        """In how many masks a class is, by its id."""
        masks = (unpack(item.labels, item.shape) for item in self.items if item.labels is not None)
        return Counter(i for mask in masks for i in np.unique(mask).tolist())

    def change_palette(self, palette: Palette, edited: bool = False) -> None:
        """Other classes, of which the masks that are there must have enough. Proposals of before are dropped.

        Args:
            edited: these are the set's own classes, renamed, moved, fewer or more: the masks keep their ids. Of other
                classes they get those of the same names; what was background without such a name stays background.

        Raises:
            InputError: a class is missing that is in a mask.
        """
        names = {c.id: c.name for c in self.palette.classes}
        ids = {c.id: c.id for c in palette.classes}
        if not edited:
            ids = {self.palette.background: palette.background, **same_names(self.palette, palette)}
        for i, count in self.used().items():
            if i not in ids:
                pictures = "1 picture" if count == 1 else f"{count} pictures"
                if edited:
                    raise InputError(f"'{names[i]}' is in {pictures}; repaint it there first, or keep the class")
                raise InputError(f"'{names[i]}' is in {pictures}, and “{palette.title}” has no such class")
        table = np.zeros(256, np.uint8)
        table[list(ids)] = list(ids.values())
        for item in self.items:
            item.proposal = None
            if item.labels is not None:
                item.labels = pack(table[unpack(item.labels, item.shape)])
        self.palette = palette
        self.note_work()


def bytes_of(sets: Iterable[LabelSet]) -> int:
    """Bytes of the photos of some sets; a set and its copy have theirs in common."""
    return sum({id(item.file): len(item.file) for labelled in sets for item in list(labelled.items)}.values())
