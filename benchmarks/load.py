"""What many visitors get: N of them at once, each with its own layout and seed, against a running studio.

    python app.py --threads 1 &
    python -m benchmarks.load [--url http://127.0.0.1:7860/] [--visitors 32] [--calls 3] [--steps 2]

First every visitor's request is made alone, one after the other; then all visitors make it at once, again and again.
Printed are errors, pictures that are not those of the same request alone, the waits, the throughput beside that of one
visitor alone in the same run, and the memory of a server on this machine before and after. Seconds are worth something
only as ratios in one run.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from typing import Any

import numpy as np
from gradio_client import Client, handle_file
from PIL import Image

from semflow_core.pictures.layouts import LAYOUT_DIR

from .studio import memory_of


def read(path: str) -> np.ndarray:
    """The pixels of an answer."""
    return np.asarray(Image.open(path).convert("RGB"))


class Visitor:
    """One visitor: a client of its own, a layout and a seed."""

    def __init__(self, url: str, number: int, steps: int) -> None:
        layouts = sorted(LAYOUT_DIR.glob("*.png"))
        self.client = Client(url, verbose=False)
        self.request: dict[str, Any] = {
            "picture": handle_file(str(layouts[number % len(layouts)])),
            "seed": number,
            "steps": steps,
            "api_name": "/synthesize",
        }
        self.seconds: list[float] = []
        self.errors: list[str] = []
        self.wrong: list[int] = []

    def ask(self) -> np.ndarray:
        """The picture, and the time that it took."""
        started = time.perf_counter()
        picture = read(self.client.predict(**self.request))
        self.seconds.append(time.perf_counter() - started)
        return picture

    def ask_again(self, alone: np.ndarray, calls: int, start: threading.Barrier) -> None:
        """Make the request `calls` times and compare what comes."""
        start.wait()
        for _ in range(calls):
            try:
                difference = int(np.abs(self.ask().astype(int) - alone).max())
            except Exception as error:
                self.errors.append(str(error)[:200])
                continue
            if difference:
                self.wrong.append(difference)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:7860/")
    parser.add_argument("--visitors", type=int, default=32)
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2)
    args = parser.parse_args()
    before = memory_of(args.url)
    visitors = [Visitor(args.url, i, args.steps) for i in range(args.visitors)]
    visitors[0].ask()  # the model is loaded
    alone = [v.ask() for v in visitors]
    single = statistics.median(v.seconds[-1] for v in visitors)
    for v in visitors:
        v.seconds.clear()
    start = threading.Barrier(args.visitors + 1)
    threads = [threading.Thread(target=v.ask_again, args=(a, args.calls, start)) for v, a in zip(visitors, alone)]
    for thread in threads:
        thread.start()
    start.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    total = time.perf_counter() - started
    seconds = sorted(s for v in visitors for s in v.seconds)
    errors, wrong = [e for v in visitors for e in v.errors], [w for v in visitors for w in v.wrong]
    asked = args.visitors * args.calls
    print(f"{args.visitors} visitors, {args.calls} calls each of {args.steps} steps: {asked} calls")
    print(f"  errors: {len(errors)}" + (f", the first: {errors[0]}" if errors else ""))
    print(
        f"  pictures that differ from the same request alone: {len(wrong)}, by {max(wrong, default=0)} levels at most"
    )
    if seconds:
        p50, p95 = (seconds[min(len(seconds) - 1, int(q * len(seconds)))] for q in (0.5, 0.95))
        print(f"  waits: p95 is {p95 / p50:.2f} times p50 ({p50:.2f} s)")
        print(
            f"  throughput: {len(seconds) / total * single:.2f} times that of one visitor alone ({1 / single:.2f} /s)"
        )
    after = memory_of(args.url)
    if before is not None and after is not None:
        print(f"  memory of the server: {before:.0f} MB before, {after:.0f} MB after")


if __name__ == "__main__":
    main()
