"""Times, and the samples that terms choose by them."""

from __future__ import annotations

import torch

from semflow_core.training.batch import Batch, States, Times


def batch() -> Batch:
    """Four straight samples, then one state that comes from the photo and one that comes from the layout."""
    torch.manual_seed(0)
    times = Times.joined(
        [
            Times.straight(torch.tensor([0.8, 0.1, 0.6, 0.3])),
            Times(torch.tensor([0.7, 0.2]), torch.tensor([True, False]), torch.tensor([False, True])),
        ]
    )
    z0, z1 = torch.randn(6, 4, 2, 2), torch.randn(6, 4, 2, 2)
    return Batch(z0, z1, times, torch.zeros(6, 16, 16, dtype=torch.uint8), torch.arange(6))


def test_the_nearest_samples_are_straight_ones_and_all_that_come_from_there() -> None:
    assert batch().nearest_photo(2).tolist() == [1, 3, 4]
    assert batch().nearest_layout(3).tolist() == [0, 2, 3, 5]
    assert batch().nearest_layout(0).tolist() == [5]


def test_a_sample_is_for_segmentation_below_one_half_or_if_it_comes_from_the_photo() -> None:
    assert batch().times.segments.tolist() == [False, True, False, True, True, False]


def test_the_target_leads_from_the_straight_path_to_both_ends() -> None:
    b = batch()
    states = States.straight(b)
    chosen = torch.tensor([5, 0])
    torch.testing.assert_close(states.photos(states.target, chosen), b.z0[chosen])
    torch.testing.assert_close(states.masks(states.target, chosen), b.z1[chosen])
    assert states.weight.tolist() == [1.0] * 6
