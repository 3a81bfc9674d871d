"""What the browser keeps of a visit: it comes back as it was, and what is forged is refused and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app.actions.models import Models
from app.actions.painting import Painting
from app.actions.restoring import restore_visit
from app.controls import Controls, View
from app.state.kept import keep_photo, keep_state, read_kept
from app.state.label_folder import NAME as SETS
from app.state.session import Session
from app.tabs import EditTab, Keeping, OpenSave
from app.tabs.keep import uploaded
from semflow_core.errors import InputError
from semflow_core.requests.packing import pack_labels, pack_photo

from ..conftest import FakePipeline, controls, last
from .test_session import with_hat

SETTINGS = {"steps": 6, "seed": 123, "solver": "heun", "grid": "cubic", "beta": 20.5}


@dataclass
class Browser:
    """What a page has of a visit: the canvas, the settings, what the server said, and the file that was opened."""

    session: Session
    labels: np.ndarray
    file: Path | None = None

    def kept(self, **model: Any) -> dict[str, Any]:
        """All of it, as it is uploaded; `model` replaces values of the chosen model."""
        state, values = self.session.current, controls(self.session, self.labels, **SETTINGS)
        # through JSON, as it travels
        own = {
            "layout": pack_labels(self.labels),
            "settings": SETTINGS,
            "state": json.loads(json.dumps(keep_state(state))),
            "photo": keep_photo(values.request(), state),
        }
        return {
            "model": "faces",
            "live": False,
            "keep_seed": False,
            "frames": 30,
            "models": {"faces": {**own, **model}},
        }


def come_back(models: Models, kept: dict[str, Any], file: Path | None = None) -> tuple[Controls, View]:
    """A new visit into which all comes back -> its controls, and what the page shows."""
    fresh = controls(Session("faces"))
    view = restore_visit(models, fresh, read_kept(json.dumps(kept)), {"faces": file} if file else {})
    settings = {name: value for name, value in view.settings.items() if not isinstance(value, dict)}
    model = fresh.model if isinstance(view.model, type(View().model)) else view.model
    return replace(fresh, model=model, labels=view.painter["value"], **settings), view


@pytest.fixture
def visit(models: Models, painting: Painting, tmp_path: Path) -> Browser:
    """A photo is open that was cut out of a wider one, it has an accepted edit, and a second one is under way."""
    pixels = np.random.default_rng(0).integers(0, 100, (300, 400, 3), np.uint8)
    pixels[:, 200:] += 150
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    session = Session("faces")
    with gr.Blocks():
        OpenSave(models, painting).open(controls(session), str(tmp_path / "photo.png"))
    opened = session.current.opened
    assert opened is not None
    first = with_hat(opened.layout)
    opened.accept(last(painting.paint(controls(session, first))).photo, first)
    corrected = first.copy()
    corrected[100:140, 100:140] = 2
    opened.correct(corrected)
    state = session.current
    state.undone = [replace(state.regions, locked={2})]
    state.regions.set_offset((14,), (0.5, 0.0, -0.25))
    state.regions.lock((1,), 5)
    state.regions.unlock((14,))
    return Browser(session, with_hat(corrected, 100), tmp_path / "photo.png")


def test_a_visit_comes_back_as_it_was(models: Models, painting: Painting, visit: Browser) -> None:
    then = visit.session.current
    now, view = come_back(models, visit.kept(), visit.file)
    state = now.state
    assert np.array_equal(now.labels, visit.labels)
    assert vars(now.settings) == SETTINGS and (now.live, now.keep_seed, now.frames) == (False, False, 30)
    assert state.regions == then.regions and (state.undone, state.redone) == (then.undone, then.redone)
    assert state.opened is not None and then.opened is not None and state.editing
    for name in ("photo", "layout", "base", "before"):
        assert np.array_equal(getattr(state.opened, name), getattr(then.opened, name)), name
    assert view.painter["photo"].startswith("data:image/jpeg")
    again = replace(now, keep_seed=True)
    expected = last(painting.paint(controls(visit.session, visit.labels, **SETTINGS))).photo
    assert np.array_equal(last(painting.paint(again)).photo, expected)
    # an undo to the layout before the correction shows the photo as it is, and paints no misreading into it
    first = then.opened.corrections[0][1]
    assert not np.array_equal(first, then.opened.before) and state.opened.shows(first)


def test_settings_that_were_not_kept_are_those_of_the_page(models: Models, visit: Browser) -> None:
    now, _ = come_back(models, visit.kept(settings={"seed": 123}, photo=""))
    assert now.settings == replace(controls(Session("faces")).settings, seed=123)


def test_the_whole_photo_that_is_saved_then_has_the_edit(models: Models, painting: Painting, visit: Browser) -> None:
    with gr.Blocks():
        edit = EditTab(models, painting, EditTab.make_mode())
    now, _ = come_back(models, visit.kept(), visit.file)
    now = replace(now, keep_seed=True)
    then = controls(visit.session, visit.labels, **SETTINGS)
    saved = []
    for each in (then, now):
        last(painting.paint(each))
        saved.append([edit.save_whole(what, each).download for what in ("photo", "ids")])
    assert saved[0] == saved[1]


@pytest.mark.parametrize("which", ["none", "another", "no photo"])
def test_without_its_file_the_photo_comes_back_all_the_same(
    models: Models, visit: Browser, tmp_path: Path, which: str
) -> None:
    other = tmp_path / "other.png"
    if which == "another":
        Image.new("RGB", (400, 300)).save(other)
    other = other if which == "another" else Path(__file__) if which == "no photo" else None
    state = come_back(models, visit.kept(), other)[0].state
    assert state.opened is not None and state.opened.source is None


def test_a_photo_that_ships_with_the_studio_needs_no_file(models: Models, painting: Painting) -> None:
    from app.actions.opening import open_photo
    from app.state.examples import example_photos

    session, pipeline = Session("faces"), models.pipeline("faces")
    file = example_photos(pipeline.palette)[0].file
    labels = open_photo(file, session, pipeline, example=file.name).painter["value"]
    opened = come_back(models, Browser(session, labels).kept())[0].state.opened
    assert opened is not None and opened.source is not None and session.current.opened is not None
    source = session.current.opened.source
    assert source is not None and np.array_equal(opened.source.photo.pixels, source.photo.pixels)
    assert np.array_equal(opened.source.way.matrix, source.way.matrix)


def test_every_model_comes_back_and_one_that_is_gone_is_left_out(models: Models, visit: Browser) -> None:
    kept = visit.kept()
    street = np.full((256, 512), 7, np.uint8)
    kept["models"]["streets"] = {"layout": pack_labels(street), "settings": {**SETTINGS, "beta": 127}}
    kept["models"]["gone"] = {"layout": pack_labels(street)}
    kept["model"] = "streets"
    now, view = come_back(models, kept, visit.file)
    assert now.model == "streets" == now.session.model and np.array_equal(now.labels, street)
    assert now.beta == models.pipeline("streets").perturbation.beta  # a value that no picture can have
    assert set(now.session.models) == {"faces", "streets"} and view.model == "streets"
    canvas = now.session.models["faces"].canvas
    assert canvas is not None and np.array_equal(canvas.labels, visit.labels) and vars(canvas.settings) == SETTINGS
    assert now.session.models["faces"].opened is not None


def test_a_model_that_is_damaged_leaves_the_others_theirs(models: Models, visit: Browser, sentences: list[str]) -> None:
    kept = visit.kept()
    kept["models"]["streets"] = {"layout": pack_labels(np.full((256, 512), 99, np.uint8))}
    now, view = come_back(models, kept, visit.file)
    assert np.array_equal(view.painter["value"], visit.labels) and set(now.session.models) == {"faces"}
    (said,) = sentences
    assert said.startswith("What this browser kept of the model streets cannot be shown, so that model starts fresh (")


def test_a_value_that_was_being_typed_loses_nothing(models: Models, visit: Browser) -> None:
    now, _ = come_back(models, visit.kept(settings={**SETTINGS, "seed": None, "steps": -3, "more": 1}), visit.file)
    assert np.array_equal(now.labels, visit.labels) and (now.solver, now.beta) == ("heun", 20.5)


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one value of what was kept, by its dotted path."""

    def apply(kept: dict[str, Any]) -> None:
        *way, name = path.split(".")
        for key in way:
            kept = kept[key]
        kept[name] = value

    return apply


FORGED = {
    "another model": change("model", "elsewhere"),
    "a path as a model": lambda kept: kept.update(model="../faces", models={"../faces": kept["models"]["faces"]}),
    "no models": change("models", {}),
    "models as a list": change("models", []),
    "an unknown key": change("colour", 3),
    "frames": change("frames", 10**9),
    "no layout": change("models.faces.layout", ""),
    "a layout that inflates": change("models.faces.layout", "8192,8192;" + "A" * 100),
    "ids of no class": change("models.faces.layout", pack_labels(np.full((256, 256), 99, np.uint8))),
    "settings as a text": change("models.faces.settings", "all"),
    "a photo that is none": change("models.faces.photo", "{}"),
    "a photo of another kind": change("models.faces.photo", '{"kind": "MorphRequest"}'),
    "regions": change("models.faces.state.regions", {"seeds": [[1, -5]]}),
    "offsets": change("models.faces.state.regions", {"offsets": [[1, [1e300, 0, 0]]]}),
    "steps of regions": change("models.faces.state.undone", [{"seeds": "x"}]),
    "corrections": change("models.faces.state.corrections", [["1,1;", "1,1;"]]),
    "the crop's place": change("models.faces.state.file.matrix", [[float("nan"), 0, 0], [0, 1, 0]]),
    "half of the crop's place": change("models.faces.state.file.matrix", [[1, 0, 0]]),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_forged_is_refused_in_a_sentence_and_changes_nothing(
    models: Models,
    painting: Painting,
    visit: Browser,
    sentences: list[str],
    monkeypatch: Any,
    tmp_path: Path,
    name: str,
) -> None:
    kept = visit.kept()
    FORGED[name](kept)
    (tmp_path / "kept.json").write_text(json.dumps(kept))
    monkeypatch.setattr("app.tabs.keep.get_upload_folder", lambda: str(tmp_path))
    fresh = controls(Session("faces"))
    with gr.Blocks():
        keeping = Keeping(models, painting)
    event = gr.EventData(None, {"kept": str(tmp_path / "kept.json"), "files": {"faces": str(visit.file)}})
    view = keeping.restore(fresh, event)
    assert not view.painter and view.parts[keeping.keeper]["answer"] == "refused"
    assert set(fresh.session.models) == {"faces"} and fresh.state.opened is None and not fresh.session.kept
    (said,) = sentences
    assert said.startswith("What this browser kept of your last visit cannot be shown, so the page opens fresh (")


def test_a_file_of_a_labelled_set_is_no_upload(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("app.tabs.keep.get_upload_folder", lambda: str(tmp_path))
    (tmp_path / SETS).mkdir()
    for name in ("upload.json", f"{SETS}/file.json"):
        (tmp_path / name).write_text("{}")
    assert uploaded(tmp_path / "upload.json")
    with pytest.raises(InputError, match="no file"):
        uploaded(tmp_path / SETS / "file.json")


@pytest.mark.parametrize("path", ["/etc/passwd", "", None, 3, "a\0b", ["x"], "../../etc/passwd"])
def test_a_path_of_the_servers_is_no_upload(path: Any) -> None:
    with pytest.raises(InputError, match="no file"):
        uploaded(path)


def test_the_photo_goes_to_the_browser_only_when_it_has_changed(
    models: Models, painting: Painting, visit: Browser, pipeline: FakePipeline
) -> None:
    with gr.Blocks():
        keeping = Keeping(models, painting)
    values, opened = controls(visit.session, visit.labels), visit.session.current.opened
    assert opened is not None

    def photo() -> Any:
        return keeping.keep(values).parts[keeping.state]["photo"]

    assert pack_photo(opened.base) in photo()
    visit.session.current.regions.lock((2,), 1)
    assert photo() is None
    opened.reset()
    assert pack_photo(opened.photo) in photo() and photo() is None
    visit.session.close()
    assert photo() == "" and photo() is None
    now, _ = come_back(models, visit.kept())
    assert keeping.keep(now).parts[keeping.state]["photo"] is None  # it comes from there
