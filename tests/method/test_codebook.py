from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semflow_core.errors import InputError
from semflow_core.method.codebook import PRESETS, Codebook, anchor_colors, from_model, to_model
from semflow_core.method.palette import load_palette, palette_names


def codebooks() -> list[Codebook]:
    """Every palette in every preset that has room for it, in the paper's order and in another."""
    books = []
    for name, (k, s) in product(palette_names(), PRESETS.values()):
        palette = load_palette(name)
        n = len(palette.classes)
        if n <= k**3:
            spread = tuple(np.random.default_rng(0).permutation(k**3)[:n].tolist())
            books += [Codebook(palette, k, s), Codebook(palette, k, s, spread)]
    return books


every_codebook = pytest.mark.parametrize(
    "book", codebooks(), ids=lambda b: f"{b.palette.name}-{b.k}x{b.s}{'-ordered' if b.order else ''}"
)


@every_codebook
def test_every_class_survives_every_corner_of_the_allowed_cube(book: Codebook) -> None:
    """The bound of Eq. 14 is tightest where every channel is off by almost s/2."""
    labels = np.broadcast_to(book.palette.ids[None, :, None], (1, len(book.palette.ids), 8))
    corners = torch.tensor(list(product((-1.0, 1.0), repeat=3))).T * (book.s / 2 - 0.01)  # (3, 8)
    noisy = book.encode(labels) + corners[None, :, None, :]
    assert np.array_equal(book.decode(noisy).labels, labels)


@every_codebook
@given(seed=st.integers(0, 2**32), share=st.floats(0, 0.999))
def test_every_class_survives_any_perturbation_below_half_the_spacing(book: Codebook, seed: int, share: float) -> None:
    labels = np.broadcast_to(book.palette.ids[None, :, None], (1, len(book.palette.ids), 4))
    clean = book.encode(labels)
    noise = torch.rand(clean.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    assert np.array_equal(book.decode(clean + share * book.s / 2 * noise).labels, labels)


def test_more_than_half_the_spacing_is_another_class() -> None:
    book = Codebook(load_palette("celebamask_hq"))
    noisy = book.encode(np.array([[[0]]])) + torch.tensor([0.0, 0.0, 26.0]).view(1, 3, 1, 1)
    assert book.decode(noisy).labels.item() == 1


@every_codebook
def test_anchors_are_distinct_and_in_range(book: Codebook) -> None:
    assert len(torch.unique(book.anchors, dim=0)) == len(book.palette.classes)
    assert book.anchors.min() >= 0 and book.anchors.max() <= 255


PAPER = """
0 0 0 | 0 0 50 | 0 0 100 | 0 0 150 | 0 0 200 | 0 0 250 | 0 50 0 | 0 50 50 | 0 50 100 | 0 50 150
0 50 200 | 0 50 250 | 0 100 0 | 0 100 50 | 0 100 100 | 0 100 150 | 0 100 200 | 0 100 250 | 0 150 0
"""


def test_the_papers_table_of_19_colours() -> None:
    table = [[int(v) for v in cell.split()] for cell in PAPER.replace("\n", " | ").split("|") if cell.strip()]
    assert Codebook(load_palette("celebamask_hq"), 6, 50).anchors.tolist() == table


def test_the_papers_171_colours_end_at_200_200_100() -> None:
    anchors = Codebook(load_palette("coco_stuff"), 6, 50).anchors
    assert anchors[-1].tolist() == [200, 200, 100]
    assert sorted(set(anchors[:, 0].tolist())) == [0, 50, 100, 150, 200]


@pytest.mark.parametrize("name, nearest", [("celebamask_hq", 17), ("coco_stuff", 143)])
def test_white_decodes_to_the_papers_class(name: str, nearest: int) -> None:
    book = Codebook(load_palette(name), 6, 50)
    assert book.decode(torch.full((1, 3, 1, 1), 255.0)).labels.item() == nearest


def test_an_order_moves_anchors_and_nothing_else() -> None:
    palette = load_palette("celebamask_hq")
    order = tuple(reversed(range(19)))
    plain, ordered = Codebook(palette, 3, 125), Codebook(palette, 3, 125, order)
    assert torch.equal(ordered.anchors, plain.anchors.flip(0))


@given(st.lists(st.floats(-300, 600, width=32), min_size=3, max_size=3))
def test_the_margin_is_a_share_and_agrees_with_the_distances(color: list[float]) -> None:
    book = Codebook(load_palette("celebamask_hq"), 6, 50)
    x = torch.tensor(color).view(1, 3, 1, 1)
    labels, margin = book.decode(x)
    distances = np.linalg.norm(np.array(color) - book.anchors.numpy().astype(np.float64), axis=1)
    nearest, second = np.sort(distances)[:2]
    assert distances[book.palette.index(labels).item()] == pytest.approx(nearest, abs=1e-3)
    assert margin.item() == pytest.approx(min((second - nearest) / 50, 1), abs=1e-4)


def test_the_margin_falls_from_one_on_an_anchor_to_zero_between_two() -> None:
    book = Codebook(load_palette("celebamask_hq"), 6, 50)
    way = torch.stack([torch.tensor([0.0, 0.0, b]) for b in (0, 5, 10, 20, 25)], dim=1)[None, :, None]  # (1, 3, 1, 5)
    margin = book.decode(way).margin[0, 0]
    assert margin[0] == 1 and margin[-1] == 0
    assert (np.diff(margin) < 0).all()


def test_a_label_set_of_one_class_is_certain() -> None:
    from semflow_core.method.palette import Palette, PaletteClass

    book = Codebook(Palette("one", "One", (PaletteClass(7, "all", (1, 2, 3), "g"),)), 2, 50)
    labels, margin = book.decode(torch.zeros(1, 3, 2, 2))
    assert (labels == 7).all() and (margin == 1).all()


def test_encode_refuses_an_id_that_is_no_class() -> None:
    with pytest.raises(InputError, match="no class of celebamask_hq: 19"):
        Codebook(load_palette("celebamask_hq")).encode(np.full((1, 2, 2), 19))


@pytest.mark.parametrize(
    "n, k, s, words",
    [
        (28, 3, 125, "27 anchors, 28 classes"),
        (1, 1, 50, "1 anchors"),
        (0, 3, 50, "0 classes"),
        (19, 6, 52, "at most 51"),
        (19, 3, 0, "at most 127"),
    ],
)
def test_an_impossible_grid_is_refused(n: int, k: int, s: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        anchor_colors(n, k, s)


@pytest.mark.parametrize("order", [(0, 1), tuple([0] * 19), tuple(range(9, 28))])
def test_a_wrong_order_is_refused(order: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="19 different grid positions below 27"):
        Codebook(load_palette("celebamask_hq"), 3, 125, order)


def test_model_range() -> None:
    levels = torch.tensor([0.0, 50, 100, 150, 200, 250])
    expected = torch.tensor([-1, -0.607843, -0.215686, 0.176471, 0.568627, 0.960784])
    torch.testing.assert_close(to_model(levels), expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(from_model(to_model(levels)), levels, atol=1e-4, rtol=0)


def test_views_that_agree_keep_their_order_and_an_unsure_view_has_little_say() -> None:
    book = Codebook(load_palette("celebamask_hq"), 3, 125)
    colors = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 250
    distances = book.distances(colors)
    assert torch.equal(book.agree(distances, distances).argmin(1), distances.argmin(1))
    on, between = book.anchors[3], (0.45 * book.anchors[3] + 0.55 * book.anchors[5])
    sure, unsure = (book.distances(c.view(1, 3, 1, 1)) for c in (on, between))
    assert unsure.argmin() != 3 and book.agree(sure, unsure).argmin() == 3


def test_neighbours_decide_together_and_a_border_stays() -> None:
    book = Codebook(load_palette("celebamask_hq"), 3, 125)
    labels = np.zeros((1, 24, 24), np.uint8)
    labels[:, :, 12:] = 13
    speck = labels.copy()
    speck[0, 6, 4] = speck[0, 18, 20] = 17
    distances = book.distances(book.encode(speck))
    alone, together = book.agree(distances), book.agree(distances, smooth=1.0)
    ids = book.palette.ids
    assert np.array_equal(ids[alone.argmin(1).numpy()], speck)
    assert np.array_equal(ids[together.argmin(1).numpy()], labels)
    torch.testing.assert_close(book.agree(distances, distances, smooth=1.0), together)


def test_anchors_on_no_grid_have_the_spacing_of_the_bound() -> None:
    faces = load_palette("celebamask_hq")
    colors = {class_id: color for color, class_id in faces.foreign.colors[0].classes}
    book = Codebook(faces, colors=tuple(colors[c.id] for c in faces.classes))
    assert book.s == pytest.approx((26**2 + 51**2) / (26 + 51))  # (76, 153, 0) and (102, 204, 0)
    worst = torch.tensor([1.0, 1.0, 0.0]).view(1, 3, 1, 1)
    nose = torch.tensor([76.0, 153.0, 0.0]).view(1, 3, 1, 1)
    assert book.decode(nose + 0.499 * book.s * worst).labels.item() == 2
    assert book.decode(nose + 0.501 * book.s * worst).labels.item() == 10
    grid = Codebook(faces, colors=tuple((int(r), int(g), int(b)) for r, g, b in Codebook(faces).anchors))
    assert grid.s == 50
    with pytest.raises(InputError, match="colors must be 19 different ones"):
        Codebook(faces, colors=((0, 0, 0),) * 19)
