"""The models of one studio."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from semflow_core.errors import InputError
from semflow_core.pipeline.registry import find_models

from ..engine.interface import Engine, pipeline_of
from ..engine.local import LocalEngine
from ..guard.desk import Desk
from ..guard.logs import cut, report
from ..guard.served import served
from ..state.pipeline import Pipeline

WIDE = 1.4  # width by height of pictures from which a palette has no room beside them on a tablet


class Models:
    """Models by name, each loaded once.

    Attributes:
        folders: where to look for models, beside the shipped ones.
        engine: where they compute.
        desk: where solves take turns.
    """

    def __init__(self, folders: Sequence[Path], engine: Engine | None = None, desk: Desk | None = None) -> None:
        self.folders, self.engine, self.desk = list(folders), engine or LocalEngine(folders), desk or Desk()
        self._pipelines: dict[str, Pipeline] = {}

    def names(self) -> list[str]:
        """The models that are there."""
        return list(find_models(self.folders))

    def pipeline(self, name: str) -> Pipeline:
        """A model by name; a path is none, for visitors are not to open folders of the server.

        Raises:
            InputError: there is no such model or device, or it cannot be loaded.
        """
        if isinstance(name, str) and name in self._pipelines:
            return self._pipelines[name]
        names = self.names()
        if name not in names:
            raise InputError(f"there is no model '{cut(name, 60)}'; there are {', '.join(names)}")
        try:
            pipeline = pipeline_of(self.engine, name)
        except InputError as error:
            if not self._pipelines:  # at the start, where the person who runs the studio reads it
                raise
            report(error, f"the model {name}")
            raise InputError(
                f"the model '{name}' cannot be loaded; choose another, or tell who runs the studio"
            ) from None
        return self._pipelines.setdefault(name, served(pipeline, self.desk))

    def recolors(self, name: str) -> bool:
        """Whether a model can give a region of a photo another colour."""
        return self.pipeline(name).appearance is not None


def shape_style(pipeline: Pipeline) -> str:
    """A style sheet that gives every frame the model's shape, so that nothing jumps when pictures come."""
    return style_of(pipeline.aspect)


def style_of(aspect: float) -> str:
    """A style sheet with width by height of the pictures; it has the class `wide` where they are wide (root.css)."""
    wide = ' class="wide"' if aspect >= WIDE else ""
    return f"<style{wide}>:root {{ --aspect: {aspect:.5g} }}</style>"


def beta_range(pipeline: Pipeline) -> dict[str, Any]:
    """The amplitude's slider: up to the last half below s/2, where classes would stop surviving."""
    halves = int(np.ceil(2 * pipeline.codebook.max_beta)) - 1
    return {"maximum": halves / 2, "value": pipeline.perturbation.beta}
