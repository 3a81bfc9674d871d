"""Which class gets which anchor: `python -m semflow_core.training.anchors CONFIG [data=DIR]`.

A blur between two regions passes along the line between their anchors; where a third class's anchor is nearer,
a ghost class appears at the border. This searches an order in which frequent neighbours have no third
class between them, by simulated annealing, and prints its cost beside the paper's and the configuration's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from ..data.pairs import data_root
from ..errors import InputError
from ..method.codebook import anchor_colors
from ..method.palette import Palette
from .config import domain_of, read_config

ALONG = np.linspace(0, 1, 17)[1:-1]  # places on a border's blend


def neighbour_weights(masks: np.ndarray, palette: Palette) -> np.ndarray:
    """Square root of the border length between each two classes, (n, n) symmetric, sums to 1 over pairs."""
    n = len(palette.classes)
    index = palette.index_of_id[masks]
    counts = np.zeros((n, n))
    for a, b in ((index[:, :, 1:], index[:, :, :-1]), (index[:, 1:], index[:, :-1])):
        border = (a != b) & (a >= 0) & (b >= 0)
        np.add.at(counts, (a[border], b[border]), 1)
    weights = np.sqrt(counts + counts.T)  # the root, so that small classes count beside large ones
    return weights / np.triu(weights).sum()


def order_cost(order: np.ndarray, weights: np.ndarray, k: int) -> float:
    """Expected ghost share of a border (0..1) plus a small price for anchors that are close."""
    anchors = anchor_colors(k**3, k, 1)[order]
    i, j = np.nonzero(np.triu(weights))
    blends = anchors[i, None] * (1 - ALONG[:, None]) + anchors[j, None] * ALONG[:, None]  # (p, 15, 3)
    d = np.square(blends[:, :, None] - anchors).sum(-1)
    rows = np.arange(len(i))
    own = np.minimum(d[rows, :, i], d[rows, :, j])
    ghosts = (d.min(-1) < own - 1e-6).mean(1)
    close = 1 / np.square(anchors[i] - anchors[j]).sum(-1)
    return float((weights[i, j] * (ghosts + 0.3 * close)).sum())


def search(weights: np.ndarray, k: int, seed: int = 0, iterations: int = 6000, restarts: int = 3) -> list[int]:
    """The best order found, grid position by class index."""
    rng = np.random.default_rng(seed)
    n = len(weights)
    best, best_cost = np.arange(n), order_cost(np.arange(n), weights, k)
    for _ in range(restarts):
        slots = rng.permutation(k**3)  # the first n are taken, the rest are free
        cost = order_cost(slots[:n], weights, k)
        for step in range(iterations):
            temperature = 0.017 * (1 - step / iterations) ** 2 + 1e-6
            a, b = rng.integers(n), rng.integers(k**3)
            slots[[a, b]] = slots[[b, a]]
            new = order_cost(slots[:n], weights, k)
            if new < cost or rng.random() < np.exp((cost - new) / temperature):
                cost = new
            else:
                slots[[a, b]] = slots[[b, a]]
        if cost < best_cost:
            best, best_cost = slots[:n].copy(), cost
    return [int(p) for p in best]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("config", type=Path, help="a flow configuration, such as configs/faces.yaml")
    parser.add_argument("overrides", nargs="*", help="key=value")
    args = parser.parse_args()
    domain = domain_of(args.config, args.overrides)
    data = read_config(args.config, args.overrides).get("data")
    pairs = domain.split(data_root(data), "train", 128)
    weights = neighbour_weights(pairs.masks[:: max(1, len(pairs) // 300)], domain.codebook().palette)
    orders = {
        "paper": list(range(len(weights))),
        "configuration": domain.order or list(range(len(weights))),
        "this search": search(weights, domain.k),
    }
    for name, order in orders.items():
        print(f"{name:14s} cost {order_cost(np.array(order), weights, domain.k):.4f}  {order}")


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"semflow: error: {error}")
