from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semflow_core.errors import InputError
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import load_palette, palette_names
from semflow_core.method.perturbation import (
    MAX_SEED,
    SPECTRA,
    Draw,
    Perturbation,
    drawn_offset,
    normal_noise,
    perturb,
    perturb_batch,
)

FACES = Codebook(load_palette("celebamask_hq"), 3, 125)


def noise(labels: np.ndarray, beta: float = 40.0, spectrum: str = "white", seed: int = 0, **more) -> torch.Tensor:
    """eps = M' - M, (3, H, W)."""
    perturbed = perturb(FACES, labels, Perturbation(beta, spectrum), Draw(seed, **more))
    return (perturbed - FACES.encode(labels[None]))[0]


@pytest.mark.parametrize("name", palette_names())
@pytest.mark.parametrize("spectrum", SPECTRA)
@given(seed=st.integers(0, MAX_SEED), share=st.floats(0, 0.999))
def test_every_label_survives_by_construction(name: str, spectrum: str, seed: int, share: float) -> None:
    book = Codebook(load_palette(name), 6, 50)
    labels = np.repeat(book.palette.ids[:, None], 3, axis=1)  # (n, 3): every class
    perturbed = perturb(book, labels, Perturbation(share * book.max_beta, spectrum), Draw(seed))
    assert perturbed.dtype == torch.float32
    assert (perturbed - book.encode(labels[None])).abs().max() < book.s / 2
    assert np.array_equal(book.decode(perturbed).labels[0], labels)


@pytest.mark.parametrize("beta", [62.5, 63.0, -1.0, math.nan, math.inf])
def test_amplitudes_from_half_the_spacing_on_are_refused(beta: float) -> None:
    with pytest.raises(InputError, match="amplitude is .*below s/2 = 62.5"):
        noise(np.zeros((4, 4), np.uint8), beta=beta)


def test_an_unknown_spectrum_is_refused() -> None:
    with pytest.raises(InputError, match="no perturbation spectrum 'pink'; it is one of white, regional"):
        noise(np.zeros((4, 4), np.uint8), spectrum="pink")


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 1.0, True, "1"])
def test_seeds_out_of_bounds_are_refused(seed) -> None:
    labels = np.zeros((4, 4), np.uint8)
    with pytest.raises(InputError, match="the seed is "):
        noise(labels, seed=seed)
    with pytest.raises(InputError, match="the seed is "):
        noise(labels, class_seeds={0: seed})


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_a_seed_is_a_picture(face_layout: np.ndarray, spectrum: str) -> None:
    a = noise(face_layout, spectrum=spectrum, seed=5)
    assert torch.equal(a, noise(face_layout, spectrum=spectrum, seed=5))
    assert (a != noise(face_layout, spectrum=spectrum, seed=6)).float().mean() > 0.99


def test_the_global_random_state_is_neither_read_nor_written(face_layout: np.ndarray) -> None:
    torch.manual_seed(1)
    a = noise(face_layout)
    state = torch.random.get_rng_state()
    assert torch.equal(state, torch.Generator().manual_seed(1).get_state())
    torch.manual_seed(2)
    assert torch.equal(a, noise(face_layout))


@pytest.mark.parametrize("spectrum", SPECTRA)
@given(class_seed=st.integers(1, MAX_SEED))
def test_a_class_seed_changes_that_class_and_no_other_bit(spectrum: str, class_seed: int) -> None:
    labels = np.kron(np.array([[0, 13], [1, 13]], np.uint8), np.ones((8, 8), np.uint8))
    plain = noise(labels, spectrum=spectrum)
    rolled = noise(labels, spectrum=spectrum, class_seeds={13: class_seed})
    here = torch.from_numpy(labels == 13)
    assert torch.equal(plain[:, ~here], rolled[:, ~here])
    assert (plain[:, here] != rolled[:, here]).float().mean() > 0.99


def test_naming_the_global_seed_for_a_class_changes_nothing(face_layout: np.ndarray) -> None:
    plain = noise(face_layout, spectrum="regional", seed=3)
    assert torch.equal(plain, noise(face_layout, spectrum="regional", seed=3, class_seeds={13: 3}))


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_painting_elsewhere_leaves_a_pixels_noise_alone(face_layout: np.ndarray, spectrum: str) -> None:
    edited = face_layout.copy()
    edited[:8] = 14  # a hat, a class that was not there
    kept = torch.from_numpy(edited == face_layout)
    a, b = noise(face_layout, spectrum=spectrum), noise(edited, spectrum=spectrum)
    assert torch.equal(a[:, kept], b[:, kept])


def test_white_noise_is_uniform_and_independent() -> None:
    eps = noise(np.zeros((128, 128), np.uint8), beta=40)
    assert eps.abs().max() <= 40
    assert eps.abs().max() > 39.9
    assert abs(eps.mean()) < 0.5
    assert eps.std() == pytest.approx(40 / math.sqrt(3), rel=0.01)
    neighbours = torch.corrcoef(torch.stack([eps[:, :, 1:].flatten(), eps[:, :, :-1].flatten()]))[0, 1]
    channels = torch.corrcoef(eps.flatten(1))
    assert abs(neighbours) < 0.02
    assert (channels - torch.eye(3)).abs().max() < 0.03


def test_the_regional_part_is_constant_over_each_class() -> None:
    labels = np.repeat(np.array([[0, 13]], np.uint8), 64, axis=0).repeat(64, axis=1)
    eps = noise(labels, beta=40, spectrum="regional")
    left, right = eps[:, :, :64].flatten(1), eps[:, :, 64:].flatten(1)
    for region in (left, right):
        spread = region - region.mean(1, keepdim=True)
        assert spread.abs().max() < 40 * SPECTRA["regional"].pixel * 1.05, "only the white part is left over"
    assert (left.mean(1) - right.mean(1)).abs().max() > 3, "two classes have two constants"


def test_regional_constants_differ_between_seeds_where_white_ones_cannot() -> None:
    labels = np.zeros((64, 64), np.uint8)
    means = {s: torch.stack([noise(labels, 40, s, seed).mean((1, 2)) for seed in range(40)]) for s in SPECTRA}
    assert means["regional"].std() == pytest.approx(40 * SPECTRA["regional"].region / math.sqrt(3), rel=0.2)
    assert means["white"].std() < 1


def test_training_draws_the_same_distribution() -> None:
    labels = np.zeros((20, 64, 64), np.uint8)
    drawn = torch.stack([noise(labels[0], spectrum="regional", seed=s) for s in range(20)])
    noisy, _, _ = perturb_batch(FACES, labels, Perturbation(40.0, "regional"), np.random.default_rng(0))
    trained = noisy - FACES.anchors[0].view(1, 3, 1, 1)
    shares = SPECTRA["regional"]
    for eps in (drawn, trained):
        region = eps.mean((2, 3), keepdim=True)
        assert (eps - region).std() == pytest.approx(40 * shares.pixel / math.sqrt(3), rel=0.05)
        assert region.std() == pytest.approx(40 * shares.region / math.sqrt(3), rel=0.25)


def test_an_offset_is_the_regional_constant() -> None:
    labels = np.repeat(np.array([[0, 13]], np.uint8), 64, axis=0).repeat(64, axis=1)
    plain = noise(labels, spectrum="regional")
    styled = noise(labels, spectrum="regional", offsets={13: (1.0, -1.0, 0.5)})
    assert torch.equal(plain[:, :, :64], styled[:, :, :64])
    expected = 40 * SPECTRA["regional"].region * torch.tensor([1.0, -1.0, 0.5])
    torch.testing.assert_close(styled[:, :, 64:].mean((1, 2)), expected, atol=1, rtol=0)
    assert styled.abs().max() < 40 + 1e-3


@pytest.mark.parametrize(
    "spectrum, offset, words",
    [
        ("white", (0.0, 0.0, 0.0), "needs a spectrum with a regional part"),
        ("regional", (0.0, 1.1, 0.0), "three numbers from -1 to 1"),
        ("regional", (0.0, 0.0), "three numbers from -1 to 1"),
        ("regional", (0.0, math.nan, 0.0), "three numbers from -1 to 1"),
    ],
)
def test_offsets_out_of_bounds_are_refused(spectrum: str, offset: tuple[float, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        noise(np.zeros((4, 4), np.uint8), spectrum=spectrum, offsets={0: offset})


def test_the_bits_of_a_seed_are_what_project_files_count_on() -> None:
    """Golden numbers: if these change, every saved project draws another picture."""
    labels = np.array([[0, 13], [13, 0]], np.uint8)
    eps = noise(labels, beta=40, spectrum="regional", seed=7, class_seeds={13: 8})
    expected = torch.tensor(GOLDEN).view(3, 2, 2)
    torch.testing.assert_close(eps, expected, atol=1e-4, rtol=0)


GOLDEN = [
    1.1812,
    -19.005,
    -4.9128,
    9.7666,
    -8.4137,
    10.8573,
    -3.2327,
    -9.4147,
    20.4135,
    7.0466,
    -10.2824,
    18.6015,
]


def test_a_mirror_pair_draws_one_offset() -> None:
    faces = FACES.palette
    assert drawn_offset(faces, 7, 4) == drawn_offset(faces, 7, 5)  # the eyes
    assert drawn_offset(faces, 7, 4) != drawn_offset(faces, 7, 13)
    assert drawn_offset(faces, 7, 4) != drawn_offset(faces, 8, 4)
    for eye in (4, 5):
        eps = noise(np.full((64, 64), eye, np.uint8), spectrum="regional", seed=7)
        drawn = 40 * SPECTRA["regional"].region * torch.tensor(drawn_offset(faces, 7, eye))
        assert (eps.mean((1, 2)) - drawn).abs().max() < 0.5  # the white part of +-10 averages out


def test_normal_noise_is_normal_and_each_class_has_its_own() -> None:
    labels = np.zeros((128, 128), np.uint8)
    labels[:, 64:] = 13
    noise = normal_noise(labels, Draw(3))
    assert noise.shape == (1, 1, 128, 128)
    assert abs(float(noise.mean())) < 0.05 and abs(float(noise.std()) - 1) < 0.05
    again, other = normal_noise(labels, Draw(3, {13: 4}))[0, 0], normal_noise(labels, Draw(4))[0, 0]
    assert torch.equal(again[:, :64], noise[0, 0, :, :64]) and torch.equal(again[:, 64:], other[:, 64:])
    assert not torch.equal(again[:, 64:], noise[0, 0, :, 64:])
