"""The flow in the training of a renderer: solved for its batches, and in the finish trained through its last step.

Losses of photos reach the velocity through the last solver step alone, as in direct fine-tuning of diffusion models
with a truncated back-propagation (DRaFT-1, Clark et al. 2024); the flow's own loss holds it to the straight path.
"""

from __future__ import annotations

import torch

from ...method.flow import TIME_SAMPLING, flow_loss, sample_path, stratified_times, times_to_image
from ...nets.contracts import Velocity

READING = 0.5  # times below are those of segmentation: there the target is the velocity before the finish


def last_step(velocity: Velocity, z1: torch.Tensor, steps: int) -> torch.Tensor:
    """Euler's method from t=1 to 0 (Eq. 13), (B, C, h, w); only the last step's velocity keeps gradients."""
    times, z = times_to_image(steps), z1
    with torch.no_grad():
        for start, end in zip(times[:-2], times[1:-1]):
            z = z + (end - start) * velocity(z, start)
    return z + (times[-1] - times[-2]) * velocity(z, times[-2])


def hold(velocity: Velocity, former: Velocity, z0: torch.Tensor, z1: torch.Tensor) -> torch.Tensor:
    """The flow's loss (Eq. 10) on pairs (B, C, h, w); near the photo, where it reads, towards the former velocity."""
    times = TIME_SAMPLING["u_shaped"](stratified_times(len(z0))).to(z0.device)
    path = sample_path(z0, z1, times)
    with torch.no_grad():
        before = former(path.zt, path.t)
    reads = (path.t < READING).view(-1, 1, 1, 1)
    return flow_loss(velocity(path.zt, path.t), torch.where(reads, before, path.target))
