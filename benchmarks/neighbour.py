"""What a busy process beside the studio costs: seconds of a synthesis, idle and beside it, in one run.

    python -m benchmarks.neighbour [MODEL] [--steps 4] [--rounds 5]

Two neighbours are started here: a loop that keeps one processor busy, and a training run of PyTorch with two threads
that wait as PyTorch has them wait. Each round measures idle, beside the loop and beside the training, so that the
ratios hold where the machine's speed drifts. `PyTorch's own` is a second process with as many threads as PyTorch
chooses, waiting as long as PyTorch lets them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from semflow_core.environment import CHOSEN

LOOP = "while True: pass"
TRAINING = """
import torch
torch.set_num_threads(2)
network = torch.nn.Sequential(*(torch.nn.Conv2d(64, 64, 3, padding=1) for _ in range(8)))
optimizer = torch.optim.AdamW(network.parameters())
while True:
    network(torch.randn(4, 64, 32, 32)).square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()
"""
NEIGHBOURS = {"idle": "", "loop": LOOP, "training": TRAINING}
SETTLED = 4.0  # seconds until a neighbour has started
# measures in a process of its own: a line in, so many syntheses, the seconds of each out
WORKER = """
import sys, time
from semflow_core import SynthesisRequest, load_pipeline
from semflow_core.pictures.layouts import example_layouts, read_layout
if {fixed}:
    from semflow_core.nets.threads import load, use_threads
    use_threads(load.most)
pipeline = load_pipeline({model!r})
layout = read_layout(example_layouts(pipeline.palette)[0].file, pipeline.palette)
for line in sys.stdin:
    seconds = []
    for seed in range(int(line)):
        start = time.perf_counter()
        pipeline.synthesize(SynthesisRequest(model={model!r}, layout=layout, steps={steps}, seed=seed))
        seconds.append(time.perf_counter() - start)
    print(*seconds, flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="faces")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=8, help="syntheses per round and neighbour (default: 8)")
    args = parser.parse_args()
    workers = {"here": worker(args, fixed=False), "PyTorch's own": worker(args, fixed=True)}
    seconds: dict[tuple[str, str], list[float]] = {(w, n): [] for w in workers for n in NEIGHBOURS}
    try:
        for process in workers.values():
            measure(process, 3)  # warms up
        for _ in range(args.rounds):
            for name, code in NEIGHBOURS.items():
                with neighbour(code):
                    for who, process in workers.items():
                        seconds[who, name] += measure(process, args.runs)
    finally:
        for process in workers.values():
            process.kill()
    print(f"{args.model}, {args.steps} steps, {len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f}")
    print(f"{'':14} {'':>9} {'median':>8} {'p90':>8}  median / its idle  / idle of PyTorch's own")
    own_idle = statistics.median(seconds["PyTorch's own", "idle"])
    for (who, name), times in seconds.items():
        median, idle = statistics.median(times), statistics.median(seconds[who, "idle"])
        p90 = sorted(times)[int(0.9 * (len(times) - 1))]
        print(f"{who:14} {name:>9} {median:7.3f}s {p90:7.3f}s  {median / idle:17.2f}  {median / own_idle:23.2f}")


def worker(args: argparse.Namespace, fixed: bool) -> subprocess.Popen[str]:
    """A process that measures.

    Args:
        fixed: with as many threads as PyTorch chooses, and its waiting.
    """
    code = WORKER.format(model=args.model, steps=args.steps, fixed=fixed)
    env = as_pytorch_has_it() | ({"GOMP_SPINCOUNT": "300000", "KMP_BLOCKTIME": "200"} if fixed else {})
    return subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def as_pytorch_has_it() -> dict[str, str]:
    """The environment without what says how threads wait, and how many there are."""
    return {k: v for k, v in os.environ.items() if k not in (*CHOSEN, "OMP_NUM_THREADS", "MKL_NUM_THREADS")}


def measure(process: subprocess.Popen[str], runs: int) -> list[float]:
    """The seconds of so many syntheses in another process."""
    assert process.stdin is not None and process.stdout is not None
    print(runs, file=process.stdin, flush=True)
    answer = process.stdout.readline()
    if not answer:
        sys.exit("a measuring process ended; its error stands above")
    return [float(s) for s in answer.split()]


@contextmanager
def neighbour(code: str) -> Iterator[None]:
    """A busy process, or, without code, none."""
    process = subprocess.Popen([sys.executable, "-c", code], env=as_pytorch_has_it()) if code else None
    time.sleep(SETTLED if code else 0.5)
    try:
        yield
    finally:
        if process is not None:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
