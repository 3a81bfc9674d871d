"""Where models are: the shipped ones in assets/models, and any folders a user names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..errors import InputError
from .pipeline import SemFlowPipeline

DEVICES = ("cpu", "cuda", "mps")
MODEL_DIR = Path(__file__).resolve().parents[2] / "assets" / "models"


def find_models(extra: Sequence[Path] = ()) -> dict[str, Path]:
    """Name -> folder of every model in assets/models and in the folders `extra` (which win), sorted by name."""
    found = {}
    for folder in (MODEL_DIR, *extra):
        for index in Path(folder).glob("*/model_index.json"):
            found[index.parent.name] = index.parent
    return dict(sorted(found.items()))


def load_pipeline(model: str, extra: Sequence[Path] = (), device: str = "cpu") -> SemFlowPipeline:
    """Load a model by name or by its folder's path; the same one is loaded once.

    Raises:
        InputError: there is no such model or device, or it cannot be loaded.
    """
    models = find_models(extra)
    if model in models:
        return _load(models[model], device)
    if (Path(model) / "model_index.json").is_file():
        return _load(Path(model).resolve(), device)
    known = f"there are {', '.join(models)}" if models else "none is installed"
    raise InputError(f"there is no model '{model}'; {known}, or name a model's folder")


@lru_cache(maxsize=4)
def _load(folder: Path, device: str) -> SemFlowPipeline:
    if device.partition(":")[0] not in DEVICES:
        raise InputError(f"there is no device '{device}'; it is one of {', '.join(DEVICES)}")
    pipeline = SemFlowPipeline.from_pretrained(folder)
    try:
        return pipeline.to(device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"the device '{device}' cannot be used: {str(error).splitlines()[0]}") from None
