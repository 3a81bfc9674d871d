"""Train the shared autoencoder: photos, distilled from TAESD, and pseudo masks, so that layouts survive it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from ...data.pairs import PairArrays
from ...errors import InputError
from ...method.codebook import Codebook, photos_to_model, to_model
from ...method.perturbation import Perturbation, perturb_batch
from ...nets.contracts import codec_of
from ...nets.placement import save_half
from ...nets.pyramid import PyramidAutoencoder, widen
from ...nets.starts import load_pyramid
from ..codec_report import measure_codec
from ..config import DomainConfig, OptimConfig
from ..crops import crop_around_a_class, pairs_by_class
from ..distillation import teacher_latents
from ..losses.anchors import anchor_cross_entropy, rarity
from ..task import Context, Task

WIDTH = 0.24  # deviation of the softmax over the anchors, as a share of their spacing s
TEACHER_CHANNELS = 4  # the first latent channels are distilled
REPORTED = 50  # held-out pairs at most


@dataclass(frozen=True)
class CodecConfig:
    """The section `codec`."""

    teacher: str  # folder of the teacher, an AutoencoderTiny; only training needs it
    domains: dict[str, DomainConfig]
    size: int = 256
    crop: int = 128  # pixels, a multiple of the autoencoder's factor
    init: str = ""  # folder of an autoencoder to start from; it may have fewer latent channels
    freeze_encoder: bool = False  # latents, and the flows that were trained on them, stay as they are
    latent_channels: int = 16
    photo_channels: int = 8  # the others are for sharp labels; photos are held near zero there
    widths: list[int] = field(default_factory=lambda: [32, 64, 128])
    photo_share: float = 0.125  # share of photos per batch; the rest are pseudo masks, which take longer to learn
    amplitude: float = 0.64  # amplitude of the masks' perturbations, as a share of a codebook's largest, s/2
    latent_noise: float = 0.05  # most deviation of noise on latents before they are decoded, as a flow's errors are
    distill: float = 0.3  # weight of the distance to the teacher's latents
    cross_entropy: float = 1.0  # weight of the masks' cross-entropy
    balance: float = 0.0  # power of a class's rarity in the cross-entropy; 0 weighs every pixel alike
    leak: float = 0.2  # weight of the photos' energy in the channels that are for labels
    energy: float = 0.003  # weight of the energy of the channels that have no teacher; it bounds latents against noise
    optim: OptimConfig = field(default_factory=OptimConfig)

    def __post_init__(self) -> None:
        factor = PyramidAutoencoder.factor
        if self.crop < factor or self.crop % factor or self.size % factor or self.crop > self.size:
            raise InputError(
                f"codec.crop is {self.crop} and codec.size {self.size}; both must be multiples of {factor}, as the "
                f"latents are {factor} times smaller, and a crop no larger than the picture"
            )
        if len(self.widths) != 3 or min(self.widths) < 1:
            raise InputError(f"codec.widths is {self.widths}; it must be three numbers of channels of at least 1")
        for key in ("latent_noise", "distill", "cross_entropy", "balance", "leak", "energy"):
            if getattr(self, key) < 0:
                raise InputError(f"codec.{key} is {getattr(self, key):g}; it must be at least 0")
        if not self.domains:
            raise InputError("codec.domains is empty; it must have at least one domain")
        if self.photos_per_domain < 1 or not TEACHER_CHANNELS < self.photo_channels <= self.latent_channels:
            raise InputError(
                "the codec needs at least one photo of each domain in a batch (optim.batch, photo_share), and "
                f"{TEACHER_CHANNELS} < photo_channels <= latent_channels"
            )

    @property
    def photos_per_domain(self) -> int:
        return round(self.optim.batch // len(self.domains) * self.photo_share)

    def perturbation(self, codebook: Codebook) -> Perturbation:
        """Of a domain's pseudo masks."""
        return Perturbation(self.amplitude * codebook.max_beta, "regional")


@dataclass(frozen=True)
class CodecBatch:
    photos: torch.Tensor  # (B, 3, c, c) in [-1, 1]
    teacher: torch.Tensor  # (B, 4, c / factor, c / factor) the teacher's latents, nan where there are none
    masks: torch.Tensor  # (B, 3, c, c) perturbed pseudo masks in [-1, 1]
    clean: torch.Tensor  # the same without the noise per pixel: what decoding should give
    labels: list[torch.Tensor]  # per domain: (b, c, c) class indices


class CodecTask(Task):
    """Training of the autoencoder on the pairs of all domains.

    Raises:
        InputError: a setting, a folder or the data is wrong.
    """

    model: Any

    def __init__(self, config: CodecConfig, context: Context) -> None:
        self.config = config
        self.codebooks = {name: domain.codebook() for name, domain in config.domains.items()}
        for codebook in self.codebooks.values():
            config.perturbation(codebook).check(codebook)
        self.train: dict[str, PairArrays] = {}
        self.dev: dict[str, PairArrays] = {}
        self.rarity: dict[str, torch.Tensor] = {}
        self.by_class: dict[str, dict[int, np.ndarray]] = {}  # per domain and class id: the pairs that contain it
        for name, domain in config.domains.items():
            self.train[name] = domain.split(context.root, "train", config.size)
            self.dev[name] = domain.split(context.root, "dev", config.size, limit=REPORTED)
            self.rarity[name] = rarity(self.train[name].masks, self.codebooks[name], config.balance)
            self.by_class[name] = pairs_by_class(self.train[name].masks)
        self.model = self._autoencoder()
        self.teacher: dict[str, np.ndarray] = {}
        if not config.freeze_encoder:  # a frozen encoder is not distilled
            bf16 = config.optim.autocast(torch.device("cpu"))
            for name, pairs in self.train.items():
                latents = teacher_latents(config.teacher, pairs, name, context.folder, self.model.factor, bf16)
                self.teacher[name] = latents
        if config.init:
            widen(self.model, load_pyramid(config.init))
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

    def batch(self, rng: np.random.Generator, device: torch.device) -> CodecBatch:
        n_photos, each = self.config.photos_per_domain, self.config.optim.batch // len(self.train)
        photos, teacher, masks, clean, labels = [], [], [], [], []
        for name, data in self.train.items():
            for _ in range(n_photos):
                photo, latent = self._photo(name, rng)
                photos.append(photo)
                teacher.append(latent)
            codebook, crops = self.codebooks[name], []
            for _ in range(each - n_photos):
                crop = crop_around_a_class(data.masks, self.by_class[name], self.config.crop, rng)
                crops.append(codebook.palette.flip(crop) if rng.random() < 0.5 else crop)
            noisy, smooth, index = perturb_batch(codebook, np.stack(crops), self.config.perturbation(codebook), rng)
            masks.append(noisy)
            clean.append(smooth)
            labels.append(index.to(device))
        return CodecBatch(
            photos_to_model(np.stack(photos)).to(device),
            torch.from_numpy(np.stack(teacher)).to(device),
            to_model(torch.cat(masks)).to(device),
            to_model(torch.cat(clean)).to(device),
            labels,
        )

    def _photo(self, domain: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A random crop (c, c, 3) of a training photo, and its teacher's latents (4, c / factor, c / factor)."""
        f, cells = self.model.factor, self.config.crop // self.model.factor
        i = int(rng.integers(len(self.train[domain])))
        y, x = rng.integers(0, self.config.size // f - cells + 1, size=2).tolist()
        photo = self.train[domain].photos[i, f * y : f * (y + cells), f * x : f * (x + cells)]
        known = self.teacher.get(domain, np.empty(0))
        if i < len(known):
            return photo, known[i, :, y : y + cells, x : x + cells].astype(np.float32)
        return photo, np.full((TEACHER_CHANNELS, cells, cells), np.nan, np.float32)

    def loss(self, model: torch.nn.Module, batch: CodecBatch) -> dict[str, torch.Tensor]:
        config, n = self.config, len(batch.photos)
        x = torch.cat([batch.photos, batch.masks])
        cells = x.shape[-1] // PyramidAutoencoder.factor
        sigma = torch.rand(len(x), 1, 1, 1, device=x.device) * config.latent_noise
        noise = sigma * torch.randn(len(x), config.latent_channels, cells, cells, device=x.device)
        z, y = (part.float() for part in model(x, noise))
        photo, mask = y.split([n, len(batch.masks)])
        weights = list(self.rarity.values())
        distilled = ~batch.teacher.isnan()
        error = z[:n, :TEACHER_CHANNELS] - batch.teacher.nan_to_num()
        for_labels = z[:n, config.photo_channels :]  # empty where photos use every channel
        parts = {
            "photo": (photo - batch.photos).abs().mean() + edges(photo - batch.photos).abs().mean(),
            "mask": (mask - batch.clean).abs().mean(),
            "ce": anchor_cross_entropy(mask, list(self.codebooks.values()), batch.labels, weights, WIDTH),
            "distill": (error.square() * distilled).sum() / distilled.sum().clamp(min=1),
            "leak": for_labels.square().sum() / max(1, for_labels.numel()),
            "energy": z[:, TEACHER_CHANNELS:].square().mean(),
        }
        parts["loss"] = (
            parts["photo"]
            + parts["mask"]
            + config.cross_entropy * parts["ce"]
            + config.distill * parts["distill"]
            + config.leak * parts["leak"]
            + config.energy * parts["energy"]
        )
        return parts

    def report(self, model: PyramidAutoencoder, step: int, out: Path) -> str:
        figures = {
            name: measure_codec(codec_of(model), codebook, self.dev[name], self.config.perturbation(codebook))
            for name, codebook in self.codebooks.items()
        }
        Image.fromarray(np.concatenate([f.sheet for f in figures.values()])).save(out / f"{step:07d}.png")
        return "; ".join(f"{name}: {f}" for name, f in figures.items())

    def export(self, model: PyramidAutoencoder, out: Path) -> None:
        """Save with latent statistics, so that a flow is trained on latents of about unit variance.

        They are those of photos in the channels that photos use, of pseudo masks in the channels that are for labels.
        """
        rng = np.random.default_rng(0)
        with torch.no_grad():
            photos = torch.cat([model.encoder(photos_to_model(d.photos[:64])) for d in self.train.values()])
            noisy = [
                perturb_batch(book, self.train[name].masks[:64], self.config.perturbation(book), rng)[0]
                for name, book in self.codebooks.items()
            ]
            masks = model.encoder(to_model(torch.cat(noisy)))
        z = torch.cat([photos[:, : self.config.photo_channels], masks[:, self.config.photo_channels :]], 1)
        mean, std = (tuple(round(v, 5) for v in s.tolist()) for s in (z.mean((0, 2, 3)), z.std((0, 2, 3))))
        if self.config.freeze_encoder and self.config.init:
            start = load_pyramid(self.config.init).config
            mean, std = tuple(start["latent_mean"]), tuple(start["latent_std"])
        shipped = self._autoencoder(mean, std)
        shipped.load_state_dict(model.state_dict())
        save_half(shipped, out)


def edges(x: torch.Tensor) -> torch.Tensor:
    """The rest that a 2x2 average leaves: weighs sharpness without a second network."""
    return x - F.interpolate(F.avg_pool2d(x, 2), scale_factor=2)
