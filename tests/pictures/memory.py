"""How much memory it takes to open a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BOUND = 520  # MB above what is there before; the studio's own is 600
IN_PROC = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="memory is measured in /proc, which is Linux's"
)
CODE = """
import sys
from semflow_core.environment import share_memory_pools
share_memory_pools()
from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import is_layout, open_layout
from semflow_core.pictures.photos import open_photo
def kilobytes(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
palette = load_palette("celebamask_hq")
open("/proc/self/clear_refs", "w").write("5")
before = kilobytes("VmRSS")
height = {height}
print(height, (kilobytes("VmHWM") - before) // 1024)
"""


def check_memory(file: Path, height: str) -> None:
    """Check that a picture of 7300x5400 pixels is opened within the bound, in a process of its own.

    Args:
        height: the expression that opens `sys.argv[1]` and gives the height.
    """
    command = [sys.executable, "-c", CODE.format(height=height), str(file)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-500:]
    found, most = (int(word) for word in run.stdout.split())
    assert found == 5400 and 100 < most < BOUND
