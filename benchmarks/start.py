"""How long the studio's start takes: the import, the page, the first photo through the API and the first in Chromium.

    python -m benchmarks.start [--rounds 3]

Starts studios of its own, fresh ones for the API and for Chromium. Seconds hold only where the machine is idle. First
photos are timed from the moment the page is up: the API's is of an example layout, Chromium's the one that the page
opens with. Memory is the server's after that photo and one by the other model.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from gradio_client import Client, handle_file

from semflow_core.pictures.layouts import LAYOUT_DIR

ROOT = Path(__file__).parents[1]
PATIENCE = 60  # seconds
IMPORT = "from semflow_core import SemFlowPipeline, SynthesisRequest"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LAYOUTS = {"faces": "long_hair.png", "streets": "street.png"}


@contextmanager
def studio() -> Iterator[tuple[str, float, psutil.Process]]:
    """A studio's address, the seconds until it served its page, and its process."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url, started = f"http://127.0.0.1:{port}/", time.perf_counter()
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=log, stderr=log)
        try:
            while time.perf_counter() < started + PATIENCE and server.poll() is None:
                try:
                    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                        answer.read()
                    break
                except OSError:
                    time.sleep(0.02)
            else:
                log.seek(0)
                raise SystemExit(f"app.py did not start: {log.read().decode()[-500:]}")
            yield url, time.perf_counter() - started, psutil.Process(server.pid)
        finally:
            server.terminate()
            server.wait(PATIENCE)


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
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
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
    ups, photos, pages, memory = [], [], [], []
    for _ in rounds:
        with studio() as (url, up, process):
            ups.append(up)
            photos.append(by_api(url))
            paint(Client(url, verbose=False), "streets")
            memory.append(process.memory_info().rss / 2**30)
        with studio() as (url, up, _process):
            ups.append(up)
            pages.append(in_chromium(url))
    print(f"page up: {statistics.median(ups):.1f} s")
    print(f"first photo after it, by the API: {statistics.median(photos):.1f} s")
    shown = [seconds for seconds in pages if seconds is not None]
    if shown:
        print(f"first photo after it, in Chromium: {statistics.median(shown):.1f} s")
    print(f"memory after photos by both models: {statistics.median(memory):.2f} GB")


if __name__ == "__main__":
    main()
