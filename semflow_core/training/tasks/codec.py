"""Train the shared autoencoder: photos taught by TAESD, pseudo masks so that layouts survive it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from PIL import Image
from torch.nn import functional as F
from tqdm import tqdm

from ...data.pairs import PairArrays
from ...errors import InputError
from ...evaluation.segmentation import mean_iou
from ...method.codebook import Codebook, from_model, to_model
from ...method.perturbation import Perturbation
from ...nets.placement import channels_last
from ...nets.pyramid import PyramidAutoencoder, load_autoencoder, widen
from ...nets.teacher import load_teacher
from ...pictures.files import write_atomically
from ..config import DomainConfig, OptimConfig
from ..losses.anchors import anchor_cross_entropy, rarity
from ..perturbed import perturbed, to_float

CODEC_WIDTH = 0.24  # deviation of the anchors' softmax as a share of their spacing s


@dataclass(frozen=True)
class CodecConfig:
    out: str  # folder of the run: checkpoint, samples, log, export
    teacher: str  # folder of the teacher, an AutoencoderTiny; only training needs it
    domains: dict[str, DomainConfig]
    data: str = ""  # data root; SEMFLOW_DATA when empty
    seed: int = 0
    size: int = 256
    crop: int = 128  # pixels, a multiple of 8
    init: str = ""  # folder of an autoencoder to start from; it may have fewer latent channels
    freeze_encoder: bool = False  # latents, and the flows that were trained on them, stay what they are
    latent_channels: int = 16
    photo_channels: int = 8  # the rest carry sharp labels; photos are held near zero there
    widths: list[int] = field(default_factory=lambda: [32, 64, 128])
    photo_share: float = 0.125  # of the batch; the rest are pseudo masks, which are slower to learn
    beta: float = 40.0  # the largest perturbation of the pseudo masks, in 0..255 units
    latent_noise: float = 0.05  # decoding learns to forgive the flow errors of about this size
    teach: float = 0.3  # weight of the latent's distance to the teacher's
    cross_entropy: float = 1.0
    balance: float = 0.0  # power of a class's rarity in the cross-entropy; 0 counts every pixel alike
    optim: OptimConfig = field(default_factory=OptimConfig)

    @property
    def photos_a_domain(self) -> int:
        return round(self.optim.batch // len(self.domains) * self.photo_share)


@dataclass(frozen=True)
class CodecBatch:
    photos: torch.Tensor  # (B, 3, c, c) in [-1, 1]
    taught: torch.Tensor  # (B, 4, c/8, c/8) teacher latents, nan where the teacher has not looked
    masks: torch.Tensor  # (B, 3, c, c) perturbed pseudo masks in [-1, 1]
    clean: torch.Tensor  # the same without the white part: what decoding should give
    labels: list[torch.Tensor]  # a domain: (b, c, c) class indices


class CodecTask:
    def __init__(self, config: CodecConfig, root: Path) -> None:
        self.config = config
        for domain in config.domains.values():
            Perturbation(config.beta, "regional").check(domain.codebook())
        if config.photos_a_domain < 1 or not 4 < config.photo_channels <= config.latent_channels:
            raise InputError(
                "the codec needs at least one photo of each domain in a batch (optim.batch, photo_share), and "
                "4 < photo_channels <= latent_channels"
            )
        self.codebooks: dict[str, Codebook] = {}
        self.train: dict[str, PairArrays] = {}
        self.dev: dict[str, PairArrays] = {}
        self.rarity: dict[str, torch.Tensor] = {}
        self.having: dict[str, dict[int, np.ndarray]] = {}  # a domain and class id: the pairs that have it
        for name, domain in config.domains.items():
            self.train[name] = domain.split(root, "train", config.size)
            self.dev[name] = domain.split(root, "dev", config.size, limit=50)
            self.codebooks[name] = domain.codebook()
            self.rarity[name] = rarity(self.train[name].masks, self.codebooks[name], config.balance)
            self.having[name] = pairs_by_class(self.train[name].masks)
        # a frozen encoder has nothing left to be taught
        self.taught = {} if config.freeze_encoder else {n: self._teach(n, Path(config.out)) for n in self.train}
        self.model = self._autoencoder()
        if config.init:
            widen(self.model, load_autoencoder(config.init))
        if config.freeze_encoder:
            self.model.encoder.requires_grad_(False)

    def _autoencoder(self, mean: tuple[float, ...] = (), std: tuple[float, ...] = ()) -> PyramidAutoencoder:
        half, quarter, eighth = self.config.widths
        return PyramidAutoencoder(
            (half, quarter, eighth),
            latent_channels=self.config.latent_channels,
            latent_mean=mean,
            latent_std=std,
        )

    def _teach(self, domain: str, work: Path, most: int = 850) -> np.ndarray:
        """Teacher latents of the first `most` training photos, (n, 4, S/8, S/8) float16, cached in `work`."""
        told = (self.config.teacher, self.config.size, most, self.train[domain].names)
        cache = work / f"teacher_{domain}_{hashlib.sha256(repr(told).encode()).hexdigest()[:8]}.npy"
        with PartialState().main_process_first():
            if not cache.exists():
                latents = self._ask_teacher(self.train[domain].photos[:most])
                write_atomically(cache, lambda temporary: np.save(temporary, latents))
        return np.load(cache, mmap_mode="r")

    def _ask_teacher(self, photos: np.ndarray) -> np.ndarray:
        teacher = channels_last(load_teacher(self.config.teacher))
        latents = []
        native = self.config.optim.autocast(torch.device("cpu"))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=native):
            for i in tqdm(range(0, len(photos), 5), desc="teacher", mininterval=10):
                latents.append(teacher.encode(to_float(photos[i : i + 5])).latents.half().numpy())
        return np.concatenate(latents)

    def batch(self, rng: np.random.Generator, device: torch.device) -> CodecBatch:
        c, each = self.config.crop, self.config.optim.batch // len(self.train)
        n_photos = self.config.photos_a_domain
        photos, taught, masks, clean, labels = [], [], [], [], []
        for name, data in self.train.items():
            teacher = self.taught.get(name, np.empty(0))
            for _ in range(n_photos):
                i = int(rng.integers(len(data)))
                y, x = (8 * rng.integers(0, (self.config.size - c) // 8 + 1, size=2)).tolist()
                photos.append(data.photos[i, y : y + c, x : x + c])
                latent = np.full((4, c // 8, c // 8), np.nan, np.float32)
                if i < len(teacher):
                    latent = teacher[i, :, y // 8 : (y + c) // 8, x // 8 : (x + c) // 8].astype(np.float32)
                taught.append(latent)
            crops = []
            for _ in range(each - n_photos):
                crop = crop_around_a_class(data.masks, self.having[name], c, rng)
                crops.append(self.codebooks[name].palette.flip(crop) if rng.random() < 0.5 else crop)
            noisy, target, index = perturbed(self.codebooks[name], np.stack(crops), self.config.beta, rng)
            masks.append(noisy)
            clean.append(target)
            labels.append(index.to(device))
        return CodecBatch(
            to_float(np.stack(photos)).to(device),
            torch.from_numpy(np.stack(taught)).to(device),
            to_model(torch.cat(masks)).to(device),
            to_model(torch.cat(clean)).to(device),
            labels,
        )

    def loss(self, model: torch.nn.Module, batch: CodecBatch) -> dict[str, torch.Tensor]:
        x = torch.cat([batch.photos, batch.masks]).contiguous(memory_format=torch.channels_last)
        size = x.shape[-1] // 8
        sigma = torch.rand(len(x), 1, 1, 1, device=x.device) * self.config.latent_noise
        noise = sigma * torch.randn(len(x), self.config.latent_channels, size, size, device=x.device)
        z, y = (part.float() for part in model(x, noise))
        photo, mask = y.split([len(batch.photos), len(batch.masks)])
        parts = {
            "photo": (photo - batch.photos).abs().mean() + edges(photo - batch.photos).abs().mean(),
            "mask": (mask - batch.clean).abs().mean(),
            "ce": anchor_cross_entropy(
                mask, list(self.codebooks.values()), batch.labels, list(self.rarity.values()), CODEC_WIDTH
            ),
        }
        seen = ~batch.taught.isnan()
        error = z[: len(batch.photos), :4] - batch.taught.nan_to_num()
        parts["teach"] = (error.square() * seen).sum() / seen.sum().clamp(min=1)
        loud = z[: len(batch.photos), self.config.photo_channels :]  # none, where photos use every channel
        parts["quiet"] = loud.square().sum() / max(1, loud.numel())
        energy = z[:, 4:].square().mean()  # without a price the latents would outshout the noise
        parts["loss"] = (
            parts["photo"]
            + parts["mask"]
            + self.config.cross_entropy * parts["ce"]
            + self.config.teach * parts["teach"]
            + 0.2 * parts["quiet"]
            + 0.003 * energy
        )
        return parts

    def report(self, model: PyramidAutoencoder, step: int, out: Path) -> str:
        words, rows = [], []
        for name, data in self.dev.items():
            figures = measure_codec(model, self.codebooks[name], data, self.config.beta)
            words.append(f"{name}: psnr {figures['psnr']:.2f} dB, mask {figures['miou']:.1f} mIoU")
            rows += figures["rows"]
        Image.fromarray(np.concatenate(rows)).save(out / f"{step:07d}.png")
        return "; ".join(words)

    def export(self, model: PyramidAutoencoder, out: Path) -> None:
        """Save with latent statistics, so that the flow sees about unit variance.

        They are those of photos in the channels that photos use, of pseudo masks in the channels that are theirs.
        """
        rng = np.random.default_rng(0)
        with torch.no_grad():
            photos = torch.cat([model.encoder(to_float(d.photos[:64])) for d in self.train.values()])
            noisy = [
                perturbed(self.codebooks[n], d.masks[:64], self.config.beta, rng)[0] for n, d in self.train.items()
            ]
            masks = model.encoder(to_model(torch.cat(noisy)))
        z = torch.cat([photos[:, : self.config.photo_channels], masks[:, self.config.photo_channels :]], 1)
        mean, std = (tuple(round(v, 5) for v in s.tolist()) for s in (z.mean((0, 2, 3)), z.std((0, 2, 3))))
        if self.config.freeze_encoder and self.config.init:
            start = load_autoencoder(self.config.init).config
            mean, std = tuple(start["latent_mean"]), tuple(start["latent_std"])
        shipped = self._autoencoder(mean, std)
        shipped.load_state_dict(model.state_dict())
        shipped.half().save_pretrained(out)


def edges(x: torch.Tensor) -> torch.Tensor:
    """What a 2x2 average leaves over: weighs sharpness without a second network."""
    return x - F.interpolate(F.avg_pool2d(x, 2), scale_factor=2)


def pairs_by_class(masks: np.ndarray) -> dict[int, np.ndarray]:
    """Of each class id in label maps (N, H, W): the indices of the maps that have it."""
    present = np.stack([np.bincount(m.ravel(), minlength=256) > 0 for m in masks])  # (N, 256)
    return {int(i): np.flatnonzero(present[:, i]) for i in np.flatnonzero(present.any(0))}


def crop_around_a_class(
    masks: np.ndarray, having: dict[int, np.ndarray], size: int, rng: np.random.Generator
) -> np.ndarray:
    """A crop (size, size) around a pixel of a class, which is drawn evenly before the map that has it.

    What is small is hard to keep, and what is rare would hardly be seen if the map were drawn first.
    """
    wanted = list(having)[int(rng.integers(len(having)))]
    labels = masks[int(rng.choice(having[wanted]))]
    ys, xs = np.nonzero(labels == wanted)
    j = rng.integers(len(ys))
    h, w = labels.shape
    y, x = (
        int(np.clip(at[j] - rng.integers(size // 4, size - size // 4), 0, most - size))
        for at, most in ((ys, h), (xs, w))
    )
    return labels[y : y + size, x : x + size]


@torch.no_grad()
def measure_codec(model: Any, codebook: Codebook, data: PairArrays, beta: float) -> dict[str, Any]:
    """Photo PSNR (mean over photos, dB) and mask mIoU (0..100) of encode-decode; two rows of pictures."""
    rng = np.random.default_rng(0)
    psnr, predicted, rows = [], [], []
    for i in range(0, len(data), 10):
        photos, labels = to_float(data.photos[i : i + 10]), data.masks[i : i + 10]
        noisy, _, _ = perturbed(codebook, labels, beta, rng)
        back = model.decode(model.encode(photos).latents).sample.float().clamp(-1, 1)
        psnr += (-10 * torch.log10(((back - photos) / 2).square().mean((1, 2, 3)))).tolist()
        masks = from_model(model.decode(model.encode(to_model(noisy)).latents).sample.float())
        predicted.append(codebook.decode(masks).labels)
        if i == 0:
            color = codebook.palette.colorize
            shown = from_model(back[:6]).byte().permute(0, 2, 3, 1).numpy()
            rows = [
                np.concatenate(list(r), axis=1)
                for r in (data.photos[:6], shown, color(data.masks[:6]), color(predicted[0][:6]))
            ]
    return {
        "psnr": float(np.mean(psnr)),
        "miou": mean_iou(np.concatenate(predicted), data.masks, codebook.palette),
        "rows": rows,
    }
