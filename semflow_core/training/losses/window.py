"""The photos that the velocity comes from, decoded in a window: a quarter of a photo costs a quarter."""

from __future__ import annotations

import torch

from ...nets.contracts import Codec
from ..batch import Batch, States


def decoded_windows(
    codec: Codec, v: torch.Tensor, states: States, batch: Batch, chosen: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(photos of the velocities, true photos) of the chosen samples, decoded in one random window.

    Returns:
        (n, 3, S/2, S/2) float32 each; gradients flow to the first.
    """
    half = [size // 2 for size in batch.z0.shape[-2:]]
    y, x = (int(torch.randint(size + 1, ())) for size in half)
    window = (..., slice(y, y + half[0]), slice(x, x + half[1]))
    with torch.no_grad():
        true = codec.decode(batch.z0[chosen][window])
    return codec.decode(states.photos(v, chosen)[window]), true
