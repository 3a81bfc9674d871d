"""The method's open questions, each a comparison at equal budgets that writes its table.

`python -m semflow_core study NAME`; docs/experiments.md has what came out of them.
"""
