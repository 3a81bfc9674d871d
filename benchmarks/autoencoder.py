"""The shared autoencoder beside TAESD, in one run: speed, photo PSNR and what is left of pseudo masks.

    python -m benchmarks.autoencoder TEACHER_FOLDER [--codec assets/models/codec] [--data DIR] [--pairs 50]

TEACHER_FOLDER holds TAESD; the data are the held-out pairs of the domains in configs/codec.yaml, below SEMFLOW_DATA.
Times are medians of interleaved rounds and are worth something only as ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from semflow_core.data.pairs import data_root
from semflow_core.nets.contracts import codec_of
from semflow_core.nets.placement import in_channels_last
from semflow_core.nets.starts import load_codec
from semflow_core.nets.teacher import load_teacher
from semflow_core.training.codec_report import measure_codec
from semflow_core.training.stages import read_plan

ROOT = Path(__file__).resolve().parent.parent


def seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher")
    parser.add_argument("--codec", default=str(ROOT / "assets" / "models" / "codec"))
    parser.add_argument("--data", help="data root (SEMFLOW_DATA)")
    parser.add_argument("--pairs", type=int, default=50, help="held-out pairs per domain (50)")
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    config = read_plan(ROOT / "configs" / "codec.yaml", []).sections["codec"]
    models: dict[str, Any] = {"TAESD": codec_of(load_teacher(args.teacher)), "ours": load_codec(args.codec)}
    for model in models.values():
        model.to("cpu")
    x = in_channels_last(torch.rand(1, 3, 256, 256).mul(2).sub(1))
    latents = {name: model.encode(x) for name, model in models.items()}
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(args.rounds + 2):
        for name, model in models.items():
            times.setdefault((name, "encode"), []).append(seconds(lambda m=model: m.encode(x)))
            times.setdefault((name, "decode"), []).append(seconds(lambda m=model, z=latents[name]: m.decode(z)))
    median = {key: statistics.median(values[2:]) for key, values in times.items()}  # the first two warm up
    print(f"256x256, float32, {torch.get_num_threads()} threads, medians of {args.rounds} rounds")
    for name in models:
        encode, decode = (1e3 * median[name, what] for what in ("encode", "decode"))
        print(f"  {name:6s} encode {encode:6.1f} ms  decode {decode:6.1f} ms")
    both = {name: median[name, "encode"] + median[name, "decode"] for name in models}
    print(f"  encode + decode: {both['TAESD'] / both['ours']:.1f} times faster than TAESD")
    for domain, spec in config.domains.items():
        data = spec.split(data_root(args.data), "dev", config.size, limit=args.pairs)
        for name, model in models.items():
            perturbation = config.perturbation(spec.codebook())
            figures = measure_codec(model, spec.codebook(), data, perturbation)
            print(
                f"  {domain}, {len(data)} held-out pairs, {name:6s} "
                f"photos {figures.psnr:.2f} dB, pseudo masks (beta {perturbation.beta:g}) {figures.miou:.1f} mIoU"
            )


if __name__ == "__main__":
    main()
