"""The terms of the flow's loss beside the squared error: one key of the configuration per term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ...errors import InputError
from .endpoint import EndpointConfig
from .off_path import OffPathConfig
from .photo_features import PhotoFeaturesConfig
from .photo_pixels import PhotoPixelsConfig
from .photo_reading import PhotoReadingConfig
from .reflow import ReflowConfig
from .term import TermConfig


@dataclass(frozen=True)
class Terms:
    """All are off by default: the paper's plain recipe. To remove a term, delete its file and its lines here."""

    endpoint: EndpointConfig = field(default_factory=EndpointConfig)
    off_path: OffPathConfig = field(default_factory=OffPathConfig)
    photo_features: PhotoFeaturesConfig = field(default_factory=PhotoFeaturesConfig)
    photo_pixels: PhotoPixelsConfig = field(default_factory=PhotoPixelsConfig)
    photo_reading: PhotoReadingConfig = field(default_factory=PhotoReadingConfig)
    reflow: ReflowConfig = field(default_factory=ReflowConfig)

    def items(self) -> Iterator[tuple[str, TermConfig]]:
        """Name and settings of each term."""
        for f in fields(Terms):
            value: Any = getattr(self, f.name)
            yield f.name, value

    def check(self, section: str, batch: int) -> None:
        """Raise InputError for a value out of bounds, and where a batch has too few samples for the terms.

        Args:
            section: the configuration's section whose keys the terms are.
            batch: samples per batch.
        """
        for name, term in self.items():
            for key in ("weight", "samples"):
                value = getattr(term, key, 0)
                if value < 0:
                    raise InputError(f"{section}.{name}.{key} is {value:g}; it must be at least 0")
        on = {name: term for name, term in self.items() if term.is_on}
        reserving = [f"{section}.{name}.samples" for name, term in on.items() if term.reserved]
        straight = batch - sum(term.reserved for term in on.values())
        for name, term in on.items():
            least = max(1, term.straight)
            if least > straight:
                counts = dict.fromkeys((f"{section}.{name}.samples", *reserving))
                raise InputError(
                    f"{section}.{name} needs {least} samples on the straight path, and a batch has {straight}; raise "
                    f"optim.batch, or change {' or '.join(counts)}"
                )

    def refuse_unread(self, section: str, values: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
        """Raise InputError for settings of a term that is off: they would change nothing.

        A file may keep the settings of a term that it switches off by name; one on the command line has no such reason.

        Args:
            section: the configuration's section.
            values, overrides: what the whole configuration and the command line say in that section.
        """
        for name, term in self.items():
            if term.is_on:
                continue
            for source, off_by_name in ((overrides.get(name), False), (values.get(name), True)):
                source = source if isinstance(source, Mapping) else {}
                more = [key for key in source if key != term.SWITCH]
                if more and not (off_by_name and term.SWITCH in source):
                    raise InputError(
                        f"{section}.{name}.{more[0]} is not read, as {section}.{name} is off; set "
                        f"{section}.{name}.{term.SWITCH}, or leave it out"
                    )
