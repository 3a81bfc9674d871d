"""The tab "Label": proposals, corrections, classes of one's own, and what else is on the page meanwhile."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio import Blocks, EventData
from PIL import Image

from app.actions.labelling import spots
from app.actions.models import Models
from app.actions.painting import Painting
from app.actions.restoring import restore_visit
from app.actions.switching import switch_model
from app.actions.walking import Walking
from app.controls import Controls, View
from app.state.kept import keep_state, read_kept
from app.state.model_state import ModelState
from app.state.own_palette import rows_of
from app.state.session import Cancelled, Session
from app.tabs import CheckTab, LabelTab, OpenSave, StartTab
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.requests.packing import pack_labels, unpack_labels
from tools.drawn import palette, write

from ..conftest import FakePipeline, controls, last


@pytest.fixture
def tab(models: Models) -> LabelTab:
    import gradio as gr

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


def test_the_first_photo_comes_with_what_the_model_reads(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    views = list(tab.open(controls(session), photos))
    assert canvas(views[:1]).max() == 0 and views[0].painter["photo"].startswith("data:image/jpeg")
    pixels = session.labelled.item.pixels() if session.labelled else None
    assert pixels is not None and np.array_equal(canvas(views), (pixels[..., 0] > 127).astype(np.uint8))
    assert last(views).status == "0 of 3 accepted. Photo 1: 0001. Correct the proposal, then Enter."


def test_a_reopened_set_has_its_name_and_minutes(tab: LabelTab, session: Session, tmp_path: Path) -> None:
    for _ in range(2):
        list(tab.accept_item(here(session)))
    archive = unzip(tab.train.save_set(here(session), "my dogs", 120))
    archive.extractall(tmp_path)
    files = [str(p) for p in (tmp_path / "my_dogs").rglob("*") if p.is_file()]  # a browser drops the folders
    renamed = tmp_path / "my_dogs (1).zip"
    with zipfile.ZipFile(renamed, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, archive.read(name))
    for opened in (files, [str(renamed)]):
        again = Session("faces")
        views = list(tab.open(controls(again), opened))
        assert again.labelled is not None and (again.labelled.name, again.labelled.minutes) == ("my_dogs", 120)
        assert views[0].parts[tab.train.name] == "my_dogs" and views[0].parts[tab.train.minutes] == 120
        assert "train my_dogs/train.yaml" in views[0].parts[tab.train.command]
        saved = unzip(tab.train.save_set(here(again), "my_dogs", 120))
        assert saved.read("my_dogs/train.yaml") == archive.read("my_dogs/train.yaml")


def test_a_name_that_somebody_typed_stays(tab: LabelTab, photos: list[str], tmp_path: Path) -> None:
    holiday = tmp_path / "Holiday 2.zip"
    with zipfile.ZipFile(holiday, "w") as archive:
        archive.write(photos[0], "a.jpg")
    named, unnamed, more = Session("faces"), Session("faces"), Session("faces")
    list(tab.open(controls(named), [str(holiday)], False, "Spring", 30))
    list(tab.open(controls(unnamed), [str(holiday)]))
    list(tab.open(controls(more), photos))
    list(tab.open(here(more), [str(holiday)]))
    sets = [session.labelled for session in (named, unnamed, more)]
    assert [one.name for one in sets if one is not None] == ["Spring", "Holiday_2", "my_set"]
    assert sets[0] is not None and sets[0].minutes == 30
    with pytest.raises(InputError, match="not saved"):
        tab.forget(here(named))
    assert tab.forget(here(named)).parts[tab.train.name] == "my_set"


@pytest.mark.parametrize(
    "folder, name",
    [
        ("Summer 24", "Summer_24"),
        ("images", "my_set"),
        ("../..", "my_set"),
        ("", "my_set"),
        (None, "my_set"),
        (7, "my_set"),
    ],
)
def test_a_folder_names_the_set(tab: LabelTab, photos: list[str], folder: Any, name: str) -> None:
    unnamed, named = Session("faces"), Session("faces")
    views = list(tab.open(controls(unnamed), photos, False, "my_set", 60, folder))
    assert unnamed.labelled is not None and unnamed.labelled.name == name == views[0].parts[tab.train.name]
    list(tab.open(controls(named), photos, False, "Spring", 60, folder))
    assert named.labelled is not None and named.labelled.name == "Spring"


def test_an_empty_canvas_is_not_accepted_before_its_proposal_is_there(
    tab: LabelTab, photos: list[str], pipeline: FakePipeline
) -> None:
    session = Session("faces")
    views = tab.open(controls(session), photos)
    next(views)  # the photo alone
    with pytest.raises(InputError, match="still reading this photo"):
        list(tab.accept_item(here(session)))
    assert session.labelled is not None and session.labelled.at == 0 and not session.labelled.accepted
    pipeline.before_step = lambda i: session.cancel_running()  # a stroke stops the reading; it was taken back
    with pytest.raises(Cancelled):
        list(views)
    pipeline.before_step = lambda i: None
    empty = controls(session, np.zeros((256, 256), np.uint8))
    tab.labelling.ahead(empty)
    assert canvas(tab.accept_item(empty)).max() == 1 and not session.labelled.accepted  # the proposal comes first
    list(tab.accept_item(controls(session, np.zeros((256, 256), np.uint8))))  # seen, and all background it is
    assert len(session.labelled.accepted) == 1


def test_a_proposal_that_comes_ahead_while_its_photo_is_shown_is_shown(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    views = tab.open(controls(session), photos)
    next(views)  # the photo alone
    tab.labelling.ahead(controls(session, np.zeros((256, 256), np.uint8)))
    assert canvas(views).max() == 1
    list(tab.accept_item(here(session)))
    assert session.labelled is not None and len(session.labelled.accepted) == 1


def test_a_painted_canvas_is_accepted_before_its_proposal_is_there(tab: LabelTab, photos: list[str]) -> None:
    session = Session("faces")
    next(tab.open(controls(session), photos))
    list(tab.accept_item(controls(session, np.full((256, 256), 2, np.uint8))))
    assert session.labelled is not None and len(session.labelled.accepted) == 1


def test_the_next_photo_is_read_ahead_and_only_one(tab: LabelTab, session: Session, pipeline: FakePipeline) -> None:
    for _ in range(3):
        tab.labelling.ahead(controls(session))
    assert len(pipeline.calls) == 2
    views = list(tab.accept_item(controls(session, np.ones((256, 256), np.uint8))))
    assert len(pipeline.calls) == 2 and canvas(views[:1]).max() == 1  # it is there at once


def test_reading_ahead_stops_when_something_else_is_opened(
    tab: LabelTab, session: Session, pipeline: FakePipeline
) -> None:
    pipeline.before_step = lambda i: session.close()
    with pytest.raises(Cancelled):
        tab.labelling.ahead(controls(session))
    assert session.labelled is not None and session.labelled.items[1].proposal is None


def test_corrected_masks_are_saved_as_they_were_accepted(tab: LabelTab, session: Session) -> None:
    masks = [np.full((256, 256), i, np.uint8) for i in (3, 4)]
    list(tab.accept_item(controls(session, masks[0])))
    views = list(tab.accept_item(controls(session, masks[1])))
    assert last(views).status.startswith("2 of 3 accepted. Photo 3: 0003.")
    archive = unzip(tab.train.save_set(controls(session, canvas(views)), "set", 30))
    names = {"images/0001.jpg", "images/0002.jpg", "masks/0001.png", "masks/0002.png", "to_do/0003.jpg"}
    assert set(archive.namelist()) == {f"set/{name}" for name in (*names, "palette.json", "train.yaml")}
    assert b"minutes: 22.5" in archive.read("set/train.yaml")
    assert json.loads(archive.read("set/palette.json"))["name"] == "celebamask_hq"


def test_a_set_is_saved_without_minutes_and_without_anything_accepted(tab: LabelTab, session: Session) -> None:
    view = tab.train.save_set(here(session), "set", 30)
    assert "set/to_do/0001.jpg" in unzip(view).namelist() and "There is no train.yaml: the set has 0" in str(
        view.status
    )
    for _ in range(2):
        list(tab.accept_item(here(session)))
    view = tab.train.save_set(here(session), "set", None)
    assert "set/masks/0002.png" in unzip(view).namelist() and "There is no train.yaml: the training" in str(view.status)
    view = tab.train.save_set(here(session), "set", 30)
    assert "set/train.yaml" in unzip(view).namelist()
    assert view.status == "Saved 2 of 3 photos with masks; the others are in it, too."
    list(tab.accept_item(here(session)))
    assert tab.train.save_set(here(session), "set", 30).status == "Saved 3 of 3 photos with masks."


def test_masks_without_a_photo_are_named(tab: LabelTab, drawn: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in ("images/0001.jpg", "masks/0001.png", "masks/0002.png", "palette.json"):
            archive.write(drawn / path, path)
    views = list(tab.open(controls(Session("faces")), [str(tmp_path / "set.zip")]))
    assert str(last(views).status).endswith("Masks without a photo: 0002.png.")


def test_going_back_shows_what_was_there(tab: LabelTab, session: Session) -> None:
    painted = np.full((256, 256), 7, np.uint8)
    list(tab.go(1, controls(session, painted)))
    views = list(tab.go(-1, controls(session, np.zeros((256, 256), np.uint8))))
    assert canvas(views).min() == 7 and last(views).status.endswith("As you left it.")


@pytest.mark.parametrize("press", ["back", "accept", "return", "classes", "save", "open"])
def test_a_canvas_of_the_photo_before_is_written_onto_no_other(
    tab: LabelTab, session: Session, photos: list[str], press: str
) -> None:
    labelled = session.labelled
    assert labelled is not None
    list(tab.accept_item(controls(session, np.full((256, 256), 3, np.uint8))))
    list(tab.accept_item(controls(session, np.full((256, 256), 4, np.uint8))))
    late = controls(session, np.full((256, 256), 5, np.uint8))  # photo 3, which the page shows still
    list(tab.go(-1, late))  # its answer is on its way: photo 2
    handlers: dict[str, Any] = {
        "back": lambda: list(tab.go(-1, late)),
        "accept": lambda: list(tab.accept_item(late)),
        "return": lambda: [*tab.return_to_set(late), *tab.go(1, late)],
        "classes": lambda: list(tab.use_classes(late, rows_of(labelled.palette))),
        "save": lambda: tab.train.save_set(late, "set", 30),
        "open": lambda: list(tab.open(late, photos[:1])),
    }
    with contextlib.nullcontext() if press != "accept" else pytest.raises(InputError, match="once its photo is there"):
        handlers[press]()
    masks = [int(item.mask(labelled.palette).max()) for item in labelled.items[:3]]
    assert masks == [3, 4, 5] and [item.accepted for item in labelled.items[:3]] == [True, True, False]


def test_strokes_paint_nothing_and_no_path_is_walked(
    tab: LabelTab, session: Session, painting: Painting, walking: Walking, pipeline: FakePipeline
) -> None:
    before = len(pipeline.calls)
    assert last(painting.paint_if_live(controls(session))) == View()
    with pytest.raises(Cancelled):
        walking.walk_ahead(controls(session))
    assert len(pipeline.calls) == before


def test_own_classes_get_what_has_their_names(tab: LabelTab, session: Session, models: Models) -> None:
    rows = [
        {"id": None, "name": "thing", "color": "#000001"},
        {"id": None, "name": "Skin", "color": "#000002"},
    ]
    views = list(tab.use_classes(here(session), rows))
    assert session.labelled is not None and session.labelled.own
    assert canvas(views).max() == 1 and "The model faces proposes skin" in last(views).status
    assert [c["name"] for c in views[0].painter["classes"]] == ["thing", "Skin"]
    for handler in (Painting(models).paint, lambda c: [CheckTab.check(CheckTab.__new__(CheckTab), c)]):
        with pytest.raises(InputError, match="whose classes are not this model's"):
            list(handler(controls(session)))


def test_classes_without_a_model_start_empty(tab: LabelTab, photos: list[str], pipeline: FakePipeline) -> None:
    session = Session("faces")
    assert list(tab.choose_classes(controls(session), "own"))[0].status == "2 classes. Open the photos that have them."
    views = list(tab.open(controls(session), photos))
    assert canvas(views).max() == 0 and not pipeline.calls
    assert "No class here has the name" in last(views).status


def test_something_else_on_the_canvas_leaves_the_set_as_it_was(
    tab: LabelTab, session: Session, models: Models, pipeline: FakePipeline
) -> None:
    list(tab.use_classes(here(session), rows_of(palette())))
    view = switch_model(models, controls(session), "streets")
    assert session.labelling is None and view.painter["classes"][0]["name"] != "sky" and view.painter["spots"] == ""
    assert tab.show_parts(controls(session)).parts[tab.resume]["visible"]
    with pytest.raises(InputError, match="Back to the set"):
        list(tab.accept_item(controls(session)))
    views = list(tab.return_to_set(controls(session)))
    assert session.labelling is not None and len(views[0].painter["classes"]) == 13


@pytest.mark.parametrize("press", ["model", "photo", "layout", "blank", "card"])
def test_strokes_on_the_open_photo_stay_when_something_else_comes(
    tab: LabelTab, session: Session, models: Models, painting: Painting, tmp_path: Path, photos: list[str], press: str
) -> None:
    layout = tmp_path / "layout.png"
    Image.fromarray(np.zeros((256, 256), np.uint8)).save(layout)
    with Blocks():
        start, opener = StartTab(models, models.pipeline("faces")), OpenSave(models, painting)
    painted = controls(session, np.full((256, 256), 5, np.uint8))
    handlers: dict[str, Any] = {
        "model": lambda: switch_model(models, painted, "streets"),
        "photo": lambda: opener.open(painted, photos[1], "photo"),
        "layout": lambda: opener.open(painted, str(layout), "own"),
        "blank": lambda: start.start_blank(painted),
        "card": lambda: start.start_photo(painted, EventData(None, {"index": 0})),
    }
    handlers[press]()
    labelled = session.labelled
    assert session.labelling is None and labelled is not None and labelled.unsaved
    assert labelled.items[0].mask(labelled.palette).min() == 5


def test_the_sets_canvas_is_not_kept_as_a_models(tab: LabelTab, session: Session, models: Models) -> None:
    switch_model(models, controls(session, np.full((256, 256), 5, np.uint8)), "streets")
    before = session.models["faces"].canvas  # as it was when the set was opened
    assert before is not None and before.labels.max() != 5
    view = switch_model(models, controls(session, np.zeros((128, 256), np.uint8)), "faces")
    assert view.painter["value"] is before.labels and view.photo is None  # none was painted


@pytest.mark.parametrize("way", ["leave", "model"])
def test_the_opened_photo_stays_while_a_set_is_labelled(
    tab: LabelTab, models: Models, painting: Painting, photos: list[str], way: str
) -> None:
    session = Session("faces")
    with Blocks():
        opener = OpenSave(models, painting)
    opener.open(controls(session), photos[0], "photo")
    opened, photo = session.current.opened, session.current.photo
    layout = np.full((256, 256), 1, np.uint8)
    list(tab.open(controls(session, layout), photos[1:]))
    assert session.current.opened is None and session.current.photo is not photo  # strokes edit nothing
    list(tab.accept_item(controls(session, np.full((256, 256), 5, np.uint8))))
    if way == "leave":
        view = tab.leave_set(here(session))
        with pytest.raises(InputError, match="shows no photo of a set"):
            tab.leave_set(controls(session, layout))
    else:
        switch_model(models, here(session), "streets")
        assert session.current.photo is None
        view = switch_model(models, controls(session, np.zeros((128, 256), np.uint8)), "faces")
    assert opened is not None and session.current.opened is opened and session.current.editing
    assert view.photo is photo and np.array_equal(view.painter["value"], layout) and view.before
    assert session.labelled is not None and len(session.labelled.accepted) == 1


def test_a_visit_that_comes_back_leaves_the_set(tab: LabelTab, session: Session, models: Models) -> None:
    list(tab.use_classes(here(session), rows_of(palette())))
    state = json.loads(json.dumps(keep_state(ModelState())))
    settings = {"steps": 6, "seed": 123, "solver": "heun", "grid": "cubic", "beta": 20.5}
    packed = pack_labels(np.full((256, 256), 2, np.uint8))
    layout = {"layout": packed, "settings": settings, "state": state}
    kept = read_kept(
        json.dumps({"model": "faces", "live": False, "keep_seed": False, "frames": 30, "models": {"faces": layout}})
    )
    view = restore_visit(models, here(session), kept, {})
    assert session.labelling is None and session.labelled is not None and len(session.labelled.items) == 3
    assert len(view.painter["classes"]) == 19 and view.painter["model"] == "faces" and view.painter["value"].min() == 2
    assert session.current is session.models["faces"]


def test_an_example_brings_the_models_classes_back(tab: LabelTab, session: Session, models: Models) -> None:
    from app.actions.opening import land_layout

    list(tab.use_classes(here(session), rows_of(palette())))
    view = land_layout(np.zeros((256, 256), np.uint8), session, models.pipeline("faces"))
    assert len(view.painter["classes"]) == 19 and "--aspect: 1" in str(view.shape) and session.labelling is None


def test_a_new_set_asks_once_where_work_would_be_lost(tab: LabelTab, session: Session) -> None:
    list(tab.accept_item(controls(session)))
    with pytest.raises(InputError, match="not saved"):
        tab.forget(controls(session))
    tab.forget(controls(session))
    assert session.labelled is None


def test_a_new_set_asks_again_after_more_work(tab: LabelTab, session: Session) -> None:
    work: list[Any] = [
        lambda: list(tab.accept_item(controls(session, np.full((256, 256), 2, np.uint8)))),
        lambda: list(tab.use_classes(here(session), [*rows_of(tab.classes.palette(here(session)))[::-1]])),
        lambda: list(tab.choose_classes(here(session), "celebamask_hq")),
        lambda: list(tab.go(1, controls(session, np.full((256, 256), 3, np.uint8)))),
    ]
    for step in work:
        with pytest.raises(InputError, match="not saved"):
            tab.forget(here(session))
        assert session.labelled is not None
        step()
    with pytest.raises(InputError, match="not saved"):
        tab.forget(here(session))
    painted = controls(session, np.full((256, 256), 5, np.uint8))
    with pytest.raises(InputError, match="not saved"):  # a stroke is work, too
        tab.forget(painted)
    tab.forget(painted)
    assert session.labelled is None


def test_the_command_stands_where_two_are_accepted(tab: LabelTab, session: Session) -> None:
    assert "Two accepted photos" in str(tab.show_parts(controls(session)).parts[tab.train.command])
    for _ in range(2):
        list(tab.accept_item(controls(session)))
    text = tab.train.plan(controls(session), "my dogs", 120).parts[tab.train.command]
    assert "python -m semflow_core train my_dogs/train.yaml" in text and "About 2 hours on two CPU cores" in text
    assert "must have 1 to" in tab.train.plan(controls(session), "dogs", -3).parts[tab.train.command]


def test_a_palette_file_is_the_tables(tab: LabelTab, session: Session) -> None:
    rows = rows_of(load_palette("celebamask_hq"))
    file = tab.classes.save_palette(controls(session), rows).download
    assert isinstance(file, dict) and b"foreign" in base64.b64decode(file["url"].split(",")[1])
    rows[1]["name"] = "face"
    file = tab.classes.save_palette(controls(session), rows).download
    assert isinstance(file, dict) and b'"face"' in base64.b64decode(file["url"].split(",")[1])


def test_unsure_regions_are_wider_than_the_lines_between_classes() -> None:
    margin = np.ones((256, 256), np.float32)
    margin[:, 126:129] = 0.1  # a border
    margin[20:60, 20:60] = 0.6
    margin[150:200, 150:200] = 0.0
    labels = np.zeros((256, 256), np.uint8)
    labels[150:200, 190:] = 1
    numbers = spots(margin, labels)
    assert numbers[175, 175] == 1 and numbers[175, 195] == 2 and numbers[40, 40] == 3 and numbers[100, 127] == 0
    assert not spots(np.ones((64, 64), np.float32), labels[:64, :64]).any()


def test_the_overlay_and_the_regions_are_the_proposals(
    tab: LabelTab, photos: list[str], pipeline: FakePipeline
) -> None:
    session, segment = Session("faces"), FakePipeline.segment

    def unsure(request: Any, progress: Any = None) -> Any:
        result = segment(pipeline, request, progress)
        result.margin[100:140, 100:140] = 0.1
        return result

    pipeline.segment = unsure  # type: ignore[method-assign]
    views = list(tab.open(controls(session), photos, True))
    shown = [v.painter for v in views if v.painter.get("heat")][-1]
    assert unpack_labels(shown["spots"])[120, 120] == 1
    assert tab.show_doubt(controls(session), False).painter["heat"] == ""
