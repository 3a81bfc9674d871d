"""The development split that a study's configuration declares, and where photos of it must not be written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ..data.pairs import Pair, data_root, find_pairs
from ..errors import InputError
from ..evaluation.harness import Harness
from ..pictures.photos import read_photo
from ..pipeline.pipeline import SemFlowPipeline
from ..training.config import DomainConfig, domain_of
from .settings import StudySettings


def study_domain(pipeline: SemFlowPipeline, settings: StudySettings) -> DomainConfig:
    """The domain of the settings' configuration.

    Raises:
        InputError: it is of another label set than the model.
    """
    domain = domain_of(settings.config, [])
    if domain.palette != pipeline.palette.name:
        raise InputError(
            f"{settings.config} is about {domain.palette} and the model '{pipeline.name}' about "
            f"{pipeline.palette.name}; choose another --config"
        )
    return domain


def development_split(pipeline: SemFlowPipeline, settings: StudySettings, data: str = "") -> tuple[list[Pair], Harness]:
    """The first n pairs of the development split: their files, and a harness on them.

    Args:
        data: the data root; SEMFLOW_DATA when empty.

    Raises:
        InputError: the data is not there, or of another label set.
    """
    domain, root = study_domain(pipeline, settings), data_root(data)
    split = domain.split(root, "dev", pipeline.size, limit=settings.n)
    files = {pair.name: pair for pair in find_pairs(root / domain.folder)}
    harness = Harness(pipeline, list(split.photos), split.masks, settings.seed, settings.batch)
    return [files[name] for name in split.names], harness


def read_shown(file: Path, pipeline: SemFlowPipeline) -> np.ndarray:
    """A real photo at the size and aspect at which the model shows its own, (H, W, 3) uint8."""
    photo, height = read_photo(file), pipeline.size * pipeline.renderer.scale
    size = (round(height * pipeline.aspect), height)
    smaller = photo.shape[0] > height or photo.shape[1] > size[0]
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def refuse_repository(folder: Path, what: str) -> None:
    """Raise InputError if a folder lies in a git repository: restricted photos must not enter one."""
    at = folder.absolute()
    inside = next((p for p in (at, *at.parents) if (p / ".git").exists()), None)
    if inside:
        raise InputError(f"{what} must not enter a repository: --out must name a folder outside {inside}")
