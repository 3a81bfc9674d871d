"""The end of the flow in the renderer's training: losses on photos reach the velocity through the last solver step.

Direct fine-tuning of a few-step sampler through its last step, as in reward back-propagation for diffusion models
(Clark et al. 2024, DRaFT-1). The flow's own loss holds the network to the straight path (Eqs. 9 and 10).
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch

from semflow_core import SemFlowPipeline
from semflow_core.method.flow import TIME_SAMPLING, flow_loss, sample_path, stratified_times, times_to_image
from semflow_core.nets.placement import channels_last

STEPS = {1: 0.3, 2: 0.35, 4: 0.35}  # numbers of steps of synthesis, and how often each is used
READING = 0.5  # times below are those of segmentation: there the target is the velocity before the finish


class FlowEnd:
    """The velocity that is finished.

    Args:
        pipeline: of the model; its network is copied.
    """

    def __init__(self, pipeline: SemFlowPipeline) -> None:
        before: Any = pipeline.velocity
        self.before = before
        self.net = channels_last(copy.deepcopy(before.module).float()).requires_grad_(True)
        backbone = getattr(self.net, "backbone", None)
        if backbone is not None:
            backbone.requires_grad_(False)
        self.velocity = before.around(self.net)
        self.ema = copy.deepcopy(self.net).requires_grad_(False)

    def parameters(self) -> list[torch.nn.Parameter]:
        """Those that are trained."""
        return [p for p in self.net.parameters() if p.requires_grad]

    def ends(self, z1: torch.Tensor, steps: int) -> torch.Tensor:
        """z1 (B, C, h, w) -> z0 by Euler's method, differentiable in the last step's velocity."""
        return last_step(self.velocity, z1, steps)

    def hold(self, z0: torch.Tensor, z1: torch.Tensor) -> torch.Tensor:
        """The flow's loss on pairs (B, C, h, w), with the former velocity as target at the times of segmentation."""
        path = sample_path(z0, z1, TIME_SAMPLING["u_shaped"](stratified_times(len(z0))))
        with torch.no_grad():
            former = self.before(path.zt, path.t)
        reading = (path.t < READING).view(-1, 1, 1, 1)
        return flow_loss(self.velocity(path.zt, path.t), torch.where(reading, former, path.target))

    @torch.inference_mode()
    def shown(self, z1: torch.Tensor, steps: int) -> torch.Tensor:
        """z0 as the averaged network makes it."""
        return last_step(self.before.around(self.ema), z1, steps)


def last_step(velocity: Any, z1: torch.Tensor, steps: int) -> torch.Tensor:
    """The solve from 1 to 0 (Eq. 13); the steps before the last one keep no gradients."""
    times, z = times_to_image(steps), z1
    with torch.no_grad():
        for start, end in zip(times[:-2], times[1:-1]):
            z = z + (end - start) * velocity(z, start)
    return z + (times[-1] - times[-2]) * velocity(z, times[-2])


def draw_steps(rng: np.random.Generator) -> int:
    """How many steps a batch is solved with."""
    return int(rng.choice(list(STEPS), p=list(STEPS.values())))
