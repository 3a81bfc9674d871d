"""docs/own_data.md from beginning to end: photos are labelled, the saved set is trained on, and the model paints."""

from __future__ import annotations

import base64
import io
import re
import shlex
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app.actions.models import Models
from app.actions.painting import Painting
from app.deploy.launch import parser
from app.state.session import Session
from app.tabs import LabelTab
from semflow_core.cli import main
from tools.drawn import draw, palette

from .conftest import FakePipeline, controls, last

ROOT, SIZE = Path(__file__).parents[2], 64
SMALL = (f"latents.size={SIZE}", "latents.copies=1", "optim.steps=2", "optim.batch=6", "optim.warmup=1")


def photo(folder: Path, number: int) -> str:
    """A drawn photo, small; its layout is `mask`."""
    file = folder / f"{number}.png"
    Image.fromarray(draw(number)[0]).resize((SIZE, SIZE)).save(file)
    return str(file)


def mask(number: int) -> np.ndarray:
    return np.ascontiguousarray(draw(number)[1][:: 256 // SIZE, :: 256 // SIZE])


@pytest.mark.slow
def test_photos_become_a_set_and_the_set_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models = Models([])
    monkeypatch.setattr(models, "pipeline", lambda name: FakePipeline())  # which proposes nothing in these classes
    with gr.Blocks():
        tab = LabelTab(models)
    session, classes = Session("faces"), tmp_path / "palette.json"
    classes.write_text(palette().to_json())
    list(tab.open(controls(session), [str(classes), *(photo(tmp_path, i) for i in (1, 2, 3))], False, "birds"))
    for number in (1, 2, 3):
        views = list(tab.accept_item(controls(session, mask(number))))
    train, paint = re.findall(r"```sh\n(.+?)\n```", views[0].parts[tab.train.command])
    saved = tab.train.save_set(controls(session, mask(3)), "birds", 1).download
    assert isinstance(saved, dict)
    place = tmp_path / "project"
    (place / "assets").parent.mkdir()
    (place / "assets").symlink_to(ROOT / "assets")
    monkeypatch.chdir(place)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(saved["url"].split(",")[1]))) as archive:
        archive.extractall()

    *start, config = shlex.split(train)
    assert start == ["python", "-m", "semflow_core", "train"]
    assert main(["train", config, *SMALL]) == 0
    assert "1 held-out pair)" in capsys.readouterr().out

    program, *options = shlex.split(paint.removeprefix("python "))
    studio = Models(parser().parse_args(options).models)
    assert program == "app.py" and "birds" in studio.names()
    pipeline = studio.pipeline("birds")
    assert (pipeline.name, pipeline.palette, pipeline.size) == ("birds", palette(), SIZE)
    view = last(Painting(studio).paint(controls(Session("birds"), mask(1), model="birds", steps=2)))
    assert view.photo.shape == (SIZE, SIZE, 3) and view.photo.std() > 0
    assert (
        main(["synthesize", "birds/masks/1.png", "--model", "birds", "--models", options[1], "--out", "painted"]) == 0
    )
    assert Path("painted/1.png").is_file()

    with gr.Blocks():
        tab = LabelTab(studio)
    session = Session("birds")  # the next photos get their proposals from it
    status = last(tab.open(controls(session, mask(1), model="birds"), [photo(tmp_path, 4)])).status
    assert session.labelled is not None and session.labelled.item.proposal is not None and not session.labelled.own
    assert status == "0 of 1 accepted. Photo 1 of 1: 4. Correct the proposal, then Enter."
