"""docs/api.md as a reader follows it: every example is run as it stands, against a running app, without a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from PIL import Image

from .conftest import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|sh)\n(.*?)```", DOCUMENT, re.DOTALL)
ENDPOINTS = {"/synthesize", "/read", "/segment", "/edit", "/variations", "/trajectory", "/morph"}


def run(command: list[str], studio: str, folder: Path) -> str:
    """In a folder with the repository's assets, so that what an example saves is not saved there."""
    (folder / "assets").symlink_to(ROOT / "assets")
    env = {**os.environ, "SEMFLOW_URL": studio, "GRADIO_TEMP_DIR": str(folder / "temporary")}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_document_names_every_endpoint(studio: str) -> None:
    api: Any = Client(studio, verbose=False).view_api(print_info=False, return_format="dict")
    named = api["named_endpoints"]
    assert set(named) == ENDPOINTS
    assert set(re.findall(r"^\| `(/\w+)` \|", DOCUMENT, re.MULTILINE)) == ENDPOINTS
    assert all(endpoint["description"] for endpoint in named.values())
    assert {kind for kind, _ in BLOCKS} == {"python", "sh"}


@pytest.mark.parametrize("code", [code for kind, code in BLOCKS if kind == "python"])
def test_python_examples_run(studio: str, tmp_path: Path, code: str) -> None:
    said = run([sys.executable, "-c", code], studio, tmp_path)
    assert said.strip()
    for path in re.findall(r"\S+\.png", said):
        assert Image.open(path).size == (256, 256)
    if "path.gif" in code:
        assert getattr(Image.open(tmp_path / "path.gif"), "n_frames", 0) > 1


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_shell_examples_run(studio: str, tmp_path: Path) -> None:
    (code,) = [code for kind, code in BLOCKS if kind == "sh"]
    said = run(["sh", "-euc", code], studio, tmp_path)
    assert Image.open(tmp_path / "photo.png").size == Image.open(tmp_path / "layout.png").size == (256, 256)
    assert Image.open(tmp_path / "layout.png").mode == "P"
    frames, times = json.loads(said)
    assert len(frames) == 5 and times == [0, 0.25, 0.5, 0.75, 1]
