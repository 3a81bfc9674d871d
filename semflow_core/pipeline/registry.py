"""Where models are: in the checkout's assets/models, in the folders of SEMFLOW_MODELS, and in those a user names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ..assets import asset
from ..environment import quick_imports
from ..errors import InputError
from ..nets.devices import DEVICES
from .names import INDEX, model_name

if TYPE_CHECKING:  # networks take seconds to import; finding models does not need them
    from .pipeline import SemFlowPipeline

VARIABLE = "SEMFLOW_MODELS"  # folders of model folders, separated as in PATH
NO_MODELS = (
    f"no models are installed: name a folder of models with --models DIR or in the variable {VARIABLE}, "
    "or train one with semflow train CONFIG"
)


def model_folders(extra: Sequence[Path] = ()) -> list[Path]:
    """Folders that hold model folders.

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

    A model is called by its folder, what a training exported by the run (`names.model_name`). Where two have one name,
    the later folder's has it, and the earlier one gets a number, such as dogs-2; a shipped one gives way. A run takes
    no name from what is there: it gets the number itself.

    Raises:
        InputError: SEMFLOW_MODELS names a folder that is not there.
    """
    models: dict[str, Path] = {}
    numbered: list[tuple[str, Path]] = []
    seen = set[Path]()
    shipped, *others = model_folders(extra)
    for root in (shipped, *others):
        for folder in sorted(index.parent for index in Path(root).glob(f"*/{INDEX}")):
            place, name = Path(os.path.abspath(folder)), model_name(folder)
            if place in seen:
                continue
            seen.add(place)
            earlier = models.get(name)
            if earlier is not None and name != folder.name:
                numbered.append((name, folder))
                continue
            models[name] = folder
            if earlier is not None and earlier.parent != Path(shipped):
                numbered.append((name, earlier))
    for name, folder in numbered:
        models[next(free for i in count(2) if (free := f"{name}-{i}") not in models)] = folder
    return dict(sorted(models.items()))


def load_pipeline(model: str, extra: Sequence[Path] = (), device: str = "cpu") -> SemFlowPipeline:
    """Load a model by name or by its folder's path, on the fastest runtime (`runtime`); the same one is loaded once.

    Raises:
        InputError: there is no such model or device, or it cannot be loaded.
    """
    name, folder = find_model(model, extra)
    return _load(folder, device, name)


def load_as_torch(model: str, extra: Sequence[Path] = ()) -> SemFlowPipeline:
    """A model by name or by its folder's path, computed by PyTorch. Raises InputError: see `load_pipeline`."""
    from .pipeline import SemFlowPipeline

    name, folder = find_model(model, extra)
    pipeline = SemFlowPipeline.from_pretrained(folder)
    pipeline.name = name
    return pipeline


def find_model(model: str, extra: Sequence[Path] = ()) -> tuple[str, Path]:
    """What a model is called, and its folder, by its name or by its folder's path.

    Raises:
        InputError: there is no such model.
    """
    models = find_models(extra)
    if model in models:
        return model, models[model]
    if (Path(model) / INDEX).is_file():
        return model_name(Path(model)), Path(model).resolve()
    if not models:
        raise InputError(f"there is no model '{model}', for {NO_MODELS}")
    raise InputError(f"there is no model '{model}'; there are {', '.join(models)}, or name a model's folder")


@lru_cache(maxsize=4)
@quick_imports()
def _load(folder: Path, device: str, name: str) -> SemFlowPipeline:
    from .pipeline import SemFlowPipeline
    from .runtime import choose_runtime

    if device.partition(":")[0] not in DEVICES:
        raise InputError(f"there is no device '{device}'; it is one of {', '.join(DEVICES)}")
    pipeline = SemFlowPipeline.from_pretrained(folder)
    pipeline.name = name
    if device == "cpu":
        return choose_runtime(pipeline)
    try:
        return pipeline.to(device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"the device '{device}' cannot be used: {str(error).splitlines()[0]}") from None
