"""Comparisons at equal budgets, each with a table as its result: `python -m semflow_core study NAME`.

docs/experiments has the results. Nothing but the command line imports this package.
"""
