"""What rendering costs: synthesis with a model's renderer beside the same with the codec's decoder, in one run.

    python -m benchmarks.renderer [MODEL] [--steps 1,4]

Median seconds of a synthesis through the pipeline, taken in turn, so that the ratio holds where the machine is noisy.
"""

from __future__ import annotations

import argparse
import statistics
import time

from semflow_core import SemFlowPipeline, SynthesisRequest, load_pipeline
from semflow_core.nets.contracts import CodecRenderer
from semflow_core.pictures.layouts import example_layouts, read_layout

RUNS = 15  # syntheses of each kind and number of steps


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of rendering.")
    parser.add_argument("model", nargs="?", default="faces")
    parser.add_argument("--steps", type=lambda text: [int(n) for n in text.split(",")], default=[1, 4])
    args = parser.parse_args()
    pipeline = load_pipeline(args.model)
    layout = read_layout(example_layouts(pipeline.palette)[0].file, pipeline.palette)
    renderers = {"codec": CodecRenderer(pipeline.codec), "renderer": pipeline.renderer}
    for steps in args.steps:
        seconds: dict[str, list[float]] = {name: [] for name in renderers}
        for seed in range(RUNS + 1):
            request = SynthesisRequest(model=args.model, layout=layout, steps=steps, seed=seed)
            for name, renderer in renderers.items():
                pipeline.renderer = renderer
                seconds[name].append(timed(pipeline, request))
        codec, rendered = (statistics.median(times[1:]) for times in seconds.values())  # the first is a warm-up
        print(f"{steps} steps: codec {codec:.3f} s, renderer {rendered:.3f} s, ratio {rendered / codec:.2f}")


def timed(pipeline: SemFlowPipeline, request: SynthesisRequest) -> float:
    """Seconds of one synthesis."""
    start = time.perf_counter()
    pipeline.synthesize(request)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
