"""What a model is called: by its folder, or where a training left it by the run."""

from __future__ import annotations

import os
from pathlib import Path

INDEX = "model_index.json"
EXPORT, OF_A_RUN = "export", ("exported.json", "log.jsonl")  # a stage of a training's folder, and what lies beside it
USUAL_STAGE = "flow"


def model_name(folder: Path) -> str:
    """Its folder's name, or where a training left it there the run's; with the stage, unless that is the usual one."""
    folder = Path(os.path.abspath(folder))  # a link has its own name
    stage = folder.parent
    if folder.name != EXPORT or not stage.parent.name or not any((stage / name).is_file() for name in OF_A_RUN):
        return folder.name
    return stage.parent.name if stage.name == USUAL_STAGE else f"{stage.parent.name}-{stage.name}"
