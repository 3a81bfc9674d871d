"""What a U-Net's backbone costs: how many times as long one network call takes as without.

    python -m benchmarks.backbone [MODEL] [--batch 1] [--rounds 30]

Times are medians of interleaved rounds and are worth something only as ratios.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import torch

from semflow_core.nets.backbone import BackboneUNet
from semflow_core.nets.placement import dtype_of, in_channels_last
from semflow_core.pipeline.registry import load_pipeline

from .autoencoder import seconds


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="faces")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    args = parser.parse_args()
    velocity: Any = load_pipeline(args.model).velocity
    unet = getattr(velocity, "module", None)
    if not isinstance(unet, BackboneUNet):
        parser.error(f"{args.model} has no backbone")
    config: Any = unet.config
    z = torch.randn(args.batch, config["in_channels"], config["sample_size"], config["sample_size"])
    z = in_channels_last(z.to(dtype_of(unet)))
    whole, backbone = [], []
    for _ in range(args.rounds + 2):  # the first two warm up
        whole.append(seconds(lambda: velocity(z, 0.5)))
        backbone.append(seconds(lambda: unet.painted(unet.backbone(z)[1])))
    a, b = statistics.median(whole[2:]), statistics.median(backbone[2:])
    print(f"{args.model}, batch {args.batch}, {torch.get_num_threads()} threads, medians of {args.rounds} rounds")
    print(f"  a call takes {1e3 * a:.1f} ms, {a / (a - b):.2f} times as long as without its backbone")


if __name__ == "__main__":
    main()
