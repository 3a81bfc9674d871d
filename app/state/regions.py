"""Regions that differ from the picture: by another seed, an offset of their own, a lock.

A region is a class, or a mirror pair of classes: two eyes are re-rolled, changed and locked together, as they draw
one regional offset (semflow_core/method/perturbation.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from semflow_core.method.appearance import Appearance, Offset
from semflow_core.method.palette import Palette
from semflow_core.method.perturbation import drawn_offset
from semflow_core.requests import SynthesisRequest

from .names import readable


@dataclass
class Regions:
    """What sets single regions apart from the picture's seed.

    Attributes:
        seeds: class id -> its own seed.
        offsets: class id -> its regional offset, in place of the one that its seed draws. It is set by hand and stays
            under a new seed, locked or not.
        locked: class ids that the dice and the variations leave alone, detail and all.
    """

    seeds: dict[int, int] = field(default_factory=dict)
    offsets: dict[int, Offset] = field(default_factory=dict)
    locked: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, request: SynthesisRequest) -> Regions:
        """Those of a request. Seeds of their own are locked, for somebody chose them."""
        seeds, offsets = dict(request.class_seeds), dict(request.offsets)
        return cls(seeds, offsets, set(seeds))

    def fields(self) -> dict[str, Any]:
        """The fields `class_seeds` and `offsets` of a request."""
        return {
            "class_seeds": tuple(sorted(self.seeds.items())),
            "offsets": tuple(sorted(self.offsets.items())),
        }

    def seed_of(self, class_id: int, seed: int) -> int:
        """The seed of a class in a picture of `seed`."""
        return self.seeds.get(class_id, seed)

    def offset_of(self, palette: Palette, class_id: int, seed: int, appearance: Appearance | None = None) -> Offset:
        """The offset of a class in a picture of `seed`: its own, or the one that its seed draws (by `appearance`)."""
        return self.offsets.get(class_id) or drawn_offset(palette, self.seed_of(class_id, seed), class_id, appearance)

    def reroll(self, region: tuple[int, ...], seed: int) -> None:
        """Draw a region anew, its offset with it."""
        for i in region:
            self.seeds[i] = seed
            self.offsets.pop(i, None)

    def set_offset(self, region: tuple[int, ...], offset: Offset) -> None:
        """Set a region's offset. It needs no lock to stay; a new seed draws the region's detail anew."""
        for i in region:
            self.offsets[i] = offset

    def reset(self, region: tuple[int, ...], seed: int) -> None:
        """As a picture of `seed` has it. A lock stays, and holds that."""
        for i in region:
            self.offsets.pop(i, None)
            self.seeds.pop(i, None)
            if i in self.locked:
                self.seeds[i] = seed

    def lock(self, region: tuple[int, ...], seed: int) -> None:
        """Keep a region as it is in a picture of `seed`."""
        for i in region:
            self.seeds.setdefault(i, seed)
            self.locked.add(i)

    def unlock(self, region: tuple[int, ...]) -> None:
        """Let the next dice have a region; until then it stays as it is."""
        self.locked -= set(region)

    def drop_unlocked(self) -> None:
        """A new seed comes: what is locked stays, and offsets."""
        self.seeds = {i: s for i, s in self.seeds.items() if i in self.locked}

    def copy(self, region: tuple[int, ...], other: Regions, seed: int) -> None:
        """Make a region look as in another picture, of `seed` and `other`. It is locked, detail and all."""
        for i in region:
            self.seeds[i] = other.seed_of(i, seed)
            self.offsets.pop(i, None)
            if i in other.offsets:
                self.offsets[i] = other.offsets[i]
        self.locked |= set(region)


def region_of(palette: Palette, class_id: int) -> tuple[int, ...]:
    """The classes that go together with one: itself, and its mirror class."""
    return tuple(sorted({class_id, int(palette.mirror_of_id[class_id])}))


def region_name(palette: Palette, class_id: int) -> str:
    """A region's name for people: "hair", "left eye + right eye"."""
    names = {c.id: readable(c.name)["name"] for c in palette.classes}
    return " + ".join(names[i] for i in region_of(palette, class_id))


def region_choices(palette: Palette, ids: Collection[int] | None = None) -> list[tuple[str, int]]:
    """(name, first class id) of every region, in the palette's order; with `ids` of those that have one of them."""
    firsts = {region_of(palette, i)[0] for i in (palette.ids.tolist() if ids is None else ids)}
    return [(region_name(palette, c.id), c.id) for c in palette.classes if c.id in firsts]
