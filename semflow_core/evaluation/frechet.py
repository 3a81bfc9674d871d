"""Two distances between sets of photos from a network's features (N, d): the Fréchet and the kernel distance.

The Fréchet distance compares means and covariances. With fewer photos than features it is mostly bias, which falls as
n grows, so it is compared at equal n only. The kernel distance (KID's polynomial MMD) has no bias at any n.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import NamedTuple

import numpy as np

from ..errors import InputError


class Products(NamedTuple):
    """Inner products of the features of two sets; the Fréchet distance of any resample follows from them."""

    aa: np.ndarray  # (n, n)
    bb: np.ndarray  # (m, m)
    ab: np.ndarray  # (n, m)
    width: int  # number of features


def products(a: np.ndarray, b: np.ndarray) -> Products:
    """The inner products of features (n, d) and (m, d).

    Raises:
        InputError: a set has fewer than two rows.
    """
    check_sets(a, b)
    # distances do not depend on the origin, and a near one keeps more digits
    origin = a.mean(0, dtype=float)
    a, b = a - origin, b - origin
    return Products(a @ a.T, b @ b.T, a @ b.T, a.shape[1])


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """|mean_a - mean_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^1/2), C the unbiased covariances.

    Args:
        a, b: features (n, d) and (m, d).

    Raises:
        InputError: a set has fewer than two rows.
    """
    return frechet_of(products(a, b), np.arange(len(a)), np.arange(len(b)))


def frechet_of(p: Products, i: np.ndarray, j: np.ndarray) -> float:
    """The Fréchet distance between rows i of a and rows j of b."""
    n, m = len(i), len(j)
    aa, bb, ab = p.aa[np.ix_(i, i)], p.bb[np.ix_(j, j)], p.ab[np.ix_(i, j)]
    mean = aa.mean() + bb.mean() - 2 * ab.mean()
    traces = (aa.trace() - n * aa.mean()) / (n - 1) + (bb.trace() - m * bb.mean()) / (m - 1)
    # with C_a = x'x and C_b = y'y, tr (C_a C_b)^1/2 is the sum of the singular values of x y'
    centred = ab - ab.mean(0) - ab.mean(1)[:, None] + ab.mean()
    cross = np.linalg.svd(centred, compute_uv=False).sum() / np.sqrt((n - 1) * (m - 1))
    return float(mean + traces - 2 * cross)


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """KID's squared MMD with the kernel (x.y / d + 1)^3, unbiased, so it may be below 0.

    The mean of k(a_i, a_j) + k(b_i, b_j) - k(a_i, b_j) - k(b_i, a_j) over i != j (Gretton et al. 2012, Eq. 4). Unlike
    the form with k(a_i, b_i) it is unbiased where a_i and b_i depend on each other: a photo and its synthesis.

    Args:
        a, b: features, both (n, d).

    Raises:
        InputError: the sets differ in size, or have fewer than two rows.
    """
    return off_diagonal(kernel_terms(a, b))


def kernel_terms(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The terms of the kernel distance, (n, n) by i and j.

    Raises:
        InputError: the sets differ in size, or have fewer than two rows.
    """
    check_sets(a, b)
    if len(a) != len(b):
        raise InputError(f"sets of photos are compared at equal size; here are {len(a)} and {len(b)}")
    aa, bb, ab = (_kernel(x.astype(float), y.astype(float)) for x, y in ((a, a), (b, b), (a, b)))
    return aa + bb - ab - ab.T


def off_diagonal(values: np.ndarray, index: np.ndarray | None = None) -> float:
    """Mean over the pairs of different rows of (n, n); nan where there is none.

    Args:
        index: the rows to use, with repeats (`bootstrap`); a row never makes a pair with itself.
    """
    i = np.arange(len(values)) if index is None else index
    other = i[:, None] != i[None, :]
    return float(values[np.ix_(i, i)][other].mean()) if other.any() else float("nan")


def subset(n: int, size: int, seed: int) -> np.ndarray:
    """`size` different indices below n, sorted; it brings sets to equal size."""
    return np.sort(np.random.default_rng(seed).choice(n, size, replace=False))


def check_sets(*sets: Sized) -> None:
    """Raise InputError if a set has fewer than two rows."""
    for rows in sets:
        if len(rows) < 2:
            raise InputError(f"a distance between sets of photos needs at least 2 in each, here is {len(rows)}")


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3
