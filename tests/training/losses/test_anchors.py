"""The softmax over the anchors: its width means the same in every codebook."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from semflow_core.method.codebook import Codebook, to_model
from semflow_core.method.palette import load_palette
from semflow_core.training.losses.anchors import anchor_cross_entropy, rarity
from semflow_core.training.losses.endpoint import WIDTH as ENDPOINT_WIDTH
from semflow_core.training.tasks.codec import WIDTH as CODEC_WIDTH

# palette, k, s
FACES_WIDE = ("celebamask_hq", 3, 125)
FACES_PAPER = ("celebamask_hq", 6, 50)
COCO_PAPER = ("coco_stuff", 6, 50)


def chances(codebook: Codebook, width: float) -> torch.Tensor:
    """Probability of each class where the decoded mask is exactly its own anchor, (n,)."""
    n = len(codebook.anchors)
    masks = to_model(codebook.anchors).view(n, 3, 1, 1)
    return torch.stack(
        [
            (-anchor_cross_entropy(masks[i : i + 1], [codebook], [torch.tensor([[[i]]])], [torch.ones(n)], width)).exp()
            for i in range(n)
        ]
    )


def book(palette: str, k: int, s: int) -> Codebook:
    return Codebook(load_palette(palette), k, s)


def test_the_shipped_codebooks_keep_the_widths_they_were_trained_with() -> None:
    assert ENDPOINT_WIDTH * 125 == 50 and CODEC_WIDTH * 125 == 30


@pytest.mark.parametrize("width", [ENDPOINT_WIDTH, CODEC_WIDTH])
@pytest.mark.parametrize("kind", [FACES_WIDE, FACES_PAPER, COCO_PAPER])
def test_a_class_on_its_own_anchor_has_the_chance_that_its_neighbours_in_the_grid_leave(
    kind: tuple[str, int, int], width: float
) -> None:
    codebook = book(*kind)
    # in steps of s the anchors are whole numbers, whatever s is
    steps = torch.cdist(codebook.anchors / codebook.s, codebook.anchors / codebook.s)
    expected = 1 / (-steps.square() / (2 * width**2)).exp().sum(1)
    torch.testing.assert_close(chances(codebook, width), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("kind", "least", "most"), [(FACES_WIDE, 0.809, 0.954), (FACES_PAPER, 0.845, 0.956), (COCO_PAPER, 0.777, 0.879)]
)
def test_the_endpoint_term_is_sure_of_a_class_on_its_own_anchor(
    kind: tuple[str, int, int], least: float, most: float
) -> None:
    found = chances(book(*kind), ENDPOINT_WIDTH)
    assert (float(found.min()), float(found.max())) == pytest.approx((least, most), abs=1e-3)


def test_an_anchor_amid_six_neighbours_has_the_closed_form() -> None:
    """Per axis a neighbour on either side, exp(-1 / (2 * 0.4^2)) each, and the next two beyond."""
    axis = 1 + 2 * math.exp(-1 / 0.32) + 2 * math.exp(-4 / 0.32)
    coco = book(*COCO_PAPER)
    amid = coco.anchors.tolist().index([100.0, 100.0, 100.0])
    assert float(chances(coco, ENDPOINT_WIDTH)[amid]) == pytest.approx(axis**-3, abs=1e-4)


def test_the_same_grid_of_another_spacing_has_the_same_chances() -> None:
    torch.testing.assert_close(
        chances(book("celebamask_hq", 3, 125), 0.4), chances(book("celebamask_hq", 3, 50), 0.4), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("kind", [FACES_WIDE, FACES_PAPER, COCO_PAPER])
def test_the_codecs_term_is_all_but_certain(kind: tuple[str, int, int]) -> None:
    assert float(chances(book(*kind), CODEC_WIDTH).min()) > 0.998


def test_the_generalised_cross_entropy_is_least_at_a_likely_class_and_the_common_one_between_them() -> None:
    """Two classes as likely as each other, and a third whose anchor stands between theirs."""
    codebook = book(*FACES_WIDE)
    a, between, b = (int(codebook.anchors.tolist().index([x, 0.0, 0.0])) for x in (0.0, 125.0, 250.0))
    labels = torch.tensor([[[a], [b]]])
    weights = torch.ones(19)

    def cost(class_index: int, power: float) -> float:
        mask = to_model(codebook.anchors[class_index]).view(1, 3, 1, 1).expand(1, 3, 2, 1)
        return float(anchor_cross_entropy(mask, [codebook], [labels], [weights], 0.4, power))

    assert cost(between, 0) < cost(a, 0)
    assert cost(a, 0.5) < cost(between, 0.5)
    # by hand: p is what softmax gives of -d^2 / 5000, and the cost is 2 (1 - sqrt(p))
    d2 = (codebook.anchors - codebook.anchors[a]).square().sum(1)
    p = (-d2 / 5000).softmax(0)[[a, b]]
    assert cost(a, 0.5) == pytest.approx(float((2 - 2 * p.sqrt()).mean()), rel=1e-4)
    assert cost(a, 1e-4) == pytest.approx(cost(a, 0), rel=1e-2)  # whose limit is the common one
    weights[b] = 3  # a mean by weight
    assert cost(a, 0.5) == pytest.approx(float(((2 - 2 * p.sqrt()) * torch.tensor([0.25, 0.75])).sum()), rel=1e-4)


def test_rare_classes_weigh_more() -> None:
    masks = np.zeros((1, 40, 40), np.uint8)
    masks[0, 0, :19] = np.arange(19)  # one pixel each, and the background has the rest
    assert rarity(masks, book(*FACES_WIDE), 0.0).tolist() == [1.0] * 19
    weights = rarity(masks, book(*FACES_WIDE), 0.5)
    assert weights[1:].tolist() == [1.0] * 18 and abs(weights[0] - max(0.1, 1582**-0.5)) < 1e-6
