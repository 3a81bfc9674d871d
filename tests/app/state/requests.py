"""Requests that the tests of this folder paint."""

from __future__ import annotations

import numpy as np

from semflow_core.requests import SynthesisRequest


def request(labels: np.ndarray, seed: int = 0, steps: int = 4) -> SynthesisRequest:
    return SynthesisRequest(steps=steps, seed=seed, layout=labels)
