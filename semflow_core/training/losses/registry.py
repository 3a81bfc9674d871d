"""The terms of the flow's loss beside the squared error: one key of the configuration per term."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

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
