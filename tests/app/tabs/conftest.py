"""Drawn photos, and the tab "Label" with three of them open."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.actions.models import Models
from app.controls import Controls, View
from app.state.session import Session
from app.tabs import LabelTab
from tools.drawn import write

from ..conftest import controls


@pytest.fixture
def tab(models: Models) -> LabelTab:
    with gr.Blocks():
        return LabelTab(models)


@pytest.fixture
def session(tab: LabelTab, photos: list[str]) -> Session:
    """A visit with three photos open."""
    session = Session("faces")
    list(tab.open(controls(session), photos))
    return session


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    write(folder, 3)
    return folder


@pytest.fixture
def photos(drawn: Path) -> list[str]:
    return [str(p) for p in sorted((drawn / "images").iterdir())]


def canvas(views: Any) -> np.ndarray:
    """What is on the canvas after a handler's Views."""
    return [v.painter["value"] for v in views if "value" in v.painter][-1].labels


def here(session: Session) -> Controls:
    """What the page's inputs hold while the canvas shows the set's photo."""
    assert session.labelled is not None
    return controls(session, session.labelled.item.mask(session.labelled.palette))


def unzip(view: View) -> zipfile.ZipFile:
    assert isinstance(view.download, dict)
    return zipfile.ZipFile(io.BytesIO(base64.b64decode(view.download["url"].split(",")[1])))
