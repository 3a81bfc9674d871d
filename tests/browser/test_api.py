"""The endpoints over HTTP, as a script uses them. No browser is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import write_layout

PALETTE = load_palette("celebamask_hq")


@pytest.fixture(scope="module")
def client(studio: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    yield Client(studio, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One layout in each form that a file can have."""
    folder = tmp_path_factory.mktemp("layouts")
    labels = np.zeros((64, 64), np.uint8)
    labels[8:56, 8:56] = 13
    labels[16:56, 16:48] = 1
    write_layout(folder / "P.png", labels, PALETTE)
    Image.fromarray(labels).save(folder / "L.png")
    Image.fromarray(PALETTE.colorize(labels)).save(folder / "RGB.png")
    return {p.stem: p for p in folder.iterdir()}


def test_only_the_documented_endpoints_are_public(client: Client) -> None:
    api: Any = client.view_api(print_info=False, return_format="dict")
    named = {"/synthesize", "/segment", "/edit", "/variations", "/trajectory", "/morph", "/read"}
    assert set(api["named_endpoints"]) == named
    for endpoint in api["named_endpoints"].values():
        optional = [p for p in endpoint["parameters"] if p["parameter_has_default"]]
        assert len(optional) >= len(endpoint["parameters"]) - 2  # a picture, or two, must be given


def test_ids_survive_in_every_form(client: Client, layout: dict[str, Path]) -> None:
    def photo(file: Path, **more: Any) -> np.ndarray:
        path = client.predict(picture=handle_file(file), steps=2, api_name="/synthesize", **more)
        return np.asarray(Image.open(path))

    first = photo(layout["L"])
    assert first.shape == (256, 256, 3)
    assert np.array_equal(first, photo(layout["P"]))
    assert np.array_equal(first, photo(layout["RGB"]))
    assert not np.array_equal(first, photo(layout["L"], seed=1))


def test_segment_returns_class_ids_at_the_photos_size(client: Client, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    path = client.predict(picture=handle_file(tmp_path / "photo.png"), steps=2, api_name="/segment")
    result = Image.open(path)
    assert result.mode == "P" and result.size == (90, 60)
    PALETTE.index(np.asarray(result))


def test_trajectory_returns_frames_and_their_times(client: Client, layout: dict[str, Path]) -> None:
    files, times = client.predict(picture=handle_file(layout["P"]), steps=2, frames=5, api_name="/trajectory")
    assert times == [0, 0.25, 0.5, 0.75, 1]
    assert [Image.open(f).size for f in files] == [(256, 256)] * 5


def test_an_edit_changes_what_was_repainted_and_nothing_else(client: Client, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    was = np.zeros((64, 64), np.uint8)
    becomes = was.copy()
    becomes[:16] = 13
    for name, array in (("photo", pixels), ("before", was), ("after", becomes)):
        Image.fromarray(array).save(tmp_path / f"{name}.png")
    photo, changed = client.predict(
        picture=handle_file(tmp_path / "photo.png"),
        layout=handle_file(tmp_path / "after.png"),
        before=handle_file(tmp_path / "before.png"),
        steps=2,
        api_name="/edit",
    )
    edited, where = np.asarray(Image.open(photo)), np.asarray(Image.open(changed).convert("L"))
    assert edited.shape == pixels.shape and where[:8].min() > 127 and (where[48:] == 0).all()
    assert np.array_equal(edited[where == 0], pixels[where == 0])


def test_variations_have_seeds_in_a_row(client: Client, layout: dict[str, Path]) -> None:
    files, seeds = client.predict(picture=handle_file(layout["P"]), count=3, steps=2, seed=5, api_name="/variations")
    assert seeds == [5, 6, 7]
    photos = [np.asarray(Image.open(f)) for f in files]
    alone = client.predict(picture=handle_file(layout["P"]), steps=2, seed=6, api_name="/synthesize")
    assert np.abs(photos[1].astype(int) - np.asarray(Image.open(alone))).max() <= 1
    assert not np.array_equal(photos[0], photos[1])


def test_a_morph_has_both_ends(client: Client, layout: dict[str, Path]) -> None:
    files, places = client.predict(picture=handle_file(layout["P"]), other_seed=4, steps=2, frames=3, api_name="/morph")
    assert places == [0, 0.5, 1] and len(files) == 3
    end = client.predict(picture=handle_file(layout["P"]), steps=2, seed=4, api_name="/synthesize")
    assert np.abs(np.asarray(Image.open(files[2])).astype(int) - np.asarray(Image.open(end))).max() <= 1


def test_mistakes_come_back_as_a_sentence(client: Client, layout: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(AppError, match="number of steps is 0"):
        client.predict(picture=handle_file(layout["P"]), steps=0, api_name="/synthesize")
    with pytest.raises(AppError, match="number of variations is 17"):
        client.predict(picture=handle_file(layout["P"]), count=17, api_name="/variations")
    with pytest.raises(AppError, match="no model 'cats'"):
        client.predict(picture=handle_file(layout["P"]), model="cats", api_name="/synthesize")
    Image.new("L", (64, 64), 200).save(tmp_path / "unknown.png")
    with pytest.raises(AppError, match="no class of celebamask_hq: 200"):
        client.predict(picture=handle_file(tmp_path / "unknown.png"), api_name="/synthesize")


@pytest.mark.parametrize("endpoint", ["synthesize", "segment", "edit", "variations", "trajectory", "morph"])
def test_every_endpoint_says_what_is_wrong(
    client: Client, layout: dict[str, Path], tmp_path: Path, endpoint: str
) -> None:
    (tmp_path / "notes.jpg").write_text("no picture")
    good, notes = handle_file(layout["P"]), handle_file(tmp_path / "notes.jpg")
    more: dict[str, Any] = {"layout": good} if endpoint == "edit" else {}
    with pytest.raises(AppError, match="[Nn]otes.jpg is not a picture"):
        client.predict(picture=notes, api_name=f"/{endpoint}", **more)
    for steps in ("abc", 2.5):
        with pytest.raises(AppError, match=f"Steps is '{steps}'; it must be a whole number"):
            client.predict(picture=good, steps=steps, api_name=f"/{endpoint}", **more)
