"""The engine: encode, perturb, solve, decode, render. What synthesis, reading, edits and paths are made of."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch

from ..method.appearance import Appearance
from ..method.codebook import Codebook, from_model, photos_to_model, to_model
from ..method.flow import Velocity
from ..method.perturbation import OTHER_END, Draw, Perturbation, normal_noise, perturb
from ..method.solvers import OnStep, solve
from ..nets.contracts import (
    CodecRenderer,
    GuidedVelocity,
    codec_of,
    guide_of,
    reader_of,
    renderer_of,
    velocity_of,
)
from ..nets.threads import fit_threads
from ..requests import SynthesisRequest
from ..requests.requests import PerturbedRequest
from .facts import ModelFacts
from .progress import Progress
from .recent import RecentLatents, digest
from .states import states_of

DECODED = 4  # latents decoded at once: features of more leave a processor's cache
RENDERED = {"cpu": 1}  # photos rendered at once, for the same reason
RENDERED_ELSEWHERE = 8


class Steps:
    """Counts the solver steps of a piece of work and reports them.

    Args:
        progress: called with (done, total) after each step.
        total: steps of the whole work.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def __call__(self, *_: Any) -> None:
        """One step more; what the solver says of it is not used."""
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total)


def squeezed(photo: np.ndarray, height: int, width: int) -> np.ndarray:
    """A photo (H, W, 3) at another size, uint8."""
    smaller = photo.shape[0] > height or photo.shape[1] > width
    return cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


class Engine(ModelFacts):
    """A model's parts, and what each of them does with arrays.

    Args:
        codec: a `Codec`, or a module that `codec_of` adapts.
        velocity: a `Velocity`, or a module that `velocity_of` adapts.
        codebook, perturbation, size, aspect, name, read_defaults, appearance, width: as `ModelFacts` has them.
        renderer: a `Renderer`, or a module that `renderer_of` adapts; the default is the codec's decoder.
        reader: a `Reader`, or a `LayoutReader`: what photos show, read from their pixels. Without it, what the
            velocity itself sees in them is read.
        guide: a `LayoutGuide`, with which the velocity, of a U-Net with a backbone, follows the reader.
    """

    def __init__(
        self,
        codec: Any,
        velocity: Any,
        codebook: Codebook,
        perturbation: Perturbation,
        size: int = 256,
        aspect: float = 1.0,
        name: str = "",
        read_defaults: Mapping[str, Any] | None = None,
        appearance: Appearance | None = None,
        renderer: Any = None,
        width: int | None = None,
        reader: Any = None,
        guide: Any = None,
    ) -> None:
        super().__init__(codebook, perturbation, size, aspect, name, read_defaults, appearance, width)
        for part in (codec, velocity):
            if isinstance(part, torch.nn.Module):
                part.eval()
        self.codec, self.velocity = codec_of(codec), velocity_of(velocity)
        self.renderer = renderer_of(renderer, self.codec)
        self.reader, self.guide = reader_of(reader), guide_of(guide, self.velocity)
        self.guided = self.velocity  # what the guide was trained with, whatever else computes the velocity
        self.states = states_of(self.velocity, self.codec.channels)
        self.recent = RecentLatents()
        self.device: torch.device = getattr(self.codec, "device", torch.device("cpu"))

    def move(self, device: str | torch.device) -> None:
        """Move those parts to a device that have one of their own."""
        self.device = torch.device(device)
        for part in (self.codec, self.velocity, self.renderer, self.reader, self.guide):
            if hasattr(part, "to"):
                part.to(self.device)  # type: ignore[attr-defined]

    @property
    def learned(self) -> bool:
        """Whether the renderer is another than the codec's decoder."""
        return not isinstance(self.renderer, CodecRenderer)

    # ---- layouts and photos -> latents -----------------------------------------------------------------------------

    def other_end(self, layout: np.ndarray, draw: Draw) -> torch.Tensor:
        """The noise beside the latents in a state that holds both (`states.SideBySide`), (1, C, h, w)."""
        cells = (self.width // self.codec.factor, self.size // self.codec.factor)
        labels = cv2.resize(layout, cells, interpolation=cv2.INTER_NEAREST_EXACT)
        return normal_noise(labels, draw, self.codec.channels, OTHER_END)

    def perturbed(self, request: PerturbedRequest, layout: np.ndarray) -> torch.Tensor:
        """The pseudo mask M' of a layout (Eq. 14), (1, 3, size, width) in 0..255 units."""
        own = self.perturbation
        spec = Perturbation(
            own.beta if request.beta is None else request.beta,
            own.spectrum if request.spectrum is None else request.spectrum,
        )
        draw = Draw(request.seed, dict(request.class_seeds), dict(request.offsets))
        regional = own.regional_amplitude if self.appearance is not None else None
        return perturb(self.codebook, self.sized(layout), spec, draw, self.appearance, regional)

    @torch.inference_mode()
    def encode_layout(self, request: SynthesisRequest) -> torch.Tensor:
        """The request's layout, perturbed (Eq. 14) -> the state z1 (1, D, h, w), encoded once while it is recent."""
        draw = Draw(request.seed, dict(request.class_seeds))

        def encode() -> torch.Tensor:
            latents = self.encode_colors(self.perturbed(request, request.layout))
            return self.states.of_layouts(latents, lambda: self.other_end(request.layout, draw))

        noise = (request.seed, request.beta, request.spectrum, request.class_seeds, request.offsets)
        return self.recent.get((*self._encoder(), digest(request.layout), *noise), encode)

    @torch.inference_mode()
    def encode_photo(self, photo: np.ndarray) -> torch.Tensor:
        """(H, W, 3) uint8 of any size -> the state z0 (1, D, h, w), encoded once while it is recent."""
        sized = cv2.resize(photo, (self.width, self.size), interpolation=cv2.INTER_AREA)

        def encode() -> torch.Tensor:
            latents = self.encode_colors(torch.from_numpy(sized).permute(2, 0, 1)[None].float())
            # reading a photo has no seed: the same photo has the same layout
            return self.states.of_photos(latents, lambda: self.other_end(np.zeros((16, 16), np.uint8), Draw(0)))

        return self.recent.get((*self._encoder(), digest(sized)), encode)

    def _encoder(self) -> tuple[Hashable, ...]:
        """What else latents are made from: copies of a model may have another codec."""
        return id(self.codec), self.device, self.perturbation

    @torch.inference_mode()
    def encode_colors(self, colors: torch.Tensor) -> torch.Tensor:
        """Pictures (B, 3, size, width) in 0..255 units -> latents (B, C, h, w) float32."""
        fit_threads()
        return self.codec.encode(to_model(colors))

    # ---- photos -> what they show ------------------------------------------------------------------------------------

    @torch.inference_mode()
    def read(self, photo: np.ndarray) -> torch.Tensor:
        """Class probabilities that the reader sees in a photo (H, W, 3) uint8, (1, n, h, w), read once while recent."""
        reader = self.reader
        assert reader is not None
        sized = squeezed(photo, *reader.size)

        def read() -> torch.Tensor:
            fit_threads()
            return reader(photos_to_model(sized[None])).softmax(dim=1)

        return self.recent.get(("read", *self._encoder(), digest(sized)), read)

    def towards_layouts(self, photos: Sequence[np.ndarray]) -> Velocity | None:
        """The velocity from these photos to the layouts that the reader sees in them; None where the model has none."""
        if self.reader is None or self.guide is None:
            return None
        return GuidedVelocity(self.guided, self.guide, torch.cat([self.read(photo) for photo in photos]))

    # ---- the flow ----------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def solve(
        self,
        z: torch.Tensor,
        times: list[float],
        solver: str,
        on_step: OnStep | None = None,
        velocity: Velocity | None = None,
    ) -> torch.Tensor:
        """Integrate from times[0] to times[-1] (Eqs. 12 and 13), states (B, D, h, w).

        Args:
            velocity: another field than the model's own.
        """
        field = velocity or self.velocity

        def fitted(z: torch.Tensor, t: float) -> torch.Tensor:
            fit_threads()
            return field(z, t)

        return solve(fitted, z, times, solver, on_step)[0]

    # ---- latents -> layouts and photos -------------------------------------------------------------------------------

    @torch.inference_mode()
    def decode_masks(self, z1: torch.Tensor) -> torch.Tensor:
        """States z1 (B, D, h, w) -> pseudo masks (B, 3, size, width) in 0..255 units."""
        fit_threads()
        return from_model(self.codec.decode(self.states.layouts(z1)))

    @torch.inference_mode()
    def decode_photos(self, z: torch.Tensor) -> np.ndarray:
        """Any pictures' latents (B, C, h, w) as the codec decodes them, (B, size, size * aspect, 3) uint8."""
        fit_threads()
        return np.concatenate([self._shown(self.codec.decode(part)) for part in z.split(DECODED)])

    @torch.inference_mode()
    def render(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> np.ndarray:
        """Where the flow ended, and the layout it started from -> photos (B, scale * size, scale * size * aspect, 3).

        Args:
            z0, z1: states (B, D, h, w).
            noise: what `detail` gives for each of them, (B, 1, *noise_shape).
        """
        fit_threads()
        ends = [self.states.photos(z0), self.states.layouts(z1), *([] if noise is None else [noise])]
        at_once = RENDERED.get(self.device.type, RENDERED_ELSEWHERE)
        parts = zip(*(end.split(at_once) for end in ends))
        return np.concatenate([self._shown(self.renderer(*part)) for part in parts])

    def detail(self, z0: torch.Tensor, requests: Sequence[SynthesisRequest]) -> torch.Tensor | None:
        """The renderer's noise for states z0 (B, D, h, w), one request each; None if the renderer takes none."""
        shape = self.renderer.noise_shape(self.states.photos(z0))
        if shape is None:
            return None
        size = shape[::-1]
        layouts = (cv2.resize(r.layout, size, interpolation=cv2.INTER_NEAREST_EXACT) for r in requests)
        return torch.cat([normal_noise(x, Draw(r.seed, dict(r.class_seeds))) for x, r in zip(layouts, requests)])

    def _shown(self, x: torch.Tensor) -> np.ndarray:
        """Pictures in [-1, 1] -> uint8 RGB at the model's aspect."""
        photos = from_model(x).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
        height = photos.shape[1]
        shown = (round(height * self.aspect), height)
        if photos.shape[2] != shown[0]:
            photos = np.stack([cv2.resize(p, shown, interpolation=cv2.INTER_CUBIC) for p in photos])
        return photos

    @torch.inference_mode()
    def codec_roundtrip(self, labels: np.ndarray, seed: int) -> np.ndarray:
        """Class ids (B, size, width) through perturbation, encode, decode and nearest anchor: the codec's ceiling."""
        colors = [perturb(self.codebook, m, self.perturbation, Draw(seed + i)) for i, m in enumerate(labels)]
        return self.codebook.decode(from_model(self.codec.decode(self.encode_colors(torch.cat(colors))))).labels
