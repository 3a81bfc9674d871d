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

from semflow_core.images import write_layout
from semflow_core.palette import load_palette

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


def test_only_the_three_endpoints_are_public(client: Client) -> None:
    api: Any = client.view_api(print_info=False, return_format="dict")
    assert set(api["named_endpoints"]) == {"/synthesize", "/segment", "/trajectory"}


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


def test_mistakes_come_back_as_a_sentence(client: Client, layout: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(AppError, match="number of steps is 0"):
        client.predict(picture=handle_file(layout["P"]), steps=0, api_name="/synthesize")
    with pytest.raises(AppError, match="no model 'cats'"):
        client.predict(picture=handle_file(layout["P"]), model="cats", api_name="/synthesize")
    Image.new("L", (64, 64), 200).save(tmp_path / "unknown.png")
    with pytest.raises(AppError, match="no class of celebamask_hq: 200"):
        client.predict(picture=handle_file(tmp_path / "unknown.png"), api_name="/synthesize")
