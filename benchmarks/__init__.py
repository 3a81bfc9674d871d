"""What things cost, as ratios within one run."""

import semflow_core  # noqa: F401  # before torch, which reads what this sets
