"""Train the photo renderer on the flow's own results.

    python -m tools.renderer.train DATA OUT --minutes 80

DATA is what `latents.py` wrote. A run stops after `--minutes` of training and goes on from OUT/checkpoint.pt if it is
there; a sample grid of held-out layouts is written with every checkpoint. Losses:

- perceptual: distance of unit features at four depths of EfficientNet-Lite0, whole photo at half size and a crop;
- coarse: L1 of colours averaged over 64 x 64 fields; of drawn colours, for which there is no photo, over 16 x 16 fields
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
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
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
from .flow_end import FlowEnd, draw_steps

KINDS = ("own", "sloppy", "encoded", "drawn")
FIELDS = 64  # fields per axis over which colours are compared
SHOWN_STEPS = 2  # of the solves of a finish's grids
DRAWN_FIELDS = 16  # the same for drawn colours


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
    patches: float = 0.3  # of the patch critic beside the eight heads on features: more gives cloth and walls a grain
    labels: float = 0.1
    finish: bool = False  # train the flow, too
    flow_rate: float = 5e-5
    hold: float = 1.0  # of the flow's own loss


class Samples:
    """Training samples; mirrored ones are made on the fly from the photo (the flow solved the mirrored layout).

    Args:
        folder: what `latents.py` wrote.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.recipe, self.pipeline = recipe, load_pipeline(recipe.model)
        pipeline = self.pipeline
        self.palette = pipeline.palette
        self.photos, self.labels = (np.load(folder / f"{k}.npy", mmap_mode="r") for k in ("photos", "labels"))
        height = self.photos.shape[1]
        self.shape = height, round(height * pipeline.aspect)  # of rendered photos
        self.real = torch.from_numpy(np.load(folder / "real.npy"))
        self.latents, self.rows = {}, {}
        for kind in ("own", "sloppy", "drawn"):
            with np.load(folder / f"{kind}.npz") as found:
                self.latents[kind] = torch.from_numpy(found["z0"]), torch.from_numpy(found["z1"])
                self.rows[kind] = found["rows"] if "rows" in found else np.arange(len(found["z0"]))
        self.coarse = self._coarse(pipeline, folder / "coarse.npy")

    def _coarse(self, pipeline: Any, cache: Path) -> torch.Tensor:
        """Colours of the codec's photos of drawn layouts, averaged, (M, 3, h, w) in [-1, 1]; cached."""
        if not cache.exists():
            found = []
            with torch.inference_mode():
                for z0 in self.latents["drawn"][0].split(10):
                    found.append(averages(pipeline.codec.decode(z0.float()), DRAWN_FIELDS))
            np.save(cache, torch.cat(found).half().numpy())
        return torch.from_numpy(np.load(cache)).float()

    def batch(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """A batch.

        Returns:
            kind (B,), z0, z1 (B, C, h, w), photo (B, 3, H, W), labels (B, S, S) class indices, coarse (B, 3, h', w').
        """
        n, size = len(self.photos), self.recipe.batch
        kinds = rng.choice(len(KINDS), size=size, p=self.recipe.shares)
        rows: dict[str, list[torch.Tensor]] = {k: [] for k in ("z0", "z1", "photo", "labels", "coarse")}
        for kind in kinds:
            name = "own" if KINDS[kind] == "encoded" else KINDS[kind]
            j = int(rng.integers(len(self.rows[name])))
            i = int(self.rows[name][j])
            z0, z1 = self.latents[name]
            rows["z0"].append((self.real[i] if KINDS[kind] == "encoded" else z0[j]).float())
            rows["z1"].append(z1[j].float())
            photo, labels = self.photo(i % n), self.labels[i % n]
            if i >= n:
                photo, labels = photo[:, ::-1], self.palette.flip(labels)
            rows["photo"].append(torch.from_numpy(np.array(photo)).permute(2, 0, 1).float().div(127.5).sub(1))
            rows["labels"].append(torch.from_numpy(self.palette.index(labels)))
            rows["coarse"].append(self.coarse[j if name == "drawn" else 0])
        found = {k: torch.stack(v) for k, v in rows.items()}
        found["photo"] = found["photo"].contiguous(memory_format=torch.channels_last)
        return found | {"kind": torch.from_numpy(kinds)}

    def pairs(self, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch of pairs of the flow: photos' own latents z0, and z1 in their own colours, (B, C, h, w)."""
        rows = self.rows["own"]
        which = rng.integers(len(rows), size=self.recipe.batch)
        return self.real[rows[which]].float(), self.latents["own"][1][which].float()

    def photo(self, i: int) -> np.ndarray:
        """A training photo at its true aspect, (H, W, 3) uint8."""
        height, width = self.shape
        photo = self.photos[i]
        return photo if width == height else cv2.resize(photo, (width, height), interpolation=cv2.INTER_CUBIC)


class Trainer:
    def __init__(self, recipe: Recipe, data: Path, out: Path, minutes: float) -> None:
        self.recipe, self.out, self.minutes = recipe, out, minutes
        torch.manual_seed(0)
        self.samples = Samples(data, recipe)
        self.net = channels_last(PhotoRenderer(factors=enlargements(self.samples.shape, self.samples.real.shape[2:])))
        self.features = channels_last(LiteFeatures(0))
        self.critic = channels_last(Critic(len(self.samples.palette.classes)))
        self.ema = copy.deepcopy(self.net).requires_grad_(False)
        self.flow = FlowEnd(self.samples.pipeline) if recipe.finish else None
        self.optimizer = torch.optim.AdamW(self.net.parameters(), recipe.rate, betas=(0.5, 0.99), weight_decay=1e-4)
        self.critic_optimizer = torch.optim.AdamW(
            self.critic.parameters(), recipe.critic_rate, betas=(0.0, 0.99), weight_decay=0
        )
        if self.flow is not None:
            self.flow_optimizer = torch.optim.AdamW(self.flow.parameters(), recipe.flow_rate, betas=(0.9, 0.99))
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
        where = window(rng, batch["labels"], self.samples.shape)
        labels = label_views(batch["labels"], where)
        weights = class_weights(labels, self.critic.classes)
        noise = torch.randn(self.net.noise_shape(batch["z0"]))
        parts = {}
        with torch.autocast("cpu", torch.bfloat16):
            z0 = batch["z0"]
            if self.flow is not None:
                solved = kind != KINDS.index("encoded")
                ends = self.flow.ends(batch["z1"], draw_steps(rng))
                z0 = torch.where(solved.view(-1, 1, 1, 1), ends, z0)
                parts["hold"] = self.flow.hold(*self.samples.pairs(rng))
            made = self.net(z0, batch["z1"], noise)
        made = made.float()
        change = light(rng, len(photo))
        seen, wanted = (change(views(x, where)) for x in (made, photo))
        with torch.autocast("cpu", torch.bfloat16):
            found = self.features(seen)
            with torch.no_grad():
                real = self.features(wanted)
        if self.step >= recipe.critic_start:
            parts["critic"], parts["critic_labels"] = self._train_critic(seen, found, wanted, real, labels)
        there = kind != KINDS.index("drawn")  # there is a photo of it
        parts["perceptual"] = mean_where(perceptual(found, real, weights[labels]), there.repeat(2))
        coarse = averages(made - photo, FIELDS).abs().mean((1, 2, 3))
        drawn = (averages(made, DRAWN_FIELDS) - batch["coarse"]).abs().mean((1, 2, 3))
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
            *heads, patches = (-j.float().mean() for j in judged)
            parts["hinge"] = (sum(heads) + recipe.patches * patches) / (len(heads) + recipe.patches)
            parts["labels"] = F.cross_entropy(scores.float(), labels, weights)
            loss = loss + share * (recipe.hinge * parts["hinge"] + recipe.labels * parts["labels"])
        self.optimizer.zero_grad()
        if self.flow is not None:
            loss = loss + recipe.hold * parts["hold"]
            self.flow_optimizer.zero_grad()
        loss.backward()
        parts["gradient"] = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        averaged = [(self.ema, self.net)]
        if self.flow is not None:
            parts["flow_gradient"] = torch.nn.utils.clip_grad_norm_(self.flow.parameters(), 1.0)
            self.flow_optimizer.step()
            averaged.append((self.flow.ema, self.flow.net))
        self.step += 1
        decay = min(recipe.ema, self.step / (self.step + 9))
        with torch.no_grad():
            for ema, net in averaged:
                for a, b in zip(ema.parameters(), net.parameters()):
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
            where = window(rng, batch["labels"], self.samples.shape)
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

    def parts(self) -> dict[str, Any]:
        """What a checkpoint holds the state of, by name."""
        parts = {k: getattr(self, k) for k in ("net", "ema", "critic", "optimizer", "critic_optimizer")}
        if self.flow is not None:
            parts |= {"flow": self.flow.net, "flow_ema": self.flow.ema, "flow_optimizer": self.flow_optimizer}
        return parts

    def save(self) -> None:
        state = {k: part.state_dict() for k, part in self.parts().items()}
        temporary = self.out / "checkpoint.tmp"
        torch.save(state | {"step": self.step, "elapsed": self.elapsed, "recipe": asdict(self.recipe)}, temporary)
        os.replace(temporary, self.out / "checkpoint.pt")
        torch.save(self.ema.state_dict(), self.out / f"ema_{self.step:06d}.pt")
        if self.flow is not None:
            torch.save(self.flow.ema.state_dict(), self.out / f"flow_{self.step:06d}.pt")
        self.grid()

    def _load(self) -> None:
        state = torch.load(self.out / "checkpoint.pt")
        for k, part in self.parts().items():
            if k in state:  # a finish goes on from a renderer's checkpoint, which has no flow
                part.load_state_dict(state[k])
        self.step, self.elapsed = state["step"], state["elapsed"]

    @torch.inference_mode()
    def grid(self) -> None:
        """A PNG of held-out layouts' photos, full size, four a row; wide ones two."""
        samples = np.load(self.out / "samples.npz")
        pictures, across = [], 4 if self.samples.shape[0] == self.samples.shape[1] else 2
        for i, (z0, z1) in enumerate(zip(samples["z0"], samples["z1"])):
            if self.flow is not None:
                z0 = self.flow.shown(torch.from_numpy(z1[None]).float(), SHOWN_STEPS)[0].numpy()
            pictures.append(render(self.ema, z0[None], z1[None], seed=i)[0])
        rows = [np.concatenate(pictures[i : i + across], 1) for i in range(0, len(pictures), across)]
        Image.fromarray(np.concatenate(rows)).save(self.out / f"grid_{self.step:06d}.png", compress_level=1)


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


def enlargements(photo: Sequence[int], latents: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """A renderer's factors from latents (h, w) to photos (H, W): by 2, the last ones of the shorter side by 1."""
    doublings = [int(math.log2(n // z)) for n, z in zip(photo, latents)]
    return tuple((1 + (i < doublings[0]), 1 + (i < doublings[1])) for i in range(max(doublings)))


def averages(x: torch.Tensor, fields: int) -> torch.Tensor:
    """Pictures (B, 3, H, W) -> averages over so many fields per axis (B, 3, fields, fields)."""
    return F.avg_pool2d(x, [n // fields for n in x.shape[2:]])


def window(rng: np.random.Generator, labels: torch.Tensor, shape: tuple[int, int]) -> Window:
    """Random corners of the two views; half of the crops are around a class, drawn evenly, so that eyes are seen often.

    Args:
        labels: (B, S, S) class indices of photos.
        shape: (H, W) of the photos.
    """
    scale = np.array(shape) // labels.shape[-1]
    whole, crop = (rng.integers(0, np.array(shape) - w + 1) for w in (VIEW * scale, VIEW))
    if rng.random() < 0.5:
        layout = labels[int(rng.integers(len(labels)))]
        places = (layout == int(rng.choice(layout.unique().numpy()))).nonzero().numpy()
        center = places[int(rng.integers(len(places)))] * scale
        shift = rng.integers(-VIEW // 3, VIEW // 3 + 1, size=2)
        crop = np.clip(center - VIEW // 2 + shift, 0, np.array(shape) - VIEW)
    return Window(*(tuple(pair.tolist()) for pair in (whole, crop, scale)))


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
