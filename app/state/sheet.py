"""A canvas on its way: the class ids, and whose they are. What comes late is known by its number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sheet:
    """What is on the canvas.

    Attributes:
        labels: class ids, (H, W) uint8.
        number: of a photo that is labelled, as it was shown (`LabelSet.shown`); 0 for a layout of a model.
        landing: of what landed in the canvas (`ModelState.landing`), with all that was painted on it since.
    """

    labels: np.ndarray
    number: int = 0
    landing: int = 0
