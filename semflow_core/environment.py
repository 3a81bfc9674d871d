"""What a process is set to before torch loads: how long threads wait for each other, pools of memory, quick imports.

How threads wait is said to OpenMP in variables, which its libraries read once, when they load. Threads that share an
operator wait for the slowest of them. By default they compute nothing, at full load, for milliseconds (libgomp) or
200 ms (libomp) before they sleep. Beside a process that needs a processor, the one that is waited for then gets none,
and a call takes ten to a hundred times as long. A short wait costs an idle machine nothing.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# each OpenMP has its own words: GNU's (torch on Linux) counts rounds, some tens of microseconds in all; LLVM's and
# Intel's (torch on macOS and Windows) take milliseconds
WAITING = {"GOMP_SPINCOUNT": "10000", "KMP_BLOCKTIME": "1"}
CHOSEN = ("OMP_WAIT_POLICY", *WAITING)  # variables with which users choose themselves


def limit_waiting() -> None:
    """Set the variables, unless the user has set one that says how threads wait."""
    if not any(name in os.environ for name in CHOSEN):
        os.environ.update(WAITING)


# glibc gives every thread a pool of memory of its own, up to eight per processor, and what a thread frees there serves
# no other: forty threads of a server that compute in turns keep several times what one of them needs
POOLS = 2
POOLS_CHOSEN = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")  # variables with which users choose themselves
M_ARENA_MAX = -8  # mallopt's name for it


def share_memory_pools() -> None:
    """Let the threads of this process share `POOLS` pools of memory, unless the user has chosen. Nothing but for glibc.

    To be called before the process starts threads: pools that are there stay.
    """
    if any(name in os.environ for name in POOLS_CHOSEN):
        return
    with suppress(OSError, AttributeError, TypeError):  # Windows, macOS and musl have none
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, POOLS)


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import libraries, or load what lasts, without the cyclic collector; a collector that is off stays off.

    What libraries make when they load lasts, and the collector looks through all of it again whenever it has grown by
    a quarter: a fourth of the time that torch, Gradio and diffusers take (`python -m benchmarks.start`).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
