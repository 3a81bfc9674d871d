"""A real app.py with a tiny model, an own temporary folder and a log file, to be attacked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ..conftest import make_tiny_model

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    """A running studio.

    Attributes:
        models, temporary, log: its folder of models, its temporary folder, and what it has printed.
    """

    url: str
    pid: int
    models: Path
    temporary: Path
    log: Path

    @property
    def memory(self) -> int:
        """Bytes of the process that are in memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def disk(self) -> int:
        """Bytes of temporary files."""
        return sum(f.stat().st_size for f in self.temporary.rglob("*") if f.is_file())


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The studio under attack."""
    with running(tmp_path_factory.mktemp("hostile")) as target:
        yield target


@contextmanager
def running(folder: Path, *options: str, within: Sequence[str] = ()) -> Iterator[Target]:
    """A studio with more options, whose files are in a folder; `within` is a command that runs the command after it."""
    if not Path("/proc/self/statm").exists():
        pytest.skip("memory is measured in /proc, which is Linux's")
    make_tiny_model(folder / "models" / "faces", "celebamask_hq", appearance=True)
    index = folder / "models" / "faces" / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"size": 64}))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "temporary"),
    }
    log = folder / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [*within, sys.executable, "app.py", "--port", str(port), "--models", str(folder / "models"), *options],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in range(600):
                try:
                    httpx.get(url, timeout=2)
                    break
                except httpx.HTTPError:
                    assert server.poll() is None, log.read_text()[-2000:]
                    time.sleep(0.5)
            yield Target(url, server.pid, folder / "models", folder / "temporary", log)
        finally:
            server.terminate()
            server.wait(20)
