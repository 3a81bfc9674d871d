"""What it costs to serve painters: a simulation of one day, from networks' FLOPs and named inputs.

    python -m benchmarks.serving
    python -m benchmarks.serving --painters 1000000 --peak-tflops 121 --dollars 0.8 --efficiency 0.35
    python -m benchmarks.serving --measure cuda --peak-tflops 121     # the efficiency that this machine's GPU reaches

A painter comes at a time of day drawn from `DAY`, and paints strokes with pauses between; each asks for one draft and,
if the pause is long enough, for one refined photo. GPUs answer in batches: a batch is formed of what waits, up to
`--batch`. The number of GPUs is the smallest for which 95 % of the drafts of the busiest minutes take less than
`--latency`. All inputs are options; their defaults are assumptions, not measurements, but for FLOPs, which are counted.
`--measure` times steps of the same networks with random weights, `--batch` pictures at once, in bfloat16 on a GPU.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel, UNet2DModel
from torch.utils.flop_counter import FlopCounterMode

from semflow_core.assets import asset
from semflow_core.nets.published import SD15, VAE

# painters per hour of the day as a share of the day's: nights are quiet, evenings are not
DAY = np.array([2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 6, 6, 5, 5, 5, 6, 7, 8, 8, 7, 4, 3], float)
MINUTES = 1  # of the busiest hour that are simulated
STEPS = 10  # that are timed
GROWTH = 1.03  # from one number of GPUs that is tried to the next


@dataclass(frozen=True)
class Work:
    """FLOPs of one step and of what a photo needs beside its steps: encoding the layout, decoding the photo.

    Attributes:
        unet: makes the network, on the device that is the default then.
        inputs: shapes of what a step of one picture takes: latents, and the prompt where there is one.
    """

    name: str
    step: float
    around: float
    unet: Callable[[], Any]
    inputs: tuple[tuple[int, ...], ...]

    def run_step(self, unet: Any, batch: int, dtype: torch.dtype) -> Any:
        """One step of a batch."""
        z, *prompt = (torch.zeros(batch, *shape, dtype=dtype) for shape in self.inputs)
        return unet(z, torch.zeros(batch), *prompt)


def flops(run: Any) -> float:
    """FLOPs of a call; two per multiplication and addition."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        run()
    return float(counter.get_total_flops())


def stable_diffusion() -> Work:
    """At 512×512."""
    kl: Any = AutoencoderKL
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel.from_config(SD15)
        vae: Any = kl.from_config(VAE)
        z, t, prompt = torch.zeros(1, 4, 64, 64), torch.zeros(1), torch.zeros(1, 77, 768)
        picture = torch.zeros(1, 3, 512, 512)
        step = flops(lambda: unet(z, t, encoder_hidden_states=prompt))
        around = flops(lambda: vae.decode(z)) + flops(lambda: vae.encode(picture))
    kind: Any = UNet2DConditionModel
    shapes = ((4, 64, 64), (77, 768))
    return Work("Stable Diffusion 1.5 at 512x512", step, around, lambda: kind.from_config(SD15), shapes)


def faces() -> Work:
    """The shipped model's U-Net without its backbone, at 256×256, and its codec."""
    from semflow_core.nets.pyramid import PyramidAutoencoder

    codec = PyramidAutoencoder.from_pretrained(asset("models/codec"))
    config: Any = UNet2DModel.load_config(asset("models/faces/unet"))
    plain: Any = UNet2DModel.from_config({k: v for k, v in config.items() if k != "anchors"})
    picture = torch.zeros(1, 3, 256, 256)
    with torch.no_grad():
        z = codec.encode(picture).latents
    step = flops(lambda: plain(z, torch.zeros(1)))
    around = flops(lambda: codec.encode(picture)) + flops(lambda: codec.decode(z))
    return Work("faces at 256x256", step, around, lambda: copy.deepcopy(plain), (tuple(z.shape[1:]),))


@torch.no_grad()
def measured(work: Work, device: str, batch: int, peak: float) -> float:
    """The share of a device's peak, in FLOPs per second, that steps of a batch reach."""
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    seconds = []
    with torch.device(device):
        unet = work.unet().to(device, dtype).eval()
        for _ in range(2 + STEPS):  # the first are slow
            start = time.perf_counter()
            work.run_step(unet, batch, dtype)
            if device == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
    return work.step * batch / statistics.median(seconds[2:]) / peak


def arrivals(args: argparse.Namespace, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Requests of some minutes of the busiest hour: their times in seconds, sorted, and their steps."""
    per_second = args.painters * DAY.max() / DAY.sum() / 3600
    length = args.strokes * args.pause  # of a painter's stay, in seconds
    seconds = MINUTES * 60 + length
    starts = rng.uniform(-length, MINUTES * 60, rng.poisson(per_second * seconds))
    pauses = rng.exponential(args.pause, (len(starts), args.strokes))
    drafts = (starts[:, None] + pauses.cumsum(1)).ravel()
    refined = (drafts.reshape(pauses.shape) + args.refine_after)[:, :-1][pauses[:, 1:] > args.refine_after]
    times = np.concatenate([drafts, refined])
    steps = np.concatenate([np.full(len(drafts), args.draft_steps), np.full(len(refined), args.steps)])
    inside = (times >= 0) & (times < MINUTES * 60)
    order = np.argsort(times[inside])
    return times[inside][order], steps[inside][order]


def waits(times: np.ndarray, cost: np.ndarray, gpus: int, batch: int) -> np.ndarray:
    """Seconds from each request to its answer: whichever GPU is free first takes what waits, up to a batch."""
    free, done, i = np.zeros(gpus), np.empty(len(times)), 0
    while i < len(times):
        gpu = int(free.argmin())
        now = max(free[gpu], times[i])
        j = min(i + batch, int(np.searchsorted(times, now, "right")))
        free[gpu] = now + cost[i:j].sum()
        done[i:j] = free[gpu]
        i = j
    return done - times


def simulate(work: Work, args: argparse.Namespace) -> str:
    """A row of the table."""
    if args.measure:
        args.efficiency = measured(work, args.measure, args.batch, args.peak_tflops * 1e12)
    times, steps = arrivals(args, np.random.default_rng(0))
    cost = (steps * work.step + work.around) / (args.peak_tflops * 1e12 * args.efficiency)
    drafts = steps == args.draft_steps
    least = max(1, int(np.ceil(cost.sum() / (MINUTES * 60))))
    gpus = least
    while late(times, cost, drafts, gpus, args) > args.latency:
        gpus = max(gpus + 1, int(gpus * GROWTH))
    hours = float((np.ceil(gpus * DAY / DAY.max())).sum())  # replicas follow the time of day
    figures = (
        f"{work.step / 1e9:.3g} | {work.around / 1e9:.3g} | {args.efficiency:.2g} | {len(times) / MINUTES / 60:.0f}"
    )
    dollars = hours * args.dollars
    return f"| {work.name} | {figures} | {gpus} | {dollars:.0f} | {1000 * dollars / args.painters:.2f} |"


def late(times: np.ndarray, cost: np.ndarray, drafts: np.ndarray, gpus: int, args: argparse.Namespace) -> float:
    """Seconds in which 95 % of the drafts are answered."""
    return float(np.quantile(waits(times, cost, gpus, args.batch)[drafts], 0.95))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("--painters", type=float, default=1e6, help="per day")
    add("--strokes", type=int, default=40, help="per painter")
    add("--pause", type=float, default=6.0, help="seconds between strokes, on average")
    add("--refine-after", type=float, default=1.5, help="seconds of pause after which the photo is refined")
    add("--draft-steps", type=int, default=2)
    add("--steps", type=int, default=8)
    add("--peak-tflops", type=float, default=121.0, help="of the GPU in bfloat16, as its data sheet says (NVIDIA L4)")
    add("--efficiency", type=float, default=0.3, help="share of the peak that is reached")
    add("--measure", choices=("cpu", "cuda"), help="measure the efficiency on this machine instead")
    add("--dollars", type=float, default=0.8, help="per GPU and hour")
    add("--batch", type=int, default=8)
    add("--latency", type=float, default=0.5, help="seconds that 95 %% of the drafts may take")
    args = parser.parse_args()
    print("inputs:", ", ".join(f"{name} {value:g}" for name, value in vars(args).items() if name != "measure"))
    heads = (
        "model",
        "GFLOP per step",
        "GFLOP around",
        "efficiency",
        "requests/s",
        "GPUs",
        "$ per day",
        "$ per 1000 painters",
    )
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for work in (faces(), stable_diffusion()):
        print(simulate(work, args))


if __name__ == "__main__":
    main()
