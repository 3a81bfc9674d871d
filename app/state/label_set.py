"""A set of photos that somebody labels: which are accepted, what is on the canvas of each, and where the visit stands.

Everything is kept as small as it travels: photos as files, class ids and margins compressed.
"""

from __future__ import annotations

import threading
import weakref
import zlib
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from semflow_core.errors import InputError
from semflow_core.method.palette import Palette
from semflow_core.pictures.photos import read_photo

from .model_state import ModelState
from .own_palette import same_names
from .sheet import Sheet

MIB = 2**20
MAX_LABELLED = 200  # photos of a set
MAX_SET = 32 * MIB  # bytes of its photos
MAX_SETS = 1024 * MIB  # of all visits
BOUNDS = f"a set holds at most {MAX_LABELLED} photos and {MAX_SET // MIB} MB"
_sets: weakref.WeakSet[LabelSet] = weakref.WeakSet()  # of all visits
_lock = threading.Lock()


@dataclass(frozen=True)
class Proposal:
    """What a model proposes for a photo."""

    labels: bytes  # compressed class ids of the set's palette
    margin: bytes  # compressed (H, W) uint8, 255 for certain


@dataclass
class Item:
    """A photo of the set.

    Attributes:
        name: of its files, without a suffix.
        file, suffix: the photo as it is saved.
        shape: height and width in pixels, those of its mask, too.
        labels: compressed class ids (H, W), as they were on the canvas last; None before anything was.
        accepted: whether somebody said that they are right.
    """

    name: str
    file: bytes
    suffix: str
    shape: tuple[int, int]
    labels: bytes | None = None
    accepted: bool = False
    proposal: Proposal | None = None

    def pixels(self) -> np.ndarray:
        """The photo, (H, W, 3) uint8."""
        return read_photo(self.file)

    def mask(self, palette: Palette) -> np.ndarray:
        """What belongs on the canvas: what was there last, or the proposal, or all background."""
        packed = self.labels or (self.proposal.labels if self.proposal is not None else None)
        if packed is None:
            return np.full(self.shape, palette.background, np.uint8)
        return unpack(packed, self.shape)

    def margin(self) -> np.ndarray | None:
        """How certain the proposal is, (H, W) float32 in 0..1."""
        if self.proposal is None:
            return None
        return unpack(self.proposal.margin, self.shape).astype(np.float32) / 255


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
        proposed: whether what came to the canvas last had the model's proposal, if the photo has one.
        seen: whether a canvas came back with something on it since: an empty one then says that nothing is there.
        state: what a model has of the set's photo while it is shown; what it had before stays as it was.
        unsaved: whether anything changed since it was saved.
        asked: whether somebody was told so who wants to start another, and nothing changed since.
    """

    palette: Palette
    own: bool
    items: list[Item] = field(default_factory=list)
    at: int = 0
    open: bool = False
    shown: int = 0
    name: str = "my_set"
    minutes: float = 60.0
    proposed: bool = False
    seen: bool = False
    state: ModelState = field(default_factory=ModelState)
    unsaved: bool = False
    asked: bool = False

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

    def progress(self) -> str:
        """How far it is, as a sentence."""
        return f"{len(self.accepted)} of {len(self.items)} accepted. Photo {self.at + 1}: {self.item.name}"

    def add(self, items: list[Item]) -> None:
        """Put photos to the end; all of them or none. A name that is there already gets a number.

        Raises:
            InputError: they are too many or too large for one set, or for all that the studio holds now.
        """
        with _lock:
            more = sum(len(item.file) for item in items)
            if len(self.items) + len(items) > MAX_LABELLED or self.size + more > MAX_SET:
                raise InputError(f"these are too many photos: {BOUNDS}; label them in parts")
            if sum(s.size for s in list(_sets)) + more > MAX_SETS:
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

    def shows(self, sheet: Sheet) -> bool:
        """Whether a canvas is that of the photo that is labelled now, and not of the one before, which came late."""
        return self.open and bool(self.items) and sheet.number == self.shown and sheet.labels.shape == self.item.shape

    def note_work(self) -> None:
        """Something changed that is to be saved."""
        self.unsaved, self.asked = True, False

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
        self.seen |= self.shows(sheet) and bool((sheet.labels != self.palette.background).any())

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


def pack(labels: np.ndarray) -> bytes:
    """(H, W) uint8, compressed."""
    return zlib.compress(np.ascontiguousarray(labels, np.uint8).tobytes(), 3)


def unpack(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    """The inverse of `pack`."""
    return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape).copy()
