"""Encoded copies: what they are of, and who shares them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.method.appearance import Rgb
from semflow_core.method.codebook import photos_to_model
from semflow_core.method.perturbation import perturb_batch
from semflow_core.nets.unet import UNetConfig
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.training.latents import LatentCache, LatentPairs

MakeLatents = Callable[..., LatentPairs]


def test_copies_are_of_the_training_pairs_and_the_same_for_the_same_settings(make_latents: MakeLatents) -> None:
    latents = make_latents("latents.copies=2")
    copies = latents.copies
    assert len(latents.dev) == 2 and copies.z0.shape == copies.z1.shape == (2 * 4, 4, 8, 8)
    assert copies.z0.dtype == torch.float16 and copies.labels.shape == (8, 64, 64)
    assert torch.equal(make_latents("latents.copies=2").copies.z1, copies.z1)
    for word in ("latents.beta=20", "seed=1", "latents.augment.rotate=5"):
        assert not torch.equal(make_latents("latents.copies=2", word).copies.z1, copies.z1)


def test_without_augmentation_a_copys_latents_are_its_photos(make_latents: MakeLatents) -> None:
    still = "latents.augment={mirror: false, rotate: 0, shift: 0, scale: 0}"
    latents = make_latents(still)
    pairs = latents.config.domain.split(latents.root, "train", 64)
    expected = latents.codec.encode(photos_to_model(pairs.photos))
    torch.testing.assert_close(latents.copies.z0.float(), expected, atol=5e-3, rtol=0)
    assert np.array_equal(latents.codebook.palette.ids[latents.copies.labels.numpy()], pairs.masks)
    assert latents.copies.rarity.shape == (19,) and latents.copies.appearance is None


def test_a_cache_keeps_the_last_latents_and_no_others(make_latents: MakeLatents) -> None:
    latents = make_latents()
    cache, other = LatentCache(), make_latents("latents.beta=20")
    first = cache.get(latents.config, latents.root, 0, False)
    assert cache.get(latents.config, latents.root, 0, False) is first
    assert cache.get(other.config, latents.root, 0, False) is not first
    assert cache.get(latents.config, latents.root, 0, False) is not first
    assert LatentCache().get(latents.config, latents.root, 0, False) is not first  # and caches share nothing


def test_with_appearance_the_offsets_are_the_photos_colours(make_latents: MakeLatents, tmp_path: Path) -> None:
    latents = make_latents("latents.appearance=true", "latents.augment.colour=0")
    appearance = latents.copies.appearance
    assert appearance is not None
    photos, masks = np.zeros((2, 64, 64, 3), np.uint8), np.zeros((2, 64, 64), np.uint8)
    photos[0, 20:], masks[:, 20:, 10:40] = (140, 120, 100), 1
    offsets = latents.offsets(photos, masks, appearance)
    assert offsets is not None
    assert offsets[0, 1].tolist() == pytest.approx(appearance.offset_of(1, Rgb(140, 120, 100)))
    assert np.isnan(offsets[:, 13]).all() and not np.allclose(offsets[0, 1], offsets[1, 1])
    rng = np.random.default_rng(0)
    noisy, smooth, _ = perturb_batch(latents.codebook, masks, latents.perturbation, rng, offsets)
    region = smooth - latents.codebook.encode(masks)
    assert torch.allclose(region[0, :, 30, 20].double(), torch.from_numpy(30 * offsets[0, 1]), atol=1e-4)
    assert (noisy - smooth).abs().max() <= 10 + 1e-4
    unet = UNetConfig([32, 32], 1, [False, False]).build(4, 4, 8)
    latents.pipeline(unet).save_pretrained(tmp_path / "model")
    again = SemFlowPipeline.from_pretrained(tmp_path / "model")
    assert again.appearance is not None and torch.equal(again.appearance.means, appearance.means)


def test_rough_layouts_are_for_synthesis_only(make_latents: MakeLatents) -> None:
    latents, exact = make_latents("latents.sloppy=1.0"), make_latents()
    assert (latents.painted != latents.copies.z1).flatten(1).any(1).all()
    assert torch.equal(exact.painted, exact.copies.z1)
    # the exact layouts are the same, whatever share is rough
    assert torch.equal(latents.copies.z1, exact.copies.z1)


def test_rough_layouts_have_the_offsets_of_their_photo(
    make_latents: MakeLatents, monkeypatch: pytest.MonkeyPatch
) -> None:
    latents = make_latents("latents.sloppy=1.0", "latents.appearance=true")
    z1, asked = latents.copies.z1, []
    monkeypatch.setattr("semflow_core.training.latents.sloppy", lambda labels, rng: labels)
    encode = latents._encode_layouts
    monkeypatch.setattr(latents, "_encode_layouts", lambda *args: asked.append(args) or encode(*args))
    assert latents.painted.shape == z1.shape
    (masks, _, offsets), palette = asked[0], latents.codebook.palette
    assert np.array_equal(palette.index(masks), latents.copies.labels.numpy())
    assert latents.copies.offsets is not None and np.array_equal(offsets, latents.copies.offsets, equal_nan=True)
    assert not np.isnan(offsets[:, 1]).any()  # the skin of every drawn photo is large enough


def test_only_flows_pay_for_rough_layouts(
    make_task: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, mobilenet: None
) -> None:
    encoded = []
    monkeypatch.setattr("semflow_core.training.latents.sloppy", lambda labels, rng: encoded.append(1) or labels)
    for kind in ("dsm", "discriminative", "backbone", "flow"):
        task = make_task(f"kind={kind}", "latents.sloppy=1.0")
        task.batch(np.random.default_rng(0), torch.device("cpu"))
        assert len(encoded) == (4 if kind == "flow" else 0), kind


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["latents.beta=70"], "amplitude is 70.*62.5"),
        (["latents.codec=nowhere"], "'nowhere' is no autoencoder's folder"),
        (["latents.copies=0"], "copies must be at least 1"),
        (["latents.size=60"], "size a multiple of 8"),
        (["latents.appearance=true", "latents.spectrum=white"], "appearance needs a regional perturbation"),
    ],
)
def test_wrong_settings_are_named(make_latents: MakeLatents, words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_latents(*words)
