"""How threads wait is said before torch loads, by every way in, and never instead of the user."""

from __future__ import annotations

import gc
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from semflow_core.environment import CHOSEN, POOLS, POOLS_CHOSEN, WAITING, quick_imports

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = {
    "command": ["-m", "semflow_core", "synthesize", "assets/layouts/hat.png", "--out", "unwritten"],
    "training": ["-m", "semflow_core", "train", "configs/faces.yaml"],
    "torchrun": ["-c", "import runpy; runpy.run_module('semflow_core', run_name='__main__')", "train", "x.yaml"],
    "program": ["-c", "from semflow_core.cli import main; main(['train', 'configs/faces.yaml'])"],
    "python": ["-c", "from semflow_core import load_pipeline; load_pipeline('faces')"],
    "benchmark": ["-m", "benchmarks.backbone"],
    "tests": ["-c", "import tests.conftest, torch"],
}
STUDIO = pytest.param(["app.py"], marks=pytest.mark.slow, id="studio")  # it loads Gradio first
# stands for torch: says what the environment is when it loads, and ends the program there
TORCH = f"import os; print({{n: os.environ.get(n) for n in {CHOSEN}}}, flush=True); os._exit(0)"


def environment_at_torch(entry: list[str], folder: Path, **chosen: str) -> dict[str, str | None]:
    """The variables when torch loads."""
    (folder / "torch.py").write_text(TORCH)
    env = {k: v for k, v in os.environ.items() if k not in CHOSEN} | {"PYTHONPATH": str(folder)} | chosen
    done = subprocess.run([sys.executable, *entry], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("{"), done.stderr[-2000:]
    return eval(done.stdout)


@pytest.mark.parametrize("entry", [pytest.param(e, id=name) for name, e in ENTRIES.items()] + [STUDIO])
def test_the_wait_is_short_before_torch_loads(entry: list[str], tmp_path: Path) -> None:
    assert environment_at_torch(entry, tmp_path) == {"OMP_WAIT_POLICY": None, **WAITING}


@pytest.mark.parametrize(
    "name, value", [("OMP_WAIT_POLICY", "ACTIVE"), ("GOMP_SPINCOUNT", "7"), ("KMP_BLOCKTIME", "0")]
)
def test_what_the_user_has_set_stays_as_it_is(name: str, value: str, tmp_path: Path) -> None:
    others = dict.fromkeys(CHOSEN)
    assert environment_at_torch(ENTRIES["python"], tmp_path, **{name: value}) == {**others, name: value}


# counts the pools of memory after eight threads have each kept some
COUNT_POOLS = """
import ctypes, sys, threading
from semflow_core.environment import share_memory_pools
share_memory_pools()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
barrier = threading.Barrier(8)
def keep():
    libc.malloc(ctypes.c_size_t(1000))
    barrier.wait()
threads = [threading.Thread(target=keep) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
out = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, out)
libc.fclose(out)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has pools of memory per thread")
@pytest.mark.parametrize("chosen, pools", [({}, POOLS), ({"MALLOC_ARENA_MAX": "5"}, 5)])
def test_threads_share_pools_of_memory(chosen: dict[str, str], pools: int, tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k not in POOLS_CHOSEN} | chosen
    file = tmp_path / "pools.xml"
    subprocess.run([sys.executable, "-c", COUNT_POOLS, str(file)], cwd=ROOT, env=env, check=True, timeout=60)
    assert file.read_text().count("<heap nr=") == pools


def test_libraries_are_imported_without_the_collector_which_then_is_as_it_was() -> None:
    with quick_imports():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ImportError), quick_imports():
        raise ImportError
    assert gc.isenabled()
    gc.disable()
    try:
        with quick_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


COLLECTIONS = """
import gc
runs = []
gc.callbacks.append(lambda phase, info: runs.append(info["generation"]))
from semflow_core import load_pipeline
load_pipeline("faces")
print(runs.count(2), gc.isenabled())
"""


@pytest.mark.slow
def test_loading_a_model_starts_no_full_collection() -> None:
    """Imported with the collector, its libraries start a dozen."""
    done = subprocess.run([sys.executable, "-c", COLLECTIONS], cwd=ROOT, capture_output=True, text=True, check=True)
    collections, enabled = done.stdout.split()
    assert int(collections) <= 2 and enabled == "True"  # one when the collector is on again, with its two callbacks
