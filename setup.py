"""The packages, which pyproject.toml cannot both find and map; it says everything else."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["semflow_core*", "app*"]), "semflow_assets"])
