"""Bounds and defaults of what a user can set: requests check them, help texts state them.

Free of torch and numpy, so that help texts state them at once. The bound of seeds is `perturbation.MAX_SEED`.
"""

from __future__ import annotations

DEFAULT_MODEL = "faces"  # name of a model folder
MIN_STEPS, MAX_STEPS, DEFAULT_STEPS = 1, 1000, 8  # solver steps
DEFAULT_SOLVER = "euler"  # one of `solvers.SOLVERS`
DEFAULT_SEED = 0
MIN_FRAMES, MAX_FRAMES, DEFAULT_FRAMES = 2, 240, 25  # frames of a path, both ends included
MIN_SMOOTH, MAX_SMOOTH, DEFAULT_SMOOTH = 0, 16, 0.0  # pixels of the model's square
