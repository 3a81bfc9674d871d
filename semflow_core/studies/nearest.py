"""The training photo that is nearest to each of a model's photos, by features: did the model learn photos by heart?

A model's photos are of layouts that nobody trained on. Their distances to the training photos are set beside those of
the held-out photos of the same layouts, which cannot have been copied, and beside the distances between real photos.
The sheet is for one's own look: it shows real photos, so it is never written into a repository.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data.pairs import data_root
from ..errors import InputError
from ..evaluation.bootstrap import bootstrap_mean
from ..evaluation.diversity import distances
from ..evaluation.features import HOW_TO_GET, find_networks
from ..evaluation.frechet import off_diagonal
from ..pipeline.registry import load_pipeline
from .settings import StudySettings
from .split import development_split, refuse_repository, study_domain
from .table import Outcome, Table

NEIGHBOURS = 3  # training photos in the sheet, beside each of the model's
COLUMNS = 2  # photos of the model in a row of the sheet
ROWS = 5  # photos of the model in the list of the nearest


def run_nearest(settings: StudySettings) -> Outcome:
    """Compare a model's photos with the photos that it was trained on.

    Raises:
        InputError: the data or the model is wrong, no feature network is installed, or the sheet would be written into
            a repository.
    """
    refuse_repository(settings.out, "training photos")
    networks = find_networks()
    if not networks:
        raise InputError(HOW_TO_GET)
    pipeline = load_pipeline(settings.model, settings.extra, settings.device)
    pairs, harness = development_split(pipeline, settings)
    train = study_domain(pipeline, settings).split(data_root(), "train", pipeline.size)
    photos = harness.synthesize(steps=settings.steps)
    tables, to_train, scale = [], np.empty(0), 1.0
    for network in networks:  # the sheet and the list are by the last one, which no training uses
        features = [network.features(list(p)) for p in (photos, harness.photos, train.photos)]
        scale = off_diagonal(distances(features[1]))
        to_train, held_out = (cross_distances(f, features[2]) for f in features[:2])
        others = distances(features[2])
        np.fill_diagonal(others, np.inf)
        sets = {"the model's photos": to_train, "held-out photos": held_out, "training photos, to another": others}
        rows = [{"photos": name, **summary(d.min(1), scale, settings.seed)} for name, d in sets.items()]
        tables.append(Table(f"Distance to the nearest training photo, {network.distance}", rows))
    order = np.argsort(to_train.min(1))
    closest = [
        {
            "layout of": pairs[i].name,
            "nearest training photo": train.names[int(to_train[i].argmin())],
            "distance / between real photos": round(float(to_train[i].min() / scale), 3),
        }
        for i in order[:ROWS]
    ]
    tables.append(Table(f"The nearest of all, {networks[-1].distance}", closest))
    return Outcome(
        "Are a model's photos nearer to its training photos than photos that it has never had?",
        f"model {pipeline.name}, {len(pairs)} layouts of the development split, {settings.steps} steps, seed "
        f"{settings.seed}; {len(train)} training photos; [95 % bootstrap interval over pictures]. The sheet: a photo "
        f"of the model, then its {NEIGHBOURS} nearest training photos, the nearest first",
        tables,
        sheet(np.stack(photos)[order], to_train[order], train.photos),
    )


def summary(nearest: np.ndarray, scale: float, seed: int) -> dict[str, Any]:
    """Figures of the distances to the nearest photo, (n,); `scale` is the mean distance between real photos."""
    return {
        "n": len(nearest),
        "mean": bootstrap_mean(nearest, seed),
        "mean / between real photos": bootstrap_mean(nearest / scale, seed),
        "5th percentile": round(float(np.quantile(nearest / scale, 0.05)), 3),
        "least": round(float(nearest.min() / scale), 3),
    }


def cross_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances (n, m) between the rows of features (n, d) and (m, d)."""
    a, b = a.astype(float), b.astype(float)
    d2 = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T
    return np.sqrt(np.maximum(d2, 0))


def sheet(photos: np.ndarray, to_train: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Each of the photos (n, S, S, 3) beside its nearest training photos, COLUMNS of them in a row: (H, W, 3) uint8.

    Args:
        to_train: distances of each photo to the training photos, (n, m).
        train: (m, S, S, 3).
    """
    strips: Sequence[np.ndarray] = [
        np.concatenate([photo, *train[np.argsort(d)[:NEIGHBOURS]]], axis=1) for photo, d in zip(photos, to_train)
    ]
    strips = [*strips, *[np.full_like(strips[0], 128)] * (-len(strips) % COLUMNS)]
    rows = [np.concatenate(strips[i : i + COLUMNS], axis=1) for i in range(0, len(strips), COLUMNS)]
    return np.concatenate(rows)
