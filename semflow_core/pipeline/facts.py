"""What a model is, without its networks: names, sizes, classes, colours. Known long before networks are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from ..method.appearance import Appearance
from ..method.codebook import Codebook
from ..method.colors import RegionColors
from ..method.perturbation import Perturbation
from ..requests import SegmentationRequest


class ModelFacts:
    """What a model is beside its networks.

    Args:
        codebook: the anchors of the label set.
        perturbation: what the model was trained with, the default of requests.
        size: side in pixels of the square that the network works on; its height where `width` is another.
        aspect: width over height at which pictures are shown; photos are squeezed to the network's size.
        name: of the model.
        read_defaults: settings of a SegmentationRequest with which this model segments photos best, as measured.
        appearance: statistics of the colours of regions, which regional offsets then ask for; without, they are noise.
        width: in pixels, where the network does not work on a square.

    Raises:
        InputError: the perturbation is too large for the codebook, or `read_defaults` are no settings of a request.
    """

    def __init__(
        self,
        codebook: Codebook,
        perturbation: Perturbation,
        size: int = 256,
        aspect: float = 1.0,
        name: str = "",
        read_defaults: Mapping[str, Any] | None = None,
        appearance: Appearance | None = None,
        width: int | None = None,
    ) -> None:
        perturbation.check(codebook)
        self.codebook, self.palette = codebook, codebook.palette
        self.perturbation = perturbation
        self.size, self.aspect, self.name = size, aspect, name
        self.width = width or size
        self.read_defaults, self.appearance = dict(read_defaults or {}), appearance
        self.colors = RegionColors(codebook.palette, appearance)
        self.read_request(np.zeros((16, 16, 3), np.uint8))  # refuses settings that a SegmentationRequest does not have

    def read_request(self, photo: np.ndarray, **settings: Any) -> SegmentationRequest:
        """The request that segments a photo (H, W, 3) as this model does it best; `settings` win over its defaults."""
        return SegmentationRequest.from_dict({"model": self.name, **self.read_defaults, **settings, "photo": photo})

    def sized(self, labels: np.ndarray) -> np.ndarray:
        """Class ids (H, W) of any size -> (size, width), all that the network sees of them."""
        return cv2.resize(labels, (self.width, self.size), interpolation=cv2.INTER_NEAREST_EXACT)
