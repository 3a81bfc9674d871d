"""How long the studio's start takes: the import, the page, the first photo through the API and the first in Chromium.

    python -m benchmarks.start [--rounds 3]

Starts studios of its own, fresh ones for the API and for Chromium. Seconds hold only where the machine is idle. First
photos are timed from the moment the page is up: the API's is of an example layout, Chromium's the one that the page
opens with. Memory is the server's after that photo and one by the other model.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import subprocess
import sys
import time

from gradio_client import Client, handle_file

from semflow_core.pictures.layouts import LAYOUT_DIR

from .studio import ROOT, chromium, memory_of, studio

PATIENCE = 60  # seconds
LIBRARIES = "import torch, gradio; from diffusers import UNet2DModel"
COLLECTOR_OFF = "import gc; gc.disable(); "  # what semflow_core.environment.quick_imports does
IMPORT = "from semflow_core import SemFlowPipeline, SynthesisRequest"
LAYOUTS = {"faces": "long_hair.png", "streets": "street.png"}


def by_api(url: str) -> float:
    """Seconds until a client that has just come has its first photo."""
    started = time.perf_counter()
    paint(Client(url, verbose=False), "faces")
    return time.perf_counter() - started


def paint(client: Client, model: str) -> None:
    """A photo of an example layout."""
    client.predict(picture=handle_file(str(LAYOUT_DIR / LAYOUTS[model])), model=model, api_name="/synthesize")


def in_chromium(url: str) -> float | None:
    """Seconds until the page shows its first photo; None without Chromium or Playwright."""
    program = chromium()
    if program is None or importlib.util.find_spec("playwright") is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        page = p.chromium.launch(executable_path=program).new_page(viewport={"width": 1440, "height": 900})
        started = time.perf_counter()
        page.goto(url)
        page.wait_for_selector("#photo img", timeout=1000 * PATIENCE)
        return time.perf_counter() - started


def seconds_of(code: str) -> float:
    """How long a fresh interpreter takes for a line of Python, its own start left out."""

    def run(line: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", line], cwd=ROOT, check=True)
        return time.perf_counter() - started

    return run(code) - run("pass")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = range(parser.parse_args().rounds)
    took = statistics.median(seconds_of(IMPORT) for _ in rounds)
    print(f"{IMPORT}: {took:.1f} s")
    on, off = (statistics.median(seconds_of(code) for _ in rounds) for code in (LIBRARIES, COLLECTOR_OFF + LIBRARIES))
    print(f"{LIBRARIES}: {on:.1f} s, without Python's cyclic collector {off:.1f} s ({off / on:.2f})")
    ups, photos, pages, memory = [], [], [], []
    for _ in rounds:
        started = time.perf_counter()
        with studio() as url:
            ups.append(time.perf_counter() - started)
            photos.append(by_api(url))
            paint(Client(url, verbose=False), "streets")
            memory.append((memory_of(url) or 0) / 1024)
        with studio() as url:
            pages.append(in_chromium(url))
    print(f"page up: {statistics.median(ups):.1f} s")
    print(f"first photo after it, by the API: {statistics.median(photos):.1f} s")
    shown = [seconds for seconds in pages if seconds is not None]
    if shown:
        print(f"first photo after it, in Chromium: {statistics.median(shown):.1f} s")
    print(f"memory after photos by both models: {statistics.median(memory):.2f} GB")


if __name__ == "__main__":
    main()
