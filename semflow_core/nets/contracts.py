"""What the pipeline and the training need of networks: a codec, a velocity and a renderer.

A contract is what is called, never a class to inherit from: a bare function of (z, t) is a velocity. `codec_of` and
`velocity_of` put an adapter around diffusers' modules, which knows their return types, their scaling and where they
compute; a runtime other than torch brings objects that satisfy the contracts by themselves.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel, UNet2DModel
from torch import nn
from torch.nn import functional as F

from .backbone import FINE, BackboneUNet
from .guide import LayoutGuide
from .placement import device_of, dtype_of, in_channels_last, place
from .pyramid import PyramidAutoencoder
from .reader import LayoutReader
from .renderer import PhotoRenderer

Adapter = TypeVar("Adapter", bound="ModuleAdapter")
Time = float | torch.Tensor  # t in [0, 1], one for the batch or (B,) float32

TIME_SCALE = 1000.0  # U-Nets of diffusers get 1000 t, as a real number


@runtime_checkable
class Codec(Protocol):
    """Images <-> latents.

    Attributes:
        channels: channels C of the latents.
        factor: pixels per latent cell and axis.
    """

    channels: int
    factor: int

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Images (B, 3, H, W) in [-1, 1] -> latents (B, C, H / factor, W / factor) float32, on the codec's device."""
        ...

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Latents (B, C, h, w) -> images (B, 3, factor * h, factor * w) float32, about [-1, 1], not clamped."""
        ...


class Velocity(Protocol):
    """v(z, t): latents (B, C, h, w) and times in [0, 1] -> dz/dt (B, C, h, w) float32 (Eq. 8)."""

    def __call__(self, z: torch.Tensor, t: Time, /) -> torch.Tensor: ...


@runtime_checkable
class Renderer(Protocol):
    """Where the flow ended, and where it started -> the photo.

    Attributes:
        scale: height of the photo over the height of the codec's images, a whole number.
    """

    scale: int

    def noise_shape(self, z0: torch.Tensor) -> tuple[int, int] | None:
        """Height and width of the noise for latents (B, C, h, w); None if the renderer takes none."""
        ...

    def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Render photos.

        Args:
            z0, z1: (B, C, h, w).
            noise: standard normal (B, 1, *noise_shape), from which detail is made; None is no noise.

        Returns:
            (B, 3, scale * factor * h, scale * factor * w) float32, about [-1, 1].
        """
        ...


class Reader(Protocol):
    """A photo's pixels -> class scores: the layout that the velocity gets as predicted from a photo.

    Attributes:
        size: height and width in pixels that photos are read at.
    """

    size: tuple[int, int]

    def __call__(self, x: torch.Tensor, /) -> torch.Tensor:
        """Photos (B, 3, *size) in [-1, 1] -> class scores (B, n, h, w) float32, before a softmax."""
        ...


class CodecRenderer:
    """The default renderer: z0, decoded by the codec."""

    scale = 1

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    def noise_shape(self, z0: torch.Tensor) -> None:
        return None

    def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        return self.codec.decode(z0)


class ModuleAdapter:
    """A torch module behind a contract.

    Attributes:
        module: the module; training reaches its parameters here.
    """

    fast = False  # whether it may compute in bfloat16 where the hardware does

    def __init__(self, module: Any) -> None:
        self.module = module

    @property
    def device(self) -> torch.device:
        """Where the module's parameters are."""
        return device_of(self.module)

    def to(self, device: str | torch.device) -> None:
        """Move the module, in the precision and the memory format that are fastest there."""
        place(self.module, torch.device(device), self.fast)

    def around(self: Adapter, module: Any) -> Adapter:
        """The same adapter around another module: a copy of its own, or a wrapper that compiles or distributes it."""
        adapter = copy.copy(self)
        adapter.module = module
        return adapter


class TinyCodec(ModuleAdapter):
    """`PyramidAutoencoder`, or diffusers' AutoencoderTiny: `encode(x).latents`, `decode(z).sample`, no scaling."""

    def __init__(self, module: PyramidAutoencoder | AutoencoderTiny) -> None:
        super().__init__(module)
        config: Any = module.config
        self.channels = int(config["latent_channels"])
        pyramid = isinstance(module, PyramidAutoencoder)
        self.factor = module.factor if pyramid else 2 ** (len(config["decoder_block_out_channels"]) - 1)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.module.encode(in_channels_last(x.to(self.device))).latents.float()

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.module.decode(in_channels_last(z)).sample.float()


class KLCodec(ModuleAdapter):
    """diffusers' AutoencoderKL: the posterior's mode times `scaling_factor` (0.18215 for Stable Diffusion 1.x)."""

    def __init__(self, module: AutoencoderKL) -> None:
        super().__init__(module)
        config: Any = module.config
        self.channels = int(config["latent_channels"])
        self.factor = 2 ** (len(config["block_out_channels"]) - 1)
        self.scaling = float(config["scaling_factor"])
        self.shift = float(config.get("shift_factor") or 0.0)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        posterior: Any = self.module.encode(in_channels_last(x.to(self.device))).latent_dist
        return self.scaling * (posterior.mode().float() - self.shift)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.module.decode(in_channels_last(z / self.scaling + self.shift)).sample.float()


class LearnedRenderer(ModuleAdapter):
    """`PhotoRenderer`, for a codec with `factor` pixels per cell."""

    fast = True

    def __init__(self, module: PhotoRenderer, factor: int) -> None:
        super().__init__(module.eval())
        self.scale = module.cell()[0] // factor

    def noise_shape(self, z0: torch.Tensor) -> tuple[int, int]:
        return self.module.noise_shape(z0)[2:]

    def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        dtype = dtype_of(self.module)
        noise = None if noise is None else noise.to(z0.device, dtype)
        return self.module(z0.to(dtype), z1.to(dtype), noise).float()


class LearnedReader(ModuleAdapter):
    """`LayoutReader`."""

    fast = True

    def __init__(self, module: LayoutReader) -> None:
        super().__init__(module)
        self.size = (module.height, module.width)

    def __call__(self, x: torch.Tensor, /) -> torch.Tensor:
        return self.module(x.to(self.device, dtype_of(self.module))).float()


class UNetVelocity(ModuleAdapter):
    """diffusers' UNet2DModel, with a backbone or without: it gets 1000 t."""

    fast = True

    def __call__(self, z: torch.Tensor, t: Time, /) -> torch.Tensor:
        return self.module(in_channels_last(z.to(dtype_of(self.module))), times(t, z)).sample.float()


class GuidedVelocity(UNetVelocity):
    """v(z, t) from photos to the layouts that a reader saw in them, by a U-Net with a backbone and its guide.

    Args:
        velocity: of a `BackboneUNet`.
        guide: trained with it.
        read: class probabilities (B, n, h, w) of any resolution, of the photos at t = 0.
    """

    def __init__(self, velocity: UNetVelocity, guide: ModuleAdapter, read: torch.Tensor) -> None:
        super().__init__(velocity.module)
        self.guide, self.read = guide.module, read

    def __call__(self, z: torch.Tensor, t: Time, /) -> torch.Tensor:
        size = [FINE * n for n in z.shape[2:]]
        read = F.interpolate(self.read.to(z.device), size, mode="bilinear", align_corners=False, antialias=True)
        z = in_channels_last(z.to(dtype_of(self.module)))
        return self.module.follow(z, times(t, z), read.to(z.dtype), self.guide).float()


class LearnedGuide(ModuleAdapter):
    """`LayoutGuide`."""

    fast = True


class ConditionedUNetVelocity(UNetVelocity):
    """diffusers' UNet2DConditionModel with one prompt embedding for every call: that of the empty prompt.

    Args:
        module: the U-Net.
        prompt: (1, L, D) embedding of the empty prompt; None is zeros of one token.
    """

    def __init__(self, module: UNet2DConditionModel, prompt: torch.Tensor | None = None) -> None:
        super().__init__(module)
        config: Any = module.config
        self.prompt = torch.zeros(1, 1, int(config["cross_attention_dim"])) if prompt is None else prompt

    def __call__(self, z: torch.Tensor, t: Time, /) -> torch.Tensor:
        z = in_channels_last(z.to(dtype_of(self.module)))
        prompt = self.prompt.to(z.device, z.dtype).expand(len(z), -1, -1)
        return self.module(z, times(t, z), encoder_hidden_states=prompt).sample.float()


# what the adapters are made from; a class of one's own is added here
CODECS: dict[type[nn.Module], Callable[[Any], Codec]] = {
    PyramidAutoencoder: TinyCodec,
    AutoencoderTiny: TinyCodec,
    AutoencoderKL: KLCodec,
}
VELOCITIES: dict[type[nn.Module], Callable[[Any], Velocity]] = {
    UNet2DConditionModel: ConditionedUNetVelocity,
    UNet2DModel: UNetVelocity,
}


def codec_of(part: Any) -> Codec:
    """A codec as it is, or a module of `CODECS` in its adapter.

    Raises:
        TypeError: it is neither.
    """
    for kind in type(part).__mro__:  # the most special class that has an adapter
        if kind in CODECS:
            return CODECS[kind](part)
    if not isinstance(part, Codec):
        raise TypeError(f"{type(part).__name__} is no codec: it needs channels, factor, encode and decode")
    return part


def velocity_of(part: Any) -> Any:
    """A function of (z, t) as it is, or a module of `VELOCITIES` in its adapter.

    Raises:
        TypeError: it is neither.
    """
    for kind in type(part).__mro__:
        if kind in VELOCITIES:
            return VELOCITIES[kind](part)
    if isinstance(part, nn.Module) or not callable(part):
        raise TypeError(f"{type(part).__name__} is no velocity: it must be a function of (z, t)")
    return part


def renderer_of(part: Any, codec: Codec) -> Renderer:
    """A renderer as it is, a `PhotoRenderer` in its adapter, or the codec's decoder for None.

    Raises:
        TypeError: it is none of these.
    """
    if part is None:
        return CodecRenderer(codec)
    if isinstance(part, PhotoRenderer):
        return LearnedRenderer(part, codec.factor)
    if not isinstance(part, Renderer):
        raise TypeError(f"{type(part).__name__} is no renderer: it needs scale, noise_shape and a call")
    return part


def reader_of(part: Any) -> Any:
    """A reader as it is, a `LayoutReader` in its adapter, or None.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(part, LayoutReader):
        return LearnedReader(part.eval())
    if part is not None and (isinstance(part, nn.Module) or not callable(part) or not hasattr(part, "size")):
        raise TypeError(f"{type(part).__name__} is no reader: it needs a size and a call")
    return part


def guide_of(part: Any, velocity: Any) -> LearnedGuide | None:
    """A `LayoutGuide` in its adapter, or None.

    Args:
        velocity: what it guides.

    Raises:
        TypeError: it is neither, or the velocity has no backbone.
    """
    if part is None:
        return None
    if not isinstance(part, LayoutGuide):
        raise TypeError(f"{type(part).__name__} is no guide; it must be a LayoutGuide")
    if not isinstance(velocity, UNetVelocity) or not isinstance(velocity.module, BackboneUNet):
        raise TypeError("a guide needs the velocity of a U-Net with a backbone")
    return LearnedGuide(part.eval())


def times(t: Time, z: torch.Tensor) -> torch.Tensor:
    """1000 t for each sample of z, (B,) float32: real-valued, never rounded to an integer."""
    if isinstance(t, torch.Tensor):
        return TIME_SCALE * t
    return torch.full((len(z),), TIME_SCALE * t, dtype=torch.float32, device=z.device)
