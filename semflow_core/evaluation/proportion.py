"""A share of answers with its interval."""

from __future__ import annotations

import math

from .bootstrap import Estimate

Z = 1.959963984540054  # the normal distribution has 95 % of its mass within so many deviations


def wilson(hits: int, n: int) -> Estimate:
    """The share hits / n in 0..100 with Wilson's 95 % interval, which holds at 0 and at n, too; nan of none.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if not n:
        return Estimate(math.nan, math.nan, math.nan)
    share, weight = hits / n, Z**2 / n
    centre = (share + weight / 2) / (1 + weight)
    half = Z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return Estimate(100 * share, 100 * max(0.0, centre - half), 100 * min(1.0, centre + half))
