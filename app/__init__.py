"""SemFlow Studio: the user interface. The mathematics of the models is semflow_core's."""

import os

import semflow_core  # noqa: F401  # before torch, which reads what this sets

ON_ZERO = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")  # as the package itself reads it
if ON_ZERO:
    import spaces  # pyright: ignore[reportMissingImports]  # noqa: F401  # before torch, which it patches
