"""A studio of this checkout for a benchmark, unless it is told of a running one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 300


@contextmanager
def studio(url: str = "", *options: str) -> Iterator[str]:
    """The address of a studio: the running one, or one that is started with these options and ended afterwards."""
    if url:
        yield url
        return
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port), *options],
            cwd=ROOT,
            env={**os.environ, "GRADIO_TEMP_DIR": str(Path(folder) / "temporary"), "GRADIO_ANALYTICS_ENABLED": "False"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _await(server, f"http://127.0.0.1:{port}/", Path(log.name))
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()
            server.wait(60)


def _await(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Raises SystemExit: it ended, or does not answer."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            httpx.get(url, timeout=5)
            return
        except httpx.HTTPError:
            if server.poll() is not None:
                break
            time.sleep(0.05)
    raise SystemExit(f"the studio did not start: {log.read_text()[-2000:]}")


def chromium() -> str | None:
    """The program, if this machine has one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def process_at(url: str) -> psutil.Process | None:
    """This machine's process that listens at the port; None where there is none, or it is another's."""
    port = urlsplit(url).port
    for process in psutil.process_iter():
        try:
            if any(c.laddr.port == port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN):
                return process
        except psutil.Error:
            continue
    return None


def memory_of(url: str) -> float | None:
    """Megabytes of that process, if there is one."""
    process = process_at(url)
    return None if process is None else process.memory_info().rss / 2**20


@contextmanager
def most_memory(url: str) -> Iterator[list[float]]:
    """Megabytes of the server before, and the most while the block runs, sampled every 10 ms.

    Raises:
        SystemExit: it runs elsewhere.
    """
    process, ended = process_at(url), threading.Event()
    if process is None:
        raise SystemExit(f"no process of this machine listens at {url}")
    megabytes = [process.memory_info().rss / 2**20] * 2

    def watch() -> None:
        while not ended.wait(0.01):
            megabytes[1] = max(megabytes[1], process.memory_info().rss / 2**20)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield megabytes
    finally:
        ended.set()
        thread.join()
