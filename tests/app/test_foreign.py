"""Other people's layouts, opened in the studio: they land in the canvas, and what was assumed is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import actions as actions_module
from app.actions import Actions
from app.session import Session
from semflow_core.method.palette import load_palette


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sentences that visitors were told."""
    heard: list[str] = []
    monkeypatch.setattr(actions_module.gr, "Info", heard.append)
    return heard


def test_several_parts_are_one_layout(actions: Actions, labels: np.ndarray, said: list[str], tmp_path: Path) -> None:
    files = []
    for name, mask in (("skin", labels == 1), ("hair", labels == 0)):
        files.append(str(tmp_path / f"00012_{name}.png"))
        Image.fromarray(mask.astype(np.uint8) * 255).save(files[-1])
    painter, *_ = actions.open(files, Session(), "faces")
    assert np.array_equal(painter["value"], np.where(labels == 1, 1, 13))
    assert said == ["Put together from 2 parts."]


def test_label_ids_are_said_to_be_some(actions: Actions, said: list[str], tmp_path: Path) -> None:
    Image.fromarray(np.full((256, 512), 26, np.uint8)).save(tmp_path / "a.png")
    painter, *_ = actions.open(str(tmp_path / "a.png"), Session(), "streets")
    assert (painter["value"] == 13).all()  # car
    assert "Cityscapes' label ids" in said[0]


def test_noisy_colours_are_counted(actions: Actions, labels: np.ndarray, said: list[str], tmp_path: Path) -> None:
    Image.fromarray(load_palette("celebamask_hq").colorize(labels)).save(tmp_path / "a.jpg", quality=80)
    painter, *_ = actions.open([str(tmp_path / "a.jpg")], Session(), "faces")
    assert (painter["value"] != labels).mean() < 0.02
    assert "lie between two colours" in said[0]


def test_several_photos_are_refused(
    actions: Actions, labels: np.ndarray, warnings_said: list[str], tmp_path: Path
) -> None:
    files = [str(tmp_path / f"{i}.png") for i in range(2)]
    for file in files:
        Image.fromarray(np.stack([labels] * 3, axis=-1)).save(file)
    session = Session()
    before = session.newest
    actions.open(files, session, "faces")
    assert len(warnings_said) == 1 and "one at a time" in warnings_said[0] and session.newest == before
