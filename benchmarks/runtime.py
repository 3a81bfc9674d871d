"""What a compiled runtime brings: network calls, a draft and variations by PyTorch and by the model's export, in turn.

    python -m semflow_core export faces
    python -m benchmarks.runtime [MODEL] [--rounds 10]

Medians of a run in which both take turns: ratios hold where the machine is noisy, seconds only where it is idle. The
processor's time counts all threads, and holds where other programs take part of the wall clock's.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from semflow_core import SemFlowPipeline, SynthesisRequest
from semflow_core.nets.placement import has_bfloat16
from semflow_core.pictures.layouts import example_layouts, read_layout
from semflow_core.pipeline.registry import load_as_torch
from semflow_core.pipeline.runtime import on_exports, pipeline_exports

VARIATIONS = 16
SIDE = 2048  # of the matrices whose product shows what the processor multiplies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="faces")
    parser.add_argument("--rounds", type=int, default=10)
    args = parser.parse_args()
    pipeline = load_as_torch(args.model)
    exports = pipeline_exports(pipeline)
    if not exports or not all(e.folder.is_dir() for e in exports):
        parser.error(f"{args.model} has no export: python -m semflow_core export {args.model}")
    runtimes = {"PyTorch": pipeline, "OpenVINO": on_exports(pipeline, exports)}
    layout = read_layout(example_layouts(pipeline.palette)[0].file, pipeline.palette)
    requests = [SynthesisRequest(model=args.model, layout=layout, steps=1, seed=i) for i in range(VARIATIONS)]
    z = pipeline.encode_layout(requests[0])
    print(f"{args.model}, {torch.get_num_threads()} threads: milliseconds by the wall clock | of the processors")
    one, many = {}, {}
    for name, rounds, work in (
        ("network call", args.rounds, lambda p: p.velocity(z, 0.5)),
        ("draft, rendered", args.rounds, lambda p: p.synthesize(requests[0])),
        (f"{VARIATIONS} of them", max(2, args.rounds // 5), lambda p: p.synthesize_many(requests)),
    ):
        spent = in_turn(runtimes, work, rounds)
        one, many = many, {n: cpu for n, (_, cpu) in spent.items()}
        (wall, cpu), (other_wall, other_cpu) = spent.values()
        print(
            f"  {name:16} PyTorch {wall:7.1f} | {cpu:7.1f}   OpenVINO {other_wall:7.1f} | {other_cpu:7.1f}"
            f"   ratio {wall / other_wall:.2f} | {cpu / other_cpu:.2f}"
        )
    print("  variations cost", ", ".join(f"{n} {many[n] / one[n]:.1f} drafts" for n in runtimes), "of the processors")
    bound = matrix_bound(pipeline, requests)
    print(f"  their products alone, as fast as a product of two matrices: {bound / one['PyTorch']:.1f} drafts")
    photos = [p.synthesize(requests[0]).photo.astype(int) for p in runtimes.values()]
    far = np.abs(photos[0] - photos[1])
    print(f"  grey levels apart: mean {far.mean():.2f}, 99 % {np.percentile(far, 99):.0f}, largest {far.max()}")
    print(f"  peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


@torch.inference_mode()
def matrix_bound(pipeline: SemFlowPipeline, requests: list[SynthesisRequest]) -> float:
    """Milliseconds of the processors that the products in synthesizing requests would take as one product of matrices.

    In bfloat16 where the processor multiplies it. No runtime that computes the same network is faster.
    """
    with FlopCounterMode(display=False) as count:
        pipeline.synthesize(requests[0])
    a = torch.randn(SIDE, SIDE).to(torch.bfloat16 if has_bfloat16(pipeline.device) else torch.float32)
    _, cpu = in_turn({"": pipeline}, lambda _: a @ a, 10)[""]
    return len(requests) * count.get_total_flops() / (2 * SIDE**3) * cpu


@torch.inference_mode()
def in_turn(runtimes: dict, work: Callable, rounds: int) -> dict[str, tuple[float, float]]:
    """Median (wall, processor) milliseconds of a piece of work on each runtime, taken in turn."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in runtimes}
    for _ in range(rounds + 1):
        for name, pipeline in runtimes.items():
            wall, cpu = time.perf_counter(), time.process_time()
            work(pipeline)
            spent[name].append((1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)))
    return {n: tuple(map(statistics.median, zip(*times[1:]))) for n, times in spent.items()}  # type: ignore[misc]


if __name__ == "__main__":
    main()
