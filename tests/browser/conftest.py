"""A real app.py with a tiny model of random weights, and a real Chromium."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import make_tiny_model

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
START_SECONDS = 300  # importing torch and gradio takes long on a busy machine
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models of random weights, `faces` (256x256) and `streets` (512x256)."""
    folder = tmp_path_factory.mktemp("models")
    for name, palette, aspect in (("faces", "celebamask_hq", 1.0), ("streets", "cityscapes", 2.0)):
        index = make_tiny_model(folder / name, palette, aspect) / "model_index.json"
        # the size that is shipped: the networks are convolutions, and know no size of their own
        index.write_text(json.dumps(json.loads(index.read_text()) | {"size": 256}))
    return folder


@pytest.fixture(scope="session")
def studio(models: Path) -> Iterator[str]:
    """The address of a running app.py."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    server = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port), "--models", str(models)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "GRADIO_ANALYTICS_ENABLED": "False"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        for _ in range(START_SECONDS * 2):
            try:
                urllib.request.urlopen(url, timeout=1).close()
                break
            except OSError:
                if server.poll() is not None:
                    assert server.stdout is not None
                    pytest.fail(f"app.py stopped: {server.stdout.read().decode()[-2000:]}")
                time.sleep(0.5)
        else:
            pytest.fail(f"app.py did not answer within {START_SECONDS} seconds")
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium, or a skip that says what is missing."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    with playwright.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
