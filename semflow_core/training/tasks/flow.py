"""Train the flow (Eq. 10) on latents that are computed once, from augmented pairs."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from accelerate import PartialState
from diffusers import UNet2DModel
from PIL import Image
from torch.nn import functional as F
from tqdm import tqdm

from ...data.augment import Augmentation, augment, sloppy
from ...data.pairs import PairArrays
from ...errors import InputError
from ...evaluation.segmentation import mean_iou
from ...method.appearance import Appearance, fit_appearance, region_colors
from ...method.codebook import to_model
from ...method.flow import TIME_SAMPLING, PathSample, flow_loss, sample_path, stratified_times, times_to_image
from ...method.perturbation import Perturbation
from ...method.solvers import solve
from ...nets.backbone import BackboneUNet, start_backbone
from ...nets.placement import channels_last
from ...nets.pyramid import load_autoencoder
from ...nets.unet import UNetConfig, start_from
from ...pipeline.pipeline import SemFlowPipeline
from ...requests.packing import pack_labels, pack_photo
from ...requests.requests import SegmentationRequest, SynthesisRequest
from ..config import DomainConfig, OptimConfig
from ..losses.anchors import anchor_cross_entropy, rarity
from ..losses.features import FeatureDistance
from ..perturbed import perturbed, to_float

# settings that latents depend on
ENCODING = ("codec", "domain", "seed", "size", "beta", "spectrum", "appearance", "copies", "augment", "sloppy")
# those of the last task in this process, by these settings: a study's variants mostly differ in others
ENCODED: dict[str, tuple[torch.Tensor, ...]] = {}
ENDPOINT_WIDTH = 0.4  # deviation of the anchors' softmax as a share of their spacing s
LAST_OWN = 0.9  # of the way, up to which the network's own states are trained on: later ones are there already


@dataclass(frozen=True)
class FlowConfig:
    out: str  # folder of the run: checkpoint, samples, log, export
    codec: str  # folder of the autoencoder
    domain: DomainConfig
    data: str = ""  # data root; SEMFLOW_DATA when empty
    seed: int = 0
    size: int = 256
    aspect: float = 1.0  # at which pictures are shown
    beta: float = 6.0
    spectrum: str = "white"
    appearance: bool = False  # regional offsets say the colours of the photo's regions (`appearance`), and are no noise
    copies: int = 8  # augmented copies of the training pairs, encoded once, each with a perturbation of its own
    augment: Augmentation = field(default_factory=Augmentation)
    sloppy: float = 0.0  # share of the copies whose layout synthesis learns to forgive: `data.augment.sloppy`
    time_sampling: str = "uniform"  # one of flow.TIME_SAMPLING
    endpoint: float = 0.0  # weight of the cross-entropy of the decoded mask that v points to
    endpoint_power: float = 0.0  # q of the generalised cross-entropy (`codec.anchor_cross_entropy`) that it is, above 0
    endpoint_samples: int = 4  # of a batch, those nearest to the photo, that pay it
    own_states: int = 0  # of a batch and direction: they start where the network itself comes to; `leave_path`
    photo_pixels: float = 0.0  # weight of the mean absolute error of the decoded photo that v points to
    photo_features: float = 0.0  # weight of its distance as a network sees it: `training.perceptual`
    photo_reading: float = 0.0  # weight of the cross-entropy of the layout that the backbone reads in it, undecoded
    photo_samples: int = 4  # of a batch, those nearest to the layout, that pay these three
    reflow: str = ""  # model folder: above `real_below` train on its own (synthesised photo, layout) pairs
    reflow_steps: int = 16  # of the solve that makes them
    real_below: float = 0.25  # times at which photos are still real ones, for segmentation starts from those
    backbone: str = ""  # folder of a taught one, or of a U-Net that has one, for the U-Net: `training.backbone`
    backbone_steps: int = 0  # where it names none: of teaching one first, below `out`
    init: str = ""  # folder of a U-Net of the same shape to start from, another domain's for one
    unet: UNetConfig = field(default_factory=UNetConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)

    def __post_init__(self) -> None:
        taken = self.endpoint_samples + self.photo_samples + 2 * self.own_states
        if self.own_states < 0 or self.own_states and taken > self.optim.batch:
            raise InputError("own_states must find room in optim.batch, twice, beside endpoint_samples, photo_samples")
        weighed = self.photo_pixels or self.photo_features or self.photo_reading
        if weighed and not self.photo_samples + self.own_states:
            raise InputError("photo_pixels, photo_features and photo_reading need photo_samples of at least 1")


@dataclass(frozen=True)
class FlowBatch:
    path: PathSample  # times ascending, but for the own states'
    photos: torch.Tensor  # (own_states + photo_samples, C, h, w) latents of the last few's photos
    labels: torch.Tensor  # (endpoint_samples + own_states, S, S) class indices of the first
    photo_labels: torch.Tensor  # (own_states + photo_samples, S/2, S/2) and of the last
    window: tuple[slice, slice]  # of latent cells, of photos that are decoded: a quarter of one costs a quarter
    # samples that leave the straight path for the network's own, from the photo and from the layout
    from_photo: slice = field(default_factory=lambda: slice(0))
    from_layout: slice = field(default_factory=lambda: slice(0))


class FlowTask:
    def __init__(self, config: FlowConfig, root: Path) -> None:
        self.config = config
        self.device: Any = PartialState().device  # of this process
        self.codebook = config.domain.codebook()
        self.perturbation = Perturbation(config.beta, config.spectrum)
        self.perturbation.check(self.codebook)
        if config.copies < 1 or config.size % 8 or config.size < 32:
            raise InputError("copies must be at least 1, and size a multiple of 8 and at least 32")
        self.vae: Any = load_autoencoder(config.codec).requires_grad_(False)
        channels_last(torch.nn.Module.to(self.vae, self.device))  # diffusers' own `to` warns of changed precision
        self.features = FeatureDistance().to(self.device) if config.photo_features else None
        self.dev = config.domain.split(root, "dev", config.size, limit=50)
        self.model = self.build(self.vae.config["latent_channels"])
        if config.init:
            self.start(config.init)
        if config.time_sampling not in TIME_SAMPLING:
            known = ", ".join(TIME_SAMPLING)
            raise InputError(f"there is no time_sampling '{config.time_sampling}'; it is one of {known}")
        teacher = SemFlowPipeline.from_pretrained(config.reflow).to(self.device) if config.reflow else None
        pairs = config.domain.split(root, "train", config.size)
        self.appearance = self._fit_appearance(pairs) if config.appearance else None
        self.rarity = rarity(pairs.masks, self.codebook, 0.5)
        told = [getattr(config, name) for name in ENCODING]
        key = str((root, told, config.optim.autocast(self.device)))
        if key not in ENCODED:
            ENCODED.clear()
            ENCODED[key] = self._encode_copies(pairs)
        self.z0, self.z1, self.painted, self.labels = ENCODED[key]
        self.own = self._simulate(teacher) if teacher else self.z0

    def build(self, latent_channels: int) -> UNet2DModel:
        """The network; baselines have other inputs and outputs."""
        unet, size = self.config.unet, self.config.size // 8
        if not self.config.backbone:
            self.refuse_reading()
            return unet.build(latent_channels, latent_channels, size)
        anchors = to_model(self.codebook.anchors).tolist()
        model: Any = unet.build(latent_channels, latent_channels, size, BackboneUNet, anchors=anchors)
        start_backbone(model.backbone, self.config.backbone)
        model.backbone.requires_grad_(False)  # the flow learns to use what it sees
        return model

    def refuse_reading(self) -> None:
        """Raise InputError if a network without a backbone shall read its photos."""
        if self.config.photo_reading:
            raise InputError(
                "photo_reading needs a backbone: give a flow backbone or backbone_steps, or set photo_reading=0"
            )

    def start(self, folder: str) -> None:
        """Take over another's weights before training begins."""
        start_from(self.model, folder)

    @torch.inference_mode()
    def _encode_copies(self, pairs: PairArrays) -> tuple[torch.Tensor, ...]:
        """(z0, z1, painted, labels): latents of all copies, (copies * N, C, h, w) float16, and class
        indices (copies * N, S, S) uint8.

        `painted` is z1, but for the `sloppy` copies, where it is the latent of a layout as a hand would paint it.
        """
        rng = np.random.default_rng((self.config.seed, 1))
        z0, z1, painted, labels = [], [], [], []
        where = [i for _ in range(self.config.copies) for i in range(len(pairs))]
        for start in tqdm(range(0, len(where), 16), desc="encoding", mininterval=10):
            both = [
                augment(pairs.photos[i], pairs.masks[i], self.codebook.palette, rng, self.config.augment)
                for i in where[start : start + 16]
            ]
            photos, masks = (np.stack(part) for part in zip(*both))
            offsets = self._offsets(photos, masks)
            z0.append(self._encode(to_float(photos)))
            exact, index = self._encode_layouts(masks, rng, offsets)
            z1.append(exact)
            labels.append(index.to(torch.uint8))
            by_hand = np.flatnonzero(rng.random(len(masks)) < self.config.sloppy)
            painted.append(exact.clone())
            if len(by_hand):
                hurried = np.stack([sloppy(m, rng) for m in masks[by_hand]])
                theirs = offsets[by_hand] if offsets is not None else None
                painted[-1][by_hand] = self._encode_layouts(hurried, rng, theirs)[0]
        return tuple(torch.cat(part) for part in (z0, z1, painted, labels))

    def _fit_appearance(self, pairs: PairArrays) -> Appearance:
        if not self.perturbation.regional_amplitude:
            raise InputError("appearance need a perturbation with a regional part: spectrum regional, and beta above 0")
        palette = self.codebook.palette
        return fit_appearance(np.stack([region_colors(p, m, palette) for p, m in zip(pairs.photos, pairs.masks)]))

    def _offsets(self, photos: np.ndarray, masks: np.ndarray) -> np.ndarray | None:
        """The photos' regional offsets, (B, n, 3), nan where a region is too small; None without appearance."""
        if self.appearance is None:
            return None
        colors = [region_colors(p, m, self.codebook.palette) for p, m in zip(photos, masks)]
        return self.appearance.offsets(torch.from_numpy(np.stack(colors))).numpy()

    def _encode_layouts(
        self, masks: np.ndarray, rng: np.random.Generator, offsets: np.ndarray | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents of perturbed layouts (B, S, S), and their class indices."""
        noisy, _, index = perturbed(self.codebook, masks, self.config.beta, rng, self.config.spectrum, offsets)
        return self._encode(to_model(noisy)), index

    def _encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """(B, 3, S, S) in [-1, 1] -> latents in float16. bfloat16 errs by half a percent of their deviation."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.optim.autocast(self.device)):
            pictures = pictures.to(self.device, memory_format=torch.channels_last)
            return self.vae.encode(pictures).latents.half().cpu()

    @torch.inference_mode()
    def _simulate(self, teacher: SemFlowPipeline) -> torch.Tensor:
        """Where `teacher` takes each z1: the photos of a reflow round (Liu et al. 2022), (copies * N, C, h, w)."""
        times = times_to_image(self.config.reflow_steps)
        made = [
            solve(teacher.velocity, z1.to(self.device).float(), times)[0].half().cpu()
            for z1 in tqdm(self.z1.split(32), desc="reflow", mininterval=10)
        ]
        return torch.cat(made)

    def batch(self, rng: np.random.Generator, device: torch.device) -> FlowBatch:
        i = torch.from_numpy(rng.integers(len(self.z0), size=self.config.optim.batch))
        n, k = len(i), self.config.own_states
        from_photo = slice(self.config.endpoint_samples, self.config.endpoint_samples + k)
        from_layout = slice(n - self.config.photo_samples - k, n - self.config.photo_samples)
        straight = TIME_SAMPLING[self.config.time_sampling](stratified_times(n - 2 * k)).sort().values
        a, b = from_photo.start, from_layout.start - k
        near, far = LAST_OWN * stratified_times(k), 1 - LAST_OWN * stratified_times(k)
        t = torch.cat([straight[:a], near, straight[a:b], far, straight[b:]]) if k else straight
        real, exact = t < self.config.real_below, t < 0.5
        if k:
            real[from_photo] = exact[from_photo] = True
            real[from_layout] = exact[from_layout] = False
        z0 = torch.where(real.view(-1, 1, 1, 1), self.z0[i], self.own[i])
        # segmentation must not learn to be sloppy: it decides below one half
        z1 = torch.where(exact.view(-1, 1, 1, 1), self.z1[i], self.painted[i])
        path = sample_path(z0.to(device).float(), z1.to(device).float(), t.to(device))
        half = self.config.size // 16
        y, x = rng.integers(0, half + 1, size=2).tolist()
        labels = self.labels[i[: from_photo.stop]].to(device).long()
        photos = z0[from_layout.start :].to(device).float()
        photo_labels = self.labels[i[from_layout.start :], ::2, ::2].to(device).long()
        window = slice(y, y + half), slice(x, x + half)
        return FlowBatch(path, photos, labels, photo_labels, window, from_photo, from_layout)

    def loss(self, model: torch.nn.Module, batch: FlowBatch) -> dict[str, torch.Tensor]:
        path = self.leave_path(model, batch) if len(batch.path.t[batch.from_photo]) else batch.path
        v = model(path.zt.contiguous(memory_format=torch.channels_last), 1000 * path.t).sample
        weight = torch.ones_like(path.t)
        weight[batch.from_photo] = 1 - path.t[batch.from_photo]  # there the end must be right, which is so far away
        weight[batch.from_layout] = path.t[batch.from_layout]
        weight = weight.view(-1, 1, 1, 1)
        parts = {"flow": flow_loss(weight * v, weight * path.target)}
        parts["loss"] = parts["flow"]
        if self.config.endpoint:
            n = len(batch.labels)
            z1 = path.zt[:n] + (1 - path.t[:n]).view(-1, 1, 1, 1) * v[:n].float()  # where v points to
            masks = self.vae.decode(z1.contiguous(memory_format=torch.channels_last)).sample.float()
            parts["ce"] = anchor_cross_entropy(
                masks,
                [self.codebook],
                [batch.labels],
                [self.rarity],
                width=ENDPOINT_WIDTH,
                power=self.config.endpoint_power,
            )
            parts["loss"] = parts["loss"] + self.config.endpoint * parts["ce"]
        parts |= self._photo_losses(path, v, batch)
        for name in ("pixels", "features", "reading"):
            if name in parts:
                parts["loss"] = parts["loss"] + getattr(self.config, f"photo_{name}") * parts[name]
        return parts

    @torch.no_grad()
    def leave_path(self, model: torch.nn.Module, batch: FlowBatch) -> PathSample:
        """The batch's path, its own states moved to where one Euler step from the photo, or from the layout, leads.

        From there v must point to the other end all the same. On the straight path alone (Eq. 10) the network never
        sees its own errors, and every step adds to them.
        """
        zt, target, t = batch.path.zt.clone(), batch.path.target.clone(), batch.path.t.view(-1, 1, 1, 1)
        z0 = zt - t * target
        z1 = z0 + target
        near, far = batch.from_photo, batch.from_layout
        starts = torch.cat([z0[near], z1[far]]).contiguous(memory_format=torch.channels_last)
        times = torch.cat([0 * batch.path.t[near], 0 * batch.path.t[far] + 1000])
        v0, v1 = model(starts, times).sample.float().chunk(2)
        zt[near] = z0[near] + t[near] * v0
        zt[far] = z1[far] - (1 - t[far]) * v1
        target[near] = (z1[near] - zt[near]) / (1 - t[near])
        target[far] = (zt[far] - z0[far]) / t[far]
        return PathSample(zt, batch.path.t, target)

    def _photo_losses(self, path: PathSample, v: torch.Tensor, batch: FlowBatch) -> dict[str, torch.Tensor]:
        """What is wrong with the photos that v comes from, of the last samples."""
        config, n, parts = self.config, len(batch.photos), {}
        if not n:
            return parts
        z0 = path.zt[-n:] - path.t[-n:].view(-1, 1, 1, 1) * v[-n:].float()
        if config.photo_pixels or config.photo_features:
            with torch.no_grad():
                real = self._seen(batch.photos, batch.window)
            made = self._seen(z0, batch.window)
            parts["pixels"] = (made - real).abs().mean()
            if self.features is not None:
                parts["features"] = self.features(made, real)
        if config.photo_reading:
            reader: Any = self.model.backbone
            _, scores = reader(z0.contiguous(memory_format=torch.channels_last))
            parts["reading"] = F.cross_entropy(scores.float(), batch.photo_labels, self.rarity.to(scores.device))
        return parts

    def _seen(self, z: torch.Tensor, window: tuple[slice, slice]) -> torch.Tensor:
        """Latents decoded in a window, float32."""
        return self.vae.decode(z[(..., *window)].contiguous(memory_format=torch.channels_last)).sample.float()

    def pipeline(self, unet: Any) -> SemFlowPipeline:
        return SemFlowPipeline(
            self.vae,
            unet,
            self.codebook,
            self.perturbation,
            self.config.size,
            self.config.aspect,
            appearance=self.appearance,
        )

    def report(self, model: UNet2DModel, step: int, out: Path) -> str:
        pipeline = self.pipeline(copy.deepcopy(model)).to(self.device)
        photos, masks, palette = self.dev.photos, self.dev.masks, self.codebook.palette
        few = masks[:16]

        def segment(pictures: Iterable[np.ndarray]) -> np.ndarray:
            requests = [SegmentationRequest(photo=pack_photo(self._squeeze(p))) for p in pictures]
            return np.stack([s.labels for part in chunks(requests) for s in pipeline.segment_many(part)])

        def synthesize(seed: int) -> list[np.ndarray]:
            requests = [SynthesisRequest(layout=pack_labels(palette.paintable(m)), seed=seed) for m in few]
            return [self._squeeze(s.photo) for s in pipeline.synthesize_many(requests)]

        found, made, other = segment(photos), synthesize(0), synthesize(1)
        rows = [photos[:8], palette.colorize(masks[:8]), made[:8], other[:8], palette.colorize(found[:8])]
        grid = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
        Image.fromarray(grid).save(out / f"{step:07d}.png")
        return (
            f"8 steps: segmentation {mean_iou(found, masks, palette):.1f} mIoU ({len(masks)} held-out pairs), "
            f"cycle {mean_iou(segment(made), few, palette):.1f} mIoU ({len(few)})"
        )

    def _squeeze(self, picture: np.ndarray) -> np.ndarray:
        """To the square that the network sees; a picture is shown at the model's aspect."""
        return cv2.resize(picture, (self.config.size, self.config.size), interpolation=cv2.INTER_AREA)

    def export(self, model: UNet2DModel, out: Path) -> None:
        self.pipeline(copy.deepcopy(model)).save_pretrained(out)


def chunks(items: list[Any], size: int = 16) -> list[list[Any]]:
    return [items[i : i + size] for i in range(0, len(items), size)]
