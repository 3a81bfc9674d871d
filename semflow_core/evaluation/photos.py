"""Figures of synthesised photos: against real ones, and among the seeds of one layout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from .bootstrap import bootstrap, bootstrap_mean, mean_of
from .diversity import SEEDS, STD_SEEDS, distances, pixel_std, region_spreads
from .features import FeatureNetwork
from .frechet import check_sets, frechet_of, kernel_terms, off_diagonal, products
from .lpips import Distance
from .report import Figures

Photos = Sequence[np.ndarray]  # (H, W, 3) uint8, all of one size

TO_PHOTO = "to the photo"
BETWEEN = f"between {SEEDS} seeds"
STD = f"pixel std of {STD_SEEDS} seeds"
REGIONS = f"colour spread of regions over {SEEDS} seeds"


class PhotoMetrics:
    """Compares sets of N photos with the N real ones of a split, by every network that is available.

    Args:
        real: the split's photos, at least two.
        networks: the feature networks; if empty, only pixels are compared.
        lpips: LPIPS, or None where it is not available.
        seed: seed of the bootstrap.
        layouts: the photos' class ids (N, S, S); without, the colours of regions are not compared.

    Raises:
        InputError: there are fewer than two photos.
    """

    def __init__(
        self,
        real: Photos,
        networks: Sequence[FeatureNetwork],
        lpips: Distance | None = None,
        seed: int = 0,
        layouts: np.ndarray | None = None,
    ) -> None:
        check_sets(real)
        self.real, self.networks, self.lpips, self.seed, self.layouts = real, networks, lpips, seed, layouts
        self.features = [network.features(real) for network in networks]

    def against(self, photos: Photos, paired: bool) -> Figures:
        """N photos against the real ones.

        Args:
            paired: photos[i] is meant to show what real[i] shows, so they are also compared one by one.
        """
        n, figures = len(self.real), Figures()
        for network, real in zip(self.networks, self.features):
            other = network.features(photos)
            inner = products(real, other)
            figures[network.frechet] = bootstrap(lambda i, p=inner: frechet_of(p, i, i), n, self.seed)
            terms = 1000 * kernel_terms(real, other)
            figures[network.kernel] = bootstrap(lambda i, t=terms: off_diagonal(t, i), n, self.seed)
            if paired:
                each = np.linalg.norm(other.astype(float) - real, axis=1)
                figures[f"{network.distance} {TO_PHOTO}"] = bootstrap_mean(each, self.seed)
        if self.lpips and paired:
            figures[f"LPIPS {TO_PHOTO}"] = bootstrap_mean(self.lpips(photos, self.real), self.seed)
        return figures

    def each_between(self, groups: Sequence[Photos]) -> dict[str, np.ndarray]:
        """Diversity per layout by name, (layouts,) each, from the photos by seed of each of the first layouts."""
        values = {}
        for network in self.networks:
            pairwise = [off_diagonal(distances(network.features(group))) for group in groups]
            values[f"{network.distance} {BETWEEN}"] = np.array(pairwise)
        if self.lpips:
            values[f"LPIPS {BETWEEN}"] = np.array([_lpips_pairs(self.lpips, group) for group in groups])
        values[STD] = np.array([pixel_std(group[:STD_SEEDS]) for group in groups])
        if self.layouts is not None:
            spreads = [region_spreads(g, m[None].repeat(len(g), 0)) for g, m in zip(groups, self.layouts)]
            values[REGIONS] = np.array([mean_of(np.array(list(s.values()), float)) for s in spreads])
        return values

    def between(self, groups: Sequence[Photos]) -> Figures:
        """Diversity from each layout's photos by seed: the means of `each_between` over the layouts."""
        return {k: bootstrap_mean(v, self.seed) for k, v in self.each_between(groups).items()}

    def between_real(self) -> Figures:
        """The same figures among the real photos, as the scale for `between`."""
        figures, n = Figures(), len(self.real)
        for network, features in zip(self.networks, self.features):
            d = distances(features)
            figures[f"{network.distance} {BETWEEN}"] = bootstrap(lambda i, d=d: off_diagonal(d, i), n, self.seed)
        if self.lpips:
            # pairs of neighbours in the split's order; all n^2 pairs would take minutes
            each = self.lpips(self.real[1:], self.real[:-1])
            figures[f"LPIPS {BETWEEN}"] = bootstrap_mean(each, self.seed)
        groups = [self.real[i : i + STD_SEEDS] for i in range(0, n - STD_SEEDS + 1, STD_SEEDS)] or [self.real]
        figures[STD] = bootstrap_mean(np.array([pixel_std(g) for g in groups]), self.seed)
        if self.layouts is not None:
            # each class's spread over all photos, averaged over the classes of each layout as over seeds
            spreads = region_spreads(self.real, self.layouts)
            of_layouts = [[spreads[i] for i in np.unique(m).tolist() if i in spreads] for m in self.layouts]
            figures[REGIONS] = bootstrap_mean(np.array([mean_of(np.array(s, float)) for s in of_layouts]), self.seed)
        return figures


def _lpips_pairs(lpips: Distance, photos: Photos) -> float:
    a, b = zip(*combinations(photos, 2))
    return float(lpips(a, b).mean())
