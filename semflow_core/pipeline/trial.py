"""Whether the parts of a loaded model work together: a small picture goes through all of them once."""

from __future__ import annotations

import torch

from .engine import Engine

CELLS = 8  # latent cells and axis of the small picture; networks of convolutions have no size of their own


def check_parts(engine: Engine) -> None:
    """Encode, call the velocity and render once, with a small picture; where that fails, with one of the model's size.

    Raises:
        ValueError: the parts do not fit each other, or their configuration asks for what a solve does not give.
    """
    own = engine.size // engine.codec.factor, engine.width // engine.codec.factor
    small = CELLS, CELLS
    try:
        _try(engine, *small)
    except Exception:  # configurations may hold anything, and libraries raise what they like at it
        try:
            _try(engine, *own)
        except Exception as error:
            raise ValueError(f"its parts do not work together ({error or type(error).__name__})") from None


@torch.inference_mode()
def _try(engine: Engine, height: int, width: int) -> None:
    """One picture of so many latent cells. Raises whatever is wrong."""
    codec = engine.codec
    picture = torch.zeros(1, 3, height * codec.factor, width * codec.factor)
    latents = codec.encode(picture)
    _expect("encoder", latents, (1, codec.channels, height, width))
    z = engine.states.of_layouts(latents, lambda: torch.zeros_like(latents))
    _expect("velocity", engine.velocity(z, 0.5), tuple(z.shape))
    photos, layouts = engine.states.photos(z), engine.states.layouts(z)
    shape = engine.renderer.noise_shape(photos)
    photo = engine.renderer(photos, layouts, None if shape is None else torch.zeros(1, 1, *shape))
    rows = engine.renderer.scale * picture.shape[2]  # columns are more of them where the renderer widens, too
    _expect("renderer", photo, (1, 3, rows, photo.shape[-1]))


def _expect(part: str, value: torch.Tensor, shape: tuple[int, ...]) -> None:
    if tuple(value.shape) != shape:
        raise ValueError(f"the {part} gives {tuple(value.shape)} where {shape} is needed")
