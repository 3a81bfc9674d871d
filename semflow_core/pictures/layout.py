"""A layout that was read: its class ids, and the line that says what was read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..method.palette import UNLABELLED, Palette
from .pixels import histogram

MOST_NAMED = 6  # classes that a line names


@dataclass(frozen=True)
class Layout:
    """Class ids, and how they were read.

    Attributes:
        labels: (H, W) uint8 class ids.
        form: what kind of file they were read from, such as "indexed PNG".
        translated: what was taken for something else than it is, in sentences; "" if nothing was.
        uncertain: what could not be read for certain, in sentences; "" if nothing.
        turned: whether the file's own EXIF turned it.
        ids: whose ids its pixel values are, one of `foreign.ids_keys`; "" for colours and parts.
    """

    labels: np.ndarray
    form: str = ""
    translated: str = ""
    uncertain: str = ""
    ids: str = ""
    turned: bool = False

    @property
    def note(self) -> str:
        """What was assumed or could not be read for certain; "" if nothing."""
        return f"{self.translated} {self.uncertain}".strip()

    def line(self, palette: Palette) -> str:
        """What was read, in one line: format, classes with their shares, and the note."""
        ids, counts = histogram(self.labels)
        names = {c.id: c.name for c in palette.classes} | {UNLABELLED: "unlabelled"}
        order = np.argsort(-counts, kind="stable")
        shares = [f"{names[int(ids[i])]} {percent(float(counts[i]) / self.labels.size)}" for i in order]
        more = f" and {len(shares) - MOST_NAMED} more" if len(shares) > MOST_NAMED else ""
        height, width = self.labels.shape
        found = f"{len(ids)} {'class' if len(ids) == 1 else 'classes'}: {', '.join(shares[:MOST_NAMED])}{more}"
        return f"Read {self.form}, {width}x{height}, {found}. {self.note}".strip()


def percent(share: float) -> str:
    """A share as it stands in a line."""
    return f"{100 * share:.0f} %" if share >= 0.01 else "below 1 %"
