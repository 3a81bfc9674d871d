"""A real app.py with a tiny model of random weights, and a real Chromium.

Where SEMFLOW_SCREENSHOTS names a folder, every browser test leaves what it shows at its end there, at desktop and
phone width and at pixel ratios 1 and 2: FOLDER/<screen>@<ratio>/<module>.<test>.png. A test that is made for one
of the two widths is seen at that one.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import make_tiny_model

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCREENS = {"desktop": (1280, 800), "phone": (390, 844)}
RATIOS = (1, 2)
START_SECONDS = 300  # importing torch and gradio takes long on a busy machine
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder are slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models of random weights, `faces` (256x256) and `streets` (512x256)."""
    folder = tmp_path_factory.mktemp("models")
    for name, palette, aspect in (("faces", "celebamask_hq", 1.0), ("streets", "cityscapes", 2.0)):
        index = make_tiny_model(folder / name, palette, aspect, appearance=True) / "model_index.json"
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Iterator[None]:
    """Around each test: its pictures are taken before its fixtures close the pages, also if it failed."""
    try:
        return (yield)
    finally:
        folder = os.environ.get("SEMFLOW_SCREENSHOTS")
        if folder and (browser := item.funcargs.get("browser")):
            shoot(browser, Path(folder), item)


def shoot(browser: Any, folder: Path, item: pytest.Function) -> None:
    """Pictures of the whole page that was opened last, on each screen. Afterwards it is as wide as it was."""
    pages = [page for context in browser.contexts for page in context.pages]
    if not pages:
        return
    page, test = pages[-1], re.sub(r"[^\w.-]+", "_", item.name.removeprefix("test_")).strip("_")
    name = f"{item.path.stem.removeprefix('test_')}.{test}.png"
    devtools = page.context.new_cdp_session(page)  # page.screenshot knows no pixel ratio but the visit's own

    def show(width: int, height: int, ratio: float) -> None:
        screen = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": width < 500}
        devtools.send("Emulation.setDeviceMetricsOverride", screen)

    own = page.evaluate("[innerWidth, innerHeight, devicePixelRatio]")
    for screen in [s for s in SCREENS if s in item.name] or SCREENS:
        width, height = SCREENS[screen]
        for ratio in RATIOS:
            show(width, height, ratio)
            page.wait_for_timeout(300)  # components follow the width
            size = devtools.send("Page.getLayoutMetrics")["cssContentSize"]
            whole = {"clip": {**size, "scale": 1}, "captureBeyondViewport": True}
            path = folder / f"{screen}@{ratio}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(devtools.send("Page.captureScreenshot", whole)["data"]))
    show(*own)
