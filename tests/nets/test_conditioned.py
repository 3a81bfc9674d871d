"""U-Nets with one input more than the time: how they get it, and what folding keeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from semflow_core.nets.conditioned import ConditionedVelocity, domain_unet, fold, step_unet
from semflow_core.nets.contracts import UNetVelocity
from semflow_core.nets.unet import UNetConfig

# two channels per group: a norm of one would take away what an embedding adds
SMALL = UNetConfig(widths=[64, 64], layers=1, attention=[False, True])


@pytest.mark.parametrize(
    ("condition", "more"), [(-0.5, {"class_embed_type": "timestep"}), (1, {"num_class_embeds": 2})]
)
def test_a_folded_network_is_the_network_under_one_condition(condition: float, more: dict[str, Any]) -> None:
    torch.manual_seed(0)
    unet: Any = SMALL.build(4, 4, 8, **more).eval()
    z, t = torch.randn(2, 4, 8, 8), torch.tensor([0.0, 0.7305])
    label = torch.full((2,), 1000 * condition if "class_embed_type" in more else condition)
    with torch.no_grad():
        expected = unet(z, 1000 * t, class_labels=label).sample
        torch.testing.assert_close(ConditionedVelocity(unet, condition)(z, t), expected)
        folded = fold(unet, condition)
        torch.testing.assert_close(UNetVelocity(folded)(z, t), expected, atol=1e-5, rtol=1e-4)
        other = fold(unet, 0 if condition == 1 else 0.0)
        assert (UNetVelocity(other)(z, t) - expected).abs().max() > 1e-3
    assert folded.config["class_embed_type"] is None and folded.config["num_class_embeds"] is None


def test_a_condition_may_differ_between_samples() -> None:
    torch.manual_seed(0)
    unet: Any = SMALL.build(4, 4, 8, class_embed_type="timestep").eval()
    z = torch.randn(2, 4, 8, 8)
    with torch.no_grad():
        both = ConditionedVelocity(unet, torch.tensor([0.5, -1.0]))(z, 0.3)
        for i, size in enumerate((0.5, -1.0)):
            torch.testing.assert_close(both[i : i + 1], ConditionedVelocity(unet, size)(z[i : i + 1], 0.3))


def test_new_networks_ignore_their_condition() -> None:
    z = torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        for unet, pair in ((step_unet(SMALL, 4, 8), (0.0, 1.0)), (domain_unet(SMALL, 4, 8, 2), (0, 1))):
            a, b = (UNetVelocity(fold(unet, condition))(z, 0.5) for condition in pair)
            assert torch.equal(a, b)
