"""The same bytes from any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from semflow_core.nets.order import steady
from semflow_core.nets.placement import fast_dtype, in_channels_last

COUNTS = (1, 2, 4)


@pytest.fixture(autouse=True)
def same_threads_afterwards() -> Iterator[None]:
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


def results(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> list[torch.Tensor]:
    """The function of x by 1, 2 and 4 threads."""
    outputs = []
    for count in COUNTS:
        torch.set_num_threads(count)
        with torch.inference_mode():
            outputs.append(function(x))
    return outputs


@pytest.mark.parametrize(
    "layer, shape",
    [
        (nn.GroupNorm(32, 64), (1, 64, 32, 32)),
        (nn.Conv2d(448, 192, 1), (1, 448, 8, 8)),
        (nn.Conv2d(384, 64, 1), (1, 384, 16, 16)),
        (nn.SiLU(), (1, 320, 16, 16)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_layer_gives_the_same_bytes_from_any_number_of_threads(layer: nn.Module, shape: tuple[int, ...]) -> None:
    network = nn.Sequential(layer)
    steady(network)
    x = in_channels_last(torch.randn(shape, generator=torch.Generator().manual_seed(0)))
    for dtype in (torch.float32, fast_dtype(torch.device("cpu"))):
        one, *others = results(network.to(dtype), x.to(dtype))
        assert all(torch.equal(one, other) for other in others)


def test_steady_layers_have_the_same_weights_and_values() -> None:
    network = nn.Sequential(nn.Conv2d(8, 32, 1), nn.GroupNorm(4, 32), nn.SiLU(), nn.Conv2d(32, 8, 3))
    x, names = torch.randn(2, 8, 12, 12), list(network.state_dict())
    torch.set_num_threads(1)
    before = network(x)
    steady(network)
    assert torch.equal(network(x), before) and list(network.state_dict()) == names
    assert type(network[3]) is nn.Conv2d
