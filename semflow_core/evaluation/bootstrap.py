"""Bootstrap intervals: the uncertainty of a figure that comes from the choice of pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

LEVEL = 0.95
REPLICATES = 1000


class Estimate(NamedTuple):
    """A figure and the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        """'61.2 [58.9, 63.5]'; a dash where the figure is nan."""
        if self.value != self.value:
            return "-"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def bootstrap(statistic: Callable[[np.ndarray], float], n: int, seed: int = 0) -> Estimate:
    """A statistic of n pictures with its 95 % interval.

    The percentiles of the resamples are moved by (statistic - mean of the resamples): a resample has repeats, so a
    figure that depends on the number of different pictures, as a Fréchet distance does, is biased in it.

    Args:
        statistic: the figure of the pictures with these indices, (n,) with repeats; nan where it is undefined.
        n: number of pictures.
        seed: seed of the resampling.
    """
    value = float(statistic(np.arange(n)))
    rng = np.random.default_rng(seed)
    replicates = np.array([statistic(rng.integers(n, size=n)) for _ in range(REPLICATES)], float)
    replicates = replicates[~np.isnan(replicates)]
    if not len(replicates):
        return Estimate(value, value, value)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail]) + value - replicates.mean()
    return Estimate(value, float(low), float(high))


def bootstrap_mean(values: np.ndarray, seed: int = 0) -> Estimate:
    """The mean of one value per picture, (n,), with its interval; pictures whose value is nan are left out."""
    return bootstrap(lambda index: mean_of(values[index]), len(values), seed)


def mean_of(values: np.ndarray) -> float:
    """The mean of the values that are not nan; nan where there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
