"""Train the photo renderer on the flow's own results.

    python -m tools.renderer.train DATA OUT --minutes 80

DATA is what `latents.py` wrote. A run stops after `--minutes` of training and goes on from OUT/checkpoint.pt if it is
there; a sample grid of held-out layouts is written with every checkpoint. Losses:

- perceptual: distance of unit features at four depths of EfficientNet-Lite0, whole photo at half size and a crop;
- coarse: L1 of colours averaged over 8 x 8 pixels; of drawn colours, for which there is no photo, over 32 x 32 pixels
  to what the codec's decoder shows;
- exact: L1 where z0 is the photo's own, so that encoded photos come back; of everything at the start;
- adversarial (`critic.py`): hinge at nine places, and cross-entropy of the label head.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from semflow_core import load_pipeline
from semflow_core.method.codebook import from_model
from semflow_core.nets.placement import channels_last
from semflow_core.nets.renderer import PhotoRenderer

from .critic import VIEW, Critic, Window, label_views, views
from .features import LiteFeatures

KINDS = ("own", "sloppy", "encoded", "drawn")
COARSE = 32  # pixels of the photo over which drawn colours are compared


@dataclass(frozen=True)
class Recipe:
    model: str = "faces"
    batch: int = 4
    shares: tuple[float, ...] = (0.4, 0.2, 0.22, 0.18)  # of KINDS
    rate: float = 3e-4
    critic_rate: float = 3e-4
    decay_from: float = 0.7  # share of the minutes after which the rates fall, to a tenth
    ema: float = 0.998
    critic_start: int = 300  # steps without a critic
    adversarial_start: int = 400  # the critic is ahead by then
    ramp: int = 300  # steps over which the adversarial weights grow
    perceptual: float = 2.0
    coarse: float = 1.0
    exact: float = 0.5
    start_l1: float = 0.3
    hinge: float = 0.15
    labels: float = 0.04


class Samples:
    """Training samples; mirrored ones are made on the fly from the photo (the flow solved the mirrored layout).

    Args:
        folder: what `latents.py` wrote.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.recipe, pipeline = recipe, load_pipeline(recipe.model)
        self.palette = pipeline.palette
        self.photos, self.labels = (np.load(folder / f"{k}.npy", mmap_mode="r") for k in ("photos", "labels"))
        self.real = torch.from_numpy(np.load(folder / "real.npy"))
        self.latents = {}
        for kind in ("own", "sloppy", "drawn"):
            with np.load(folder / f"{kind}.npz") as found:
                self.latents[kind] = torch.from_numpy(found["z0"]), torch.from_numpy(found["z1"])
        self.coarse = self._coarse(pipeline, folder / "coarse.npy")

    def _coarse(self, pipeline: Any, cache: Path) -> torch.Tensor:
        """Colours of the codec's photos of drawn layouts, averaged, (2N, 3, h, w) in [-1, 1]; cached."""
        if not cache.exists():
            found = []
            with torch.inference_mode():
                for z0 in self.latents["drawn"][0].split(10):
                    x = pipeline.codec.decode(z0.float())
                    found.append(F.avg_pool2d(x, COARSE * pipeline.size // self.photos.shape[1]))
            np.save(cache, torch.cat(found).half().numpy())
        return torch.from_numpy(np.load(cache)).float()

    def batch(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """kind (B,), z0, z1 (B, C, h, w), photo (B, 3, H, W), labels (B, S, S) class indices, coarse (B, 3, h', w')."""
        n, size = len(self.photos), self.recipe.batch
        kinds = rng.choice(len(KINDS), size=size, p=self.recipe.shares)
        rows: dict[str, list[torch.Tensor]] = {k: [] for k in ("z0", "z1", "photo", "labels", "coarse")}
        for kind in kinds:
            i = int(rng.integers(2 * n))
            name = "own" if KINDS[kind] == "encoded" else KINDS[kind]
            z0, z1 = self.latents[name]
            rows["z0"].append((self.real if KINDS[kind] == "encoded" else z0)[i].float())
            rows["z1"].append(z1[i].float())
            photo, labels = self.photos[i % n], self.labels[i % n]
            if i >= n:
                photo, labels = photo[:, ::-1], self.palette.flip(labels)
            rows["photo"].append(torch.from_numpy(np.array(photo)).permute(2, 0, 1).float().div(127.5).sub(1))
            rows["labels"].append(torch.from_numpy(self.palette.index(labels)))
            rows["coarse"].append(self.coarse[i])
        found = {k: torch.stack(v) for k, v in rows.items()}
        found["photo"] = found["photo"].contiguous(memory_format=torch.channels_last)
        return found | {"kind": torch.from_numpy(kinds)}


class Trainer:
    def __init__(self, recipe: Recipe, data: Path, out: Path, minutes: float) -> None:
        self.recipe, self.out, self.minutes = recipe, out, minutes
        torch.manual_seed(0)
        self.samples = Samples(data, recipe)
        self.net = channels_last(PhotoRenderer())
        self.features = channels_last(LiteFeatures(0))
        self.critic = channels_last(Critic(len(self.samples.palette.classes)))
        self.ema = copy.deepcopy(self.net).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), recipe.rate, betas=(0.5, 0.99), weight_decay=1e-4)
        self.critic_optimizer = torch.optim.AdamW(
            self.critic.parameters(), recipe.critic_rate, betas=(0.0, 0.99), weight_decay=0
        )
        self.step, self.elapsed = 0, 0.0  # steps and minutes trained
        self.stopped = False
        self.sums: dict[str, list[float]] = {}
        if (out / "checkpoint.pt").exists():
            self._load()
        else:
            self._fit_critic()

    # ---- a step --------------------------------------------------------------------------------------------------

    def train_step(self) -> dict[str, float]:
        recipe, rng = self.recipe, np.random.default_rng((1, self.step))
        batch = self.samples.batch(rng)
        photo, kind = batch["photo"], batch["kind"]
        side = photo.shape[-1]
        where = window(rng, batch["labels"], side)
        labels = label_views(batch["labels"], where, side // batch["labels"].shape[-1])
        weights = class_weights(labels, self.critic.classes)
        noise = torch.randn(self.net.noise_shape(batch["z0"]))
        with torch.autocast("cpu", torch.bfloat16):
            made = self.net(batch["z0"], batch["z1"], noise)
        made = made.float()
        change = light(rng, len(photo))
        seen, wanted = (change(views(x, where)) for x in (made, photo))
        with torch.autocast("cpu", torch.bfloat16):
            found = self.features(seen)
            with torch.no_grad():
                real = self.features(wanted)
        parts = {}
        if self.step >= recipe.critic_start:
            parts["critic"], parts["critic_labels"] = self._train_critic(seen, found, wanted, real, labels)
        there = kind != KINDS.index("drawn")  # there is a photo of it
        parts["perceptual"] = mean_where(perceptual(found, real, weights[labels]), there.repeat(2))
        coarse = (F.avg_pool2d(made - photo, 8)).abs().mean((1, 2, 3))
        drawn = (F.avg_pool2d(made, COARSE) - batch["coarse"]).abs().mean((1, 2, 3))
        parts["coarse"] = torch.where(there, coarse, drawn).mean()
        error = (made - photo).abs().mean((1, 2, 3))
        exact = kind == KINDS.index("encoded")
        parts["exact"] = (error * exact).mean()
        loss = recipe.perceptual * parts["perceptual"] + recipe.coarse * parts["coarse"] + recipe.exact * parts["exact"]
        share = min(1.0, max(0.0, (self.step - recipe.adversarial_start) / recipe.ramp))
        if share < 1:
            loss = loss + (1 - share) * recipe.start_l1 * mean_where(error, there)
        if share > 0:
            self.critic.requires_grad_(False)
            with torch.autocast("cpu", torch.bfloat16):
                judged, scores = self.critic(seen, found, labels)
            self.critic.requires_grad_(True)
            parts["hinge"] = -sum(j.float().mean() for j in judged) / len(judged)
            parts["labels"] = F.cross_entropy(scores.float(), labels, weights)
            loss = loss + share * (recipe.hinge * parts["hinge"] + recipe.labels * parts["labels"])
        self.optimizer.zero_grad()
        loss.backward()
        parts["gradient"] = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        decay = min(recipe.ema, self.step / (self.step + 9))
        with torch.no_grad():
            for a, b in zip(self.ema.parameters(), self.net.parameters()):
                a.lerp_(b, 1 - decay)
        return {k: float(v.detach()) for k, v in parts.items()}

    def _train_critic(
        self,
        seen: torch.Tensor,
        found: list[torch.Tensor],
        wanted: torch.Tensor,
        real: list[torch.Tensor],
        labels: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A step of the critic: its hinge loss a place and its cross-entropy."""
        classes = self.critic.classes
        with torch.autocast("cpu", torch.bfloat16):
            on_real, real_scores = self.critic(wanted, real, labels)
            on_made, made_scores = self.critic(seen.detach(), [f.detach() for f in found], labels)
        hinge = sum(F.relu(1 - r.float()).mean() + F.relu(1 + m.float()).mean() for r, m in zip(on_real, on_made))
        entropy = F.cross_entropy(real_scores.float(), labels, class_weights(labels, classes))
        entropy = entropy + F.cross_entropy(made_scores.float(), torch.full_like(labels, classes))
        self.critic_optimizer.zero_grad()
        (hinge + entropy).backward()
        self.critic_optimizer.step()
        return (hinge / len(on_real)).detach(), entropy.detach()  # type: ignore

    @torch.no_grad()
    def _fit_critic(self) -> None:
        rng = np.random.default_rng(0)
        found = []
        for _ in range(8):
            batch = self.samples.batch(rng)
            where = Window((16, 16), tuple(rng.integers(0, batch["photo"].shape[-1] - VIEW + 1, size=2).tolist()))
            found.append(self.features(views(batch["photo"], where)))
        self.critic.fit([torch.cat(f) for f in zip(*found)])

    # ---- a run ---------------------------------------------------------------------------------------------------

    def run(self, every: float) -> None:
        """Train for the rest of the minutes, with a checkpoint every so many."""
        last, saved = time.time(), self.elapsed
        signal.signal(signal.SIGTERM, self._stop)
        while self.elapsed < self.minutes and not self.stopped:
            done = (self.elapsed / self.minutes - self.recipe.decay_from) / (1 - self.recipe.decay_from)
            factor = 0.55 + 0.45 * math.cos(math.pi * min(1.0, max(0.0, done)))
            self.optimizer.param_groups[0]["lr"] = self.recipe.rate * factor
            self.critic_optimizer.param_groups[0]["lr"] = self.recipe.critic_rate * factor
            for k, v in self.train_step().items():
                self.sums.setdefault(k, []).append(v)
            now = time.time()
            self.elapsed, last = self.elapsed + (now - last) / 60, now
            if self.step % 50 == 0:
                words = ", ".join(f"{k} {np.mean(v):.3f}" for k, v in self.sums.items())
                print(f"{time.strftime('%H:%M')} step {self.step}, {self.elapsed:.1f} min: {words}", flush=True)
                self.sums = {}
            if self.elapsed - saved >= every or self.elapsed >= self.minutes or self.stopped:
                self.save()
                saved, last = self.elapsed, time.time()

    def _stop(self, *_: object) -> None:
        """SIGTERM: finish the step, save and end."""
        self.stopped = True

    def save(self) -> None:
        state = {k: getattr(self, k).state_dict() for k in PARTS}
        temporary = self.out / "checkpoint.tmp"
        torch.save(state | {"step": self.step, "elapsed": self.elapsed, "recipe": asdict(self.recipe)}, temporary)
        os.replace(temporary, self.out / "checkpoint.pt")
        torch.save(self.ema.state_dict(), self.out / f"ema_{self.step:06d}.pt")
        self.grid()

    def _load(self) -> None:
        state = torch.load(self.out / "checkpoint.pt")
        for k in PARTS:
            getattr(self, k).load_state_dict(state[k])
        self.step, self.elapsed = state["step"], state["elapsed"]

    @torch.inference_mode()
    def grid(self) -> None:
        """A PNG of held-out layouts' photos, full size, four a row."""
        samples = np.load(self.out / "samples.npz")
        pictures = []
        for i, (z0, z1) in enumerate(zip(samples["z0"], samples["z1"])):
            pictures.append(render(self.ema, z0[None], z1[None], seed=i)[0])
        rows = [np.concatenate(pictures[i : i + 4], 1) for i in range(0, len(pictures), 4)]
        Image.fromarray(np.concatenate(rows)).save(self.out / f"grid_{self.step:06d}.png", compress_level=1)


PARTS = ("net", "ema", "critic", "optimizer", "critic_optimizer")


@torch.inference_mode()
def render(net: PhotoRenderer, z0: np.ndarray, z1: np.ndarray, seed: int) -> np.ndarray:
    """Photos (B, H, W, 3) uint8 of z0, z1 (B, C, h, w), their noise from the seed."""
    a, b = torch.from_numpy(z0).float(), torch.from_numpy(z1).float()
    noise = torch.randn(net.noise_shape(a), generator=torch.Generator().manual_seed(seed))
    with torch.autocast("cpu", torch.bfloat16):
        x = net(a, b, noise)
    return from_model(x.float()).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()


def light(rng: np.random.Generator, n: int) -> Any:
    """A random change of brightness, contrast and saturation of n photos in two views, for real and made alike."""
    shift, contrast, saturation = (
        torch.from_numpy(rng.uniform(-most, most, n).astype(np.float32)).repeat(2).view(-1, 1, 1, 1)
        for most in (0.2, 0.2, 0.2)
    )

    def change(x: torch.Tensor) -> torch.Tensor:
        grey = x.mean(1, keepdim=True)
        x = grey + (1 + saturation) * (x - grey)
        return ((1 + contrast) * x + shift).contiguous(memory_format=torch.channels_last)

    return change


def window(rng: np.random.Generator, labels: torch.Tensor, side: int) -> Window:
    """Random corners of the two views; half of the crops are around a class, drawn evenly, so that eyes are seen often.

    Args:
        labels: (B, S, S) class indices of photos with `side` pixels a side.
    """
    whole, crop = (rng.integers(0, side - w + 1, size=2) for w in (2 * VIEW, VIEW))
    if rng.random() < 0.5:
        layout = labels[int(rng.integers(len(labels)))]
        places = (layout == int(rng.choice(layout.unique().numpy()))).nonzero().numpy()
        center = places[int(rng.integers(len(places)))] * (side // labels.shape[-1])
        crop = np.clip(center - VIEW // 2 + rng.integers(-VIEW // 3, VIEW // 3 + 1, size=2), 0, side - VIEW)
    return Window(tuple(whole.tolist()), tuple(crop.tolist()))


def perceptual(a: list[torch.Tensor], b: list[torch.Tensor], weights: torch.Tensor) -> torch.Tensor:
    """Squared distance of unit features, averaged over places and depths: (B,).

    Args:
        weights: (B, h, w) of the places, 1 on average.
    """
    each = []
    for f, g in zip(a, b):
        d = (F.normalize(f.float(), dim=1) - F.normalize(g.float(), dim=1)).square().sum(1)
        each.append((d * F.adaptive_avg_pool2d(weights, d.shape[1:])).mean((1, 2)))  # type: ignore
    return torch.stack(each).mean(0)


def mean_where(values: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """Sum of the chosen values (B,) over B, so that every sample weighs alike."""
    return (values * which).mean()


def class_weights(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Of the batch's classes and of "made", (classes + 1,): the root of their rarity, so that eyes count."""
    share = torch.bincount(labels.flatten(), minlength=classes).float() / labels.numel()
    weights = torch.where(share > 0, share.clamp(min=1e-3).rsqrt(), 0)
    weights = weights / (weights * share).sum()  # 1 on average over places
    return torch.cat([weights, weights.new_ones(1)])


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the photo renderer.")
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=80)
    parser.add_argument("--every", type=float, default=8, help="minutes between checkpoints")
    parser.add_argument("--set", default="{}", help="changes of the recipe, as JSON")
    args = parser.parse_args()
    recipe = Recipe(**json.loads(args.set))
    print(recipe, flush=True)
    Trainer(recipe, Path(args.data), args.out, args.minutes).run(args.every)


if __name__ == "__main__":
    main()
