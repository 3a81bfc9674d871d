"""The same bytes from any number of threads: operators whose order of summation depends on that number run on one.

Found by calling every operator of the shipped models with 1 to 16 threads. Group norm over a large picture adds up per
thread; a 1x1 convolution of many channels to few pixels divides its sum among threads; where an operator on few numbers
is cut into three parts, the last numbers of a part are computed by other instructions. All are short: one thread costs
them nothing that can be measured. At powers of two the others give the same bytes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .threads import one_thread

SHORT_SUM = 2**24  # multiplications of a 1x1 convolution below which it may be divided along its channels
SHORT_MAP = 2**18  # numbers below which an operator on single numbers may be cut into a number of parts that is odd


class SteadyGroupNorm(nn.GroupNorm):
    """Group norm on one thread."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return _steady(super().forward, input)


class SteadyConv2d(nn.Conv2d):
    """A 1x1 convolution, on one thread where it is short."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if self.weight.numel() * input.shape[-1] * input.shape[-2] > SHORT_SUM:
            return super().forward(input)
        return _steady(super().forward, input)


class SteadySiLU(nn.SiLU):
    """SiLU, on one thread where it is short."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input) if input.numel() >= SHORT_MAP else _steady(super().forward, input)


STEADY: dict[type[nn.Module], type[nn.Module]] = {
    nn.GroupNorm: SteadyGroupNorm,
    nn.Conv2d: SteadyConv2d,
    nn.SiLU: SteadySiLU,
}


def steady(module: nn.Module) -> None:
    """Exchange the layers of a module that need it for steady ones; weights and names stay."""
    for layer in module.modules():
        kind: Any = STEADY.get(type(layer))
        if kind is not None and (not isinstance(layer, nn.Conv2d) or layer.kernel_size == (1, 1)):
            layer.__class__ = kind


def _steady(forward: Any, x: torch.Tensor) -> torch.Tensor:
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return forward(x)
    with one_thread():
        return forward(x)
