"""What is imported where: heavy libraries only by what needs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"torch", "diffusers", "gradio", "torchmetrics", "openvino", "cv2", "av", "accelerate", "psutil", "scipy"}
NOT_TO_PAINT = {"gradio", "torchmetrics", "openvino", "diffusers.pipelines.pipeline_utils"}
NOT_TO_PAINT |= {"semflow_core.training", "semflow_core.studies"}


def modules_after(code: str) -> set[str]:
    """The names of all modules that a program has loaded when it ends."""
    code += "\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_package_alone_and_the_help_are_light() -> None:
    bare = modules_after("")
    alone = modules_after("import semflow_core")
    assert not alone & HEAVY and len(alone - bare) < 40
    assert not modules_after("from semflow_core.cli import build_parser; build_parser()") & (HEAVY - {"psutil"})


@pytest.mark.slow
def test_a_pipeline_loads_no_library_that_painting_does_not_need() -> None:
    assert not modules_after("from semflow_core import SynthesisRequest, load_pipeline") & NOT_TO_PAINT


@pytest.mark.slow
def test_the_page_is_built_before_networks_are_imported() -> None:
    assert not modules_after("from app.studio import build; build([])") & {"diffusers", "torchmetrics", "accelerate"}
