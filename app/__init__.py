"""SemFlow Studio: everything a person sees. No model mathematics; that is semflow_core."""

import os

ON_ZERO = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")  # as the package itself reads it
if ON_ZERO:
    import spaces  # pyright: ignore[reportMissingImports]  # noqa: F401  # before torch, which it patches
