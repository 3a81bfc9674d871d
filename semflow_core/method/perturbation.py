"""Finite perturbation (Eq. 14): the bounded noise on pseudo masks that makes synthesis multi-modal.

Every colour of the pseudo mask may move by less than s/2 per channel, so the label survives by
construction. `white` is the paper's, independent per pixel. `regional` adds a part that is constant
over each class region, because appearance (hair colour, skin tone, light) is a low-frequency quantity
and white noise has almost no power there (docs/method.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from ..errors import InputError
from .appearance import Appearance, Offset, offsets_of_seed
from .codebook import Codebook
from .palette import Palette

MAX_SEED = 2**53 - 1  # what JSON and JavaScript hold exactly
# streams of a seed: below are the pixels' and the regions'
DETAIL = 1000  # the renderer's noise
OTHER_END = 1001  # the noise of a state that holds photo and layout side by side (pipeline/states.py)


@dataclass(frozen=True)
class Shares:
    """How beta is divided: constant over a class region, or each pixel's own. They add up to 1."""

    region: float
    pixel: float


SPECTRA = {
    "white": Shares(0.0, 1.0),
    "regional": Shares(0.75, 0.25),
}


@dataclass(frozen=True)
class Perturbation:
    """Amplitude, in 0..255 units, and spectrum of eps in Eq. 14.

    A sum of parts that are U(-1, 1) per class region and per pixel, each with its share of beta (`SPECTRA`): the sum
    stays within beta.
    """

    beta: float = 6.0
    spectrum: str = "white"

    @property
    def regional_amplitude(self) -> float:
        """Of the part that is constant over a class region, in 0..255 units; 0 where there is none."""
        return self.beta * SPECTRA[self.spectrum].region

    def check(self, codebook: Codebook) -> None:
        """Raise InputError unless 0 <= beta < s/2 and the spectrum is known."""
        if self.spectrum not in SPECTRA:
            raise InputError(f"there is no perturbation spectrum '{self.spectrum}'; it is one of {', '.join(SPECTRA)}")
        if not 0 <= self.beta < codebook.max_beta:  # also refuses nan
            raise InputError(
                f"the perturbation amplitude is {self.beta:g}; it must be at least 0 and below "
                f"s/2 = {codebook.max_beta:g} for classes to survive"
            )


def check_seed(seed: int) -> None:
    """Raise InputError unless the seed is a whole number from 0 to 2**53 - 1."""
    if type(seed) is not int or not 0 <= seed <= MAX_SEED:
        raise InputError(f"the seed is {seed!r}; it must be a whole number from 0 to {MAX_SEED}")


@dataclass(frozen=True)
class Draw:
    """What one layout's noise is drawn from.

    Attributes:
        seed: the global seed, used by every class that `class_seeds` does not name, 0 .. 2**53 - 1.
        class_seeds: class id -> seed.
        offsets: class id -> regional offset instead of the drawn one, each component in [-1, 1] as a share of the
            regional amplitude (not with `white`).
    """

    seed: int
    class_seeds: Mapping[int, int] = field(default_factory=dict)
    offsets: Mapping[int, Offset] = field(default_factory=dict)

    def check(self, palette: Palette, spectrum: str) -> None:
        """Raise InputError if a seed or an offset is out of bounds or for no class of the palette."""
        for seed in (self.seed, *self.class_seeds.values()):
            check_seed(seed)
        for class_id in (*self.class_seeds, *self.offsets):
            if class_id not in palette.ids:
                raise InputError(f"the seed or offset for {class_id} names no class of {palette.name}")
        for offset in self.offsets.values():
            if not SPECTRA[spectrum].region:
                raise InputError("a regional offset needs a spectrum with a regional part; 'white' has none")
            if len(offset) != 3 or not all(-1 <= o <= 1 for o in offset):
                raise InputError(f"the regional offset {tuple(offset)} must be three numbers from -1 to 1")


def perturb(
    codebook: Codebook,
    labels: np.ndarray,
    spec: Perturbation,
    draw: Draw,
    appearance: Appearance | None = None,
    regional: float | None = None,
) -> torch.Tensor:
    """The perturbed pseudo mask M' = M + eps of one layout (Eq. 14).

    A pixel's noise depends on its own position, its class and that class's seed only: giving one
    class another seed leaves every other pixel's noise the same bits.

    Args:
        labels: class ids (H, W).
        spec: amplitude and spectrum.
        draw: seeds and offsets.
        appearance: how offsets are drawn, for a model that was trained with one.
        regional: amplitude of the regional part in 0..255 units, where it is not beta's share: offsets
            of a model with an appearance stand for colours at its own amplitude only.

    Returns:
        (1, 3, H, W) float32 in 0..255 units, |M' - M| < s/2.

    Raises:
        InputError: beta, the spectrum, a seed or an offset is out of bounds, or an id is no class.
    """
    spec.check(codebook)
    draw.check(codebook.palette, spec.spectrum)
    index = codebook.palette.index(labels)  # (H, W)
    shares = SPECTRA[spec.spectrum]
    if regional is None or not shares.region:
        regional = spec.regional_amplitude
    if spec.beta * shares.pixel + regional >= codebook.max_beta:
        raise InputError(
            f"the perturbation amplitude is {spec.beta:g}; with regional offsets of {regional:g} beside it "
            f"it must stay below {(codebook.max_beta - regional) / shares.pixel:g} for classes to survive"
        )
    noise, constants = torch.empty(3, *labels.shape), np.zeros((len(codebook.palette.ids), 3), np.float32)
    fields: dict[int, torch.Tensor] = {}  # one per seed, so equal seeds share the same bits
    for i in np.unique(index):
        class_id = int(codebook.palette.ids[i])
        class_seed = draw.class_seeds.get(class_id, draw.seed)
        if class_seed not in fields:
            fields[class_seed] = _uniform(class_seed, 0, (3, *labels.shape))
        where = torch.from_numpy(index == i)
        noise[:, where] = fields[class_seed][:, where]
        if shares.region:
            constants[i] = draw.offsets.get(class_id) or drawn_offset(
                codebook.palette, class_seed, class_id, appearance
            )
    index, constants = (torch.from_numpy(x[None]) for x in (index, constants))
    return moved(codebook, index, noise[None], constants, spec.beta * shares.pixel, regional)[0]


def perturb_batch(
    codebook: Codebook,
    labels: np.ndarray,
    spec: Perturbation,
    rng: np.random.Generator,
    offsets: np.ndarray | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Perturbed pseudo masks of a batch for training: the distribution of `perturb`, without its seeds per class.

    Args:
        labels: class ids (B, H, W).
        offsets: (B, n, 3) regional offsets in [-1, 1]; nan ones are drawn, as all are where it is None.

    Returns:
        (noisy, smooth, index): the masks (B, 3, H, W) in 0..255 units, the same without the part per pixel, and the
        class indices (B, H, W).

    Raises:
        InputError: an id is no class of the palette.
    """
    index = codebook.palette.index(labels)
    shares, n = SPECTRA[spec.spectrum], len(codebook.palette.classes)
    drawn = rng.uniform(-1, 1, (len(labels), n, 3))[:, codebook.palette.first_of_pair]
    constants = drawn if offsets is None else np.where(np.isnan(offsets), drawn, offsets)
    noise = torch.from_numpy(rng.uniform(-1, 1, (len(labels), 3, *labels.shape[1:])).astype(np.float32))
    pixel, region = spec.beta * shares.pixel, spec.beta * shares.region
    index = torch.from_numpy(index)
    noisy, smooth = moved(codebook, index, noise, torch.from_numpy(constants.astype(np.float32)), pixel, region)
    return noisy, smooth, index


def moved(
    codebook: Codebook,
    index: torch.Tensor,
    noise: torch.Tensor,
    constants: torch.Tensor,
    pixel: float,
    region: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Eq. 14: (M + eps, M + the regional part of eps), (B, 3, H, W) in 0..255 units, on the device of `index`.

    Args:
        index: class indices (B, H, W).
        noise: each pixel's own noise (B, 3, H, W) in [-1, 1].
        constants: each class's regional offset (B, n, 3) in [-1, 1], float32.
        pixel, region: amplitudes of the two parts in 0..255 units.
    """
    batch = torch.arange(len(index), device=index.device)[:, None, None]
    regional = region * constants[batch, index].movedim(-1, 1)
    masks = codebook.anchors.to(index.device)[index].movedim(-1, 1)
    return (masks + (pixel * noise + regional)).contiguous(), (masks + regional).contiguous()


def normal_noise(labels: np.ndarray, draw: Draw, channels: int = 1, stream: int = DETAIL) -> torch.Tensor:
    """Standard normal noise, (1, channels, H, W) float32: each class's pixels from that class's seed.

    Giving one class another seed leaves every other pixel's noise the same bits.

    Args:
        labels: class ids (H, W), at the size of the noise.
        stream: which of a seed's streams it is.
    """
    noise = torch.empty(1, channels, *labels.shape)
    for class_id in np.unique(labels).tolist():
        state = _state(draw.class_seeds.get(class_id, draw.seed), stream)
        normal = torch.randn((channels, *labels.shape), generator=torch.Generator().manual_seed(state))
        where = torch.from_numpy(labels == class_id)
        noise[0, :, where] = normal[:, where]
    return noise


def drawn_offset(palette: Palette, class_seed: int, class_id: int, appearance: Appearance | None = None) -> Offset:
    """The regional offset that a seed draws for a class, each component in [-1, 1).

    A mirror pair draws one: the two eyes of a face have one colour. With an appearance all classes draw together, as
    photos have them; without, each by itself.
    """
    first = min(class_id, int(palette.mirror_of_id[class_id]))
    if appearance is not None:
        return offsets_of_seed(appearance, _state(class_seed, 1))[int(palette.index_of_id[first])]
    r, g, b = _uniform(class_seed, 1 + first, (3,)).tolist()
    return r, g, b


def _uniform(seed: int, stream: int, shape: tuple[int, ...]) -> torch.Tensor:
    """U(-1, 1) float32 from a CPU generator: the same numbers on every device.

    Stream 0 is the pixels', 1 + class id the regions'.
    """
    return torch.rand(shape, generator=torch.Generator().manual_seed(_state(seed, stream))) * 2 - 1


def _state(seed: int, stream: int) -> int:
    """The state of a generator; SeedSequence keeps the streams of one seed apart."""
    return int(np.random.SeedSequence((seed, stream)).generate_state(1, np.uint64)[0] >> np.uint64(1))
