"""What Ray Serve's batches give: the same requests of many clients to a replica that batches and to one that does not.

    pip install 'ray[serve]'
    python -m benchmarks.ray_serving [--clients 32] [--calls 4] [--steps 2] [--batch 8] [--model faces] [--device cpu]

Both replicas run on one local cluster, one processor or GPU each, and are asked in turn, `--rounds` times. Printed are
the throughput of batches over that of none, both in one run, and how many pictures differ from the same request alone.
On processors a batch costs about as much as its pictures one by one; GPUs are what batches are for.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from app.engine.on_ray import RayEngine, Replicas
from semflow_core.cli.on_ray import load_ray
from semflow_core.pictures.layouts import LAYOUT_DIR, read_layout
from semflow_core.requests import SynthesisRequest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--calls", type=int, default=4, help="per client and round")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="faces")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    ray = load_ray("ray")
    gpus = 2 if args.device == "cuda" else 0
    ray.init(num_cpus=2, num_gpus=gpus, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    engines = {n: RayEngine([], args.device, Replicas(1, 1, n), f"batch-{n}") for n in (1, args.batch)}
    palette = engines[1].describe(args.model).palette
    layouts = [read_layout(f, palette) for f in sorted(LAYOUT_DIR.glob("*.png")) if f.stem != "street"]
    requests = [
        SynthesisRequest(model=args.model, layout=layouts[i % len(layouts)], seed=i, steps=args.steps)
        for i in range(args.clients)
    ]

    def ask(engine: RayEngine, request: SynthesisRequest) -> np.ndarray:
        return engine.call(args.model, "synthesize", (request,)).photo.astype(int)

    ask(engines[args.batch], requests[0])  # the model is loaded
    alone = [ask(engines[1], r) for r in requests]
    speeds: dict[int, list[float]] = {n: [] for n in engines}
    differences: list[int] = []
    with ThreadPoolExecutor(args.clients) as threads:
        for _ in range(args.rounds):
            for n, engine in engines.items():
                start = time.perf_counter()
                photos = list(threads.map(lambda r, e=engine: ask(e, r), requests * args.calls))
                speeds[n].append(len(photos) / (time.perf_counter() - start))
                differences += [int(np.abs(a - b).max()) for a, b in zip(photos, alone * args.calls)]
    ratios = [b / a for a, b in zip(speeds[1], speeds[args.batch])]
    print(f"{args.clients} clients, {args.steps} steps of {args.model} on {args.device}, {len(differences)} pictures")
    print(
        f"  throughput of batches of up to {args.batch} over none: {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f} in {args.rounds} rounds)"
    )
    wrong = [d for d in differences if d]
    print(
        f"  pictures that differ from the same request alone: {len(wrong)}, by {max(wrong, default=0)} levels at most"
    )
    ray.shutdown()


if __name__ == "__main__":
    main()
