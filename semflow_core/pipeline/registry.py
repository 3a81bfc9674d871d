"""Where models are: in the checkout's assets/models, in the folders of SEMFLOW_MODELS, and in those a user names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..assets import asset
from ..errors import InputError
from ..nets.devices import DEVICES

if TYPE_CHECKING:  # networks take seconds to import; finding models does not need them
    from .pipeline import SemFlowPipeline

VARIABLE = "SEMFLOW_MODELS"  # folders of model folders, separated as in PATH
NO_MODELS = (
    f"no models are installed: name a folder of models with --models DIR or in the variable {VARIABLE}, "
    "or train one with semflow train CONFIG"
)


def model_folders(extra: Sequence[Path] = ()) -> list[Path]:
    """Folders that hold model folders; where two have a model of one name, the later folder's is taken.

    Raises:
        InputError: SEMFLOW_MODELS names a folder that is not there.
    """
    listed = [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    for folder in listed:
        if not folder.is_dir():
            raise InputError(f"the models' folder {folder}, which the variable {VARIABLE} names, does not exist")
    return [asset("models"), *listed, *extra]


def find_models(extra: Sequence[Path] = ()) -> dict[str, Path]:
    """Name -> folder of every model in the `model_folders`, sorted by name.

    Raises:
        InputError: SEMFLOW_MODELS names a folder that is not there.
    """
    models = {i.parent.name: i.parent for f in model_folders(extra) for i in Path(f).glob("*/model_index.json")}
    return dict(sorted(models.items()))


def load_pipeline(model: str, extra: Sequence[Path] = (), device: str = "cpu") -> SemFlowPipeline:
    """Load a model by name or by its folder's path, on the fastest runtime (`runtime`); the same one is loaded once.

    Raises:
        InputError: there is no such model or device, or it cannot be loaded.
    """
    return _load(model_folder(model, extra), device)


def load_as_torch(model: str, extra: Sequence[Path] = ()) -> SemFlowPipeline:
    """A model by name or by its folder's path, computed by PyTorch. Raises InputError: see `load_pipeline`."""
    from .pipeline import SemFlowPipeline

    return SemFlowPipeline.from_pretrained(model_folder(model, extra))


def model_folder(model: str, extra: Sequence[Path] = ()) -> Path:
    """The folder of a model by name or by its path.

    Raises:
        InputError: there is no such model.
    """
    models = find_models(extra)
    if model in models:
        return models[model]
    if (Path(model) / "model_index.json").is_file():
        return Path(model).resolve()
    if not models:
        raise InputError(f"there is no model '{model}', for {NO_MODELS}")
    raise InputError(f"there is no model '{model}'; there are {', '.join(models)}, or name a model's folder")


@lru_cache(maxsize=4)
def _load(folder: Path, device: str) -> SemFlowPipeline:
    from .pipeline import SemFlowPipeline
    from .runtime import choose_runtime

    if device.partition(":")[0] not in DEVICES:
        raise InputError(f"there is no device '{device}'; it is one of {', '.join(DEVICES)}")
    pipeline = SemFlowPipeline.from_pretrained(folder)
    if device == "cpu":
        return choose_runtime(pipeline)
    try:
        return pipeline.to(device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"the device '{device}' cannot be used: {str(error).splitlines()[0]}") from None
