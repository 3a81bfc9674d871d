"""The project's own files: beside the packages in a checkout, in a package of their own where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from semflow_core import assets
from semflow_core.assets import asset

ROOT = Path(__file__).resolve().parents[1]


def test_a_checkout_has_its_own_assets() -> None:
    assert asset("palettes") == ROOT / "assets" / "palettes"
    assert asset("face_detector/mtcnn.safetensors").is_file()


def test_an_installation_has_them_as_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "semflow_assets" / "palettes"
    folder.mkdir(parents=True)
    (folder / "mine.json").write_text("{}")
    monkeypatch.setattr(assets, "CHECKOUT", tmp_path / "assets")
    monkeypatch.syspath_prepend(tmp_path)
    assert asset("palettes") == folder
    assert asset("palettes/mine.json").read_text() == "{}"
    assert not asset("models").exists()
