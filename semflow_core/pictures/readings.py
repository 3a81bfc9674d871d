"""Readings of the same pixel values, weighed against each other by where the classes would then lie.

Two readings are compared in the pixels in which they differ, and by the classes that change: each change of a class for
another counts once, or a hat, which is rare and large, would outweigh all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..method.palette import UNLABELLED, Palette
from ..method.palette_file import OWN_KEY
from .typical import small_foreground, typical_likelihood

# By how much one reading must be the likelier, in mean log likelihood per pixel that they differ in: to be preferred to
# the palette's own, and to need no word of doubt. `python -m benchmarks.reading` counts what these leave in doubt.
CLEAR, DOUBT = 1.0, 0.5
SLIGHT = 0.06  # share of pixels: readings of known places that differ in fewer are not weighed against each other
PLAUSIBLE = -3.0  # a reading must be at least that likely to count against the palette's own: of all data, 0.1 % is not


@dataclass(frozen=True)
class Translation:
    labels: np.ndarray  # (H, W) uint8 class ids, and 255 where a value stands for no class
    translated: str = ""  # what the values were taken for, a sentence; "" for the palette's own ids
    uncertain: str = ""  # what else they could be, a sentence
    key: str = ""  # one of `ids_keys`: the convention that was taken; "" for pairs


@dataclass(frozen=True)
class Reading:
    """A translation by its convention's key, and how well its classes lie where they usually do."""

    key: str
    classes: np.ndarray  # (n,) uint8, the class id of each value that occurs, by ascending value
    small: np.ndarray  # its foreground, small
    likelihood: np.ndarray  # log likelihood per pixel of it, pixels of no class counting as rare; 0 where none is known

    @classmethod
    def of(cls, key: str, labels: np.ndarray, classes: np.ndarray, palette: Palette) -> Reading:
        """Of the whole of it, (H, W) class ids, and of each value that occurs."""
        small = small_foreground(labels, palette.background)
        likelihood = typical_likelihood(labels, palette)
        return cls(key, classes, small, np.zeros(small.shape) if likelihood is None else likelihood)

    @property
    def mean(self) -> float:
        return float(self.likelihood.mean())

    @property
    def is_usual(self) -> bool:
        """Whether its classes lie where they usually do, as far as that is known, and most of it has a class."""
        return self.mean >= PLAUSIBLE and bool((self.small != UNLABELLED).mean() >= 0.5)

    def is_likelier(self, other: Reading, by: float) -> bool:
        """Whether it is so much the likelier, per pixel that the two differ in, and by classes; and likely at all."""
        return self.mean >= PLAUSIBLE and self.lead(other) >= by and self.lead_of_classes(other) >= 0

    def lead(self, other: Reading) -> float:
        """By how much it is the likelier, per pixel that the two differ in; 0 where they do not."""
        differ = self.small != other.small
        return float((self.likelihood - other.likelihood)[differ].mean()) if differ.any() else 0.0

    def lead_of_classes(self, other: Reading) -> float:
        """As `lead`, but each change of a class for another counts once: a hat is rare, and as large as all others."""
        differ = self.small != other.small
        changes = self.small[differ].astype(np.int64) * 256 + other.small[differ]
        _, change, counts = np.unique(changes, return_inverse=True, return_counts=True)
        leads = np.bincount(change, (self.likelihood - other.likelihood)[differ]) / counts
        return float(leads.mean()) if len(leads) else 0.0

    def is_doubted(self, other: Reading) -> bool:
        """Whether the other could be meant as well."""
        if np.array_equal(self.classes, other.classes):
            return False
        if self.key == OWN_KEY and self.is_slightly_other(other):
            return False
        return self.lead(other) < DOUBT and self.lead_of_classes(other) < DOUBT

    def is_slightly_other(self, other: Reading) -> bool:
        """Whether the two differ in so few pixels of known places that these are not weighed; itself included."""
        return self is other or bool(self.likelihood.any() and (self.small != other.small).mean() < SLIGHT)


def likeliest_of(readings: Sequence[Reading], palette: Palette) -> Reading:
    """The likeliest of readings; of those that differ little from it (in left and right) the one with the fewest ids.

    A mask of LaPa's has all ids that LaPa knows; one of the makeup transfer set's seldom lacks all that LaPa does.
    """
    best = max(readings, key=lambda r: r.mean)
    sizes = {c.key: len(c.values) for c in palette.foreign.ids}
    return min((r for r in readings if r.is_slightly_other(best)), key=lambda r: (sizes[r.key], -r.mean))
