"""SemFlow: rectified flow between photos (t=0) and colour-coded label maps (t=1), one network for both directions.

    from semflow_core import SynthesisRequest, load_pipeline

    photo = load_pipeline("faces").synthesize(SynthesisRequest(layout=ids, steps=8, seed=3)).photo

What is exported is loaded when it is first asked for: `import semflow_core` alone is quick and starts no torch. It sets
how threads wait (`environment`), and so should come before `import torch`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .environment import limit_waiting, quick_imports

limit_waiting()

if TYPE_CHECKING:
    from .errors import InputError
    from .pipeline.pipeline import SemFlowPipeline
    from .pipeline.registry import find_models, load_pipeline
    from .requests import (
        EditRequest,
        MorphRequest,
        Request,
        SegmentationRequest,
        SynthesisRequest,
        TrajectoryRequest,
    )

__all__ = [
    "EditRequest",
    "InputError",
    "MorphRequest",
    "Request",
    "SegmentationRequest",
    "SemFlowPipeline",
    "SynthesisRequest",
    "TrajectoryRequest",
    "find_models",
    "load_pipeline",
]
ROOMS = {
    "InputError": "errors",
    "SemFlowPipeline": "pipeline.pipeline",
    "find_models": "pipeline.registry",
    "load_pipeline": "pipeline.registry",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with quick_imports():
        room = importlib.import_module(f".{ROOMS.get(name, 'requests')}", __name__)
    return getattr(room, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
