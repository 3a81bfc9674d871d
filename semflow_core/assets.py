"""Where the files are that come with the project: palettes, layouts, the face detector and, in a checkout, models.

In a checkout they are in the folder `assets/`; an installation has them, but for the models, as the package
`semflow_assets` (pyproject.toml maps it).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1] / "assets"
INSTALLED = "semflow_assets"


def asset(name: str) -> Path:
    """The path of a file or folder, such as `palettes`; whether there is one is the caller's to check."""
    if (CHECKOUT / "palettes").is_dir():
        return CHECKOUT / name
    return Path(str(files(INSTALLED) / name))
