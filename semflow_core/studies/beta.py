"""Amplitude and spectrum of the perturbation at inference: none (the paper's Fig. 4), the model's, others (Fig. 8)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..evaluation.bootstrap import Estimate, bootstrap_mean
from .bench import Bench
from .table import Outcome, Table

STEPS = 8
SETTINGS = (
    ("none", 0.0, "white"),
    ("white ±6 (the paper)", 6.0, "white"),
    ("white ±40", 40.0, "white"),
    ("regional ±10", 10.0, "regional"),
    ("regional ±20", 20.0, "regional"),
    ("regional ±40", 40.0, "regional"),
    ("regional ±55", 55.0, "regional"),
)


def run(bench: Bench) -> Outcome:
    """Figures of synthesis by perturbation, and of real photos."""
    model, seed = bench.pipeline, bench.harness.seed
    settings = [s for s in SETTINGS if s[1] < model.codebook.max_beta]
    rows = []
    for name, beta, spectrum in settings:
        how = {"steps": STEPS, "beta": beta, "spectrum": spectrum}
        photos = bench.harness.synthesize(**how)
        rows.append({"perturbation": name, **brightness(photos, seed), **bench.synthesis(photos, **how)})
    diversity = bench.metrics.between_real() if bench.diverse else {}
    rows.append({"perturbation": "real photos", **brightness(bench.harness.photos, seed), **diversity})
    trained = model.perturbation
    return Outcome(
        f"What does another perturbation at inference do to a model trained with {trained.spectrum} ±{trained.beta:g}?",
        bench.about,
        [Table(f"Synthesis by perturbation, {STEPS} steps", rows)],
        bench.sheet([{"steps": STEPS, "beta": beta, "spectrum": spectrum} for _, beta, spectrum in settings]),
    )


def brightness(photos: Sequence[np.ndarray], seed: int) -> dict[str, Estimate]:
    """Mean grey level, share of pixels at its upper limit, and fine contrast of photos (H, W, 3) uint8, in 0..255."""
    gray = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32) for p in photos]
    values = {
        "light": [g.mean() for g in gray],
        "over-exposed %": [100 * (g >= 250).mean() for g in gray],
        "detail (mean |Laplacian|)": [np.abs(cv2.Laplacian(g, cv2.CV_32F)).mean() for g in gray],
    }
    return {k: bootstrap_mean(np.array(v, float), seed) for k, v in values.items()}
