"""Links to projects, and the states that the history strip keeps and brings back."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.actions.models import Models
from app.actions.walking import Walking
from app.state.links import MAX_LINK, pack_link, unpack_link
from app.state.opened import Opened
from app.state.painted import paint
from app.state.session import Session
from app.tabs import HistoryStrip
from semflow_core.errors import InputError
from semflow_core.requests import EditRequest, SynthesisRequest

from ..conftest import FakePipeline, controls

EDIT = EditRequest(layout=np.zeros((16, 16), np.uint8), photo=np.zeros((16, 16, 3), np.uint8))
STREET = np.zeros((256, 512), np.uint8)  # what a visit of another model has on its canvas


@pytest.fixture
def strip(models: Models, walking: Walking) -> HistoryStrip:
    with gr.Blocks():
        return HistoryStrip(models, walking)


@pytest.fixture
def project(labels: np.ndarray) -> SynthesisRequest:
    return SynthesisRequest(
        steps=5, seed=11, layout=labels, beta=20.0, class_seeds=((1, 3),), offsets=((13, (0.5, 0.0, 1.0)),)
    )


def test_a_link_brings_the_same_request_back(project: SynthesisRequest) -> None:
    link = pack_link(project)
    assert unpack_link(link) == unpack_link("#" + link) == project
    assert link.isascii() and not set(link) & set(" +/%&#")  # nothing that messengers break or encode


def packed(text: bytes) -> str:
    return "p=" + base64.urlsafe_b64encode(zlib.compress(text)).decode().rstrip("=")


@pytest.mark.parametrize(
    "link, words",
    [
        ("", "damaged or cut off"),
        ("p=xyz", "damaged or cut off"),
        ("p=ä", "damaged or cut off"),
        (packed(b"{}" * 800_000), "damaged or cut off"),  # unfolds to more than is taken
        (packed(b"nothing"), "not JSON"),
        (packed(b'{"kind": "SegmentationRequest"}'), "not a SynthesisRequest"),
        (packed(EDIT.to_json().encode()), "of the kind EditRequest, not a SynthesisRequest"),
        (packed(b'{"color": 3}'), "unknown key 'color'"),
        ("p=" + "A" * MAX_LINK, "60,002 characters long"),
    ],
)
def test_a_bad_link_says_so(link: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        unpack_link(link)


def test_a_link_that_lost_its_end_is_damaged(project: SynthesisRequest) -> None:
    for cut in (1, 5, 40):
        with pytest.raises(InputError, match="damaged or cut off"):
            unpack_link(pack_link(project)[:-cut])


def test_a_project_too_detailed_for_a_link_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 19, (512, 512)).astype(np.uint8)
    with pytest.raises(InputError, match="characters long.* save the project as a file"):
        pack_link(SynthesisRequest(layout=noise))


def painted(pipeline: FakePipeline, request: SynthesisRequest) -> Session:
    session = Session("faces")
    list(paint(session, pipeline, request))
    return session


def entry_of(strip: HistoryStrip, session: Session) -> dict[str, str] | None:
    """The state that a picture becomes, None where it becomes none."""
    return strip.record(controls(session)).parts.get(strip.strip, {}).get("entry")


def test_a_finished_picture_becomes_a_state(
    strip: HistoryStrip, pipeline: FakePipeline, project: SynthesisRequest
) -> None:
    entry = entry_of(strip, painted(pipeline, project))
    assert entry is not None and unpack_link(entry["link"]) == project
    assert entry["picture"].startswith("data:image/jpeg;base64,")
    assert len(entry["picture"]) < 20_000
    assert entry["title"] == "faces, seed 11, 5 steps"


def test_a_state_has_the_steps_that_were_chosen_where_live_mode_took_fewer(
    strip: HistoryStrip, pipeline: FakePipeline, project: SynthesisRequest
) -> None:
    entry = entry_of(strip, painted(pipeline, replace(project, steps=2)))
    assert entry is not None and unpack_link(entry["link"]) == replace(project, steps=controls().steps)


def test_states_of_one_burst_share_everything_but_the_layout(
    strip: HistoryStrip, pipeline: FakePipeline, labels: np.ndarray
) -> None:
    def how(labels: np.ndarray, seed: int) -> str:
        entry = entry_of(strip, painted(pipeline, SynthesisRequest(layout=labels, seed=seed)))
        assert entry is not None
        return entry["how"]

    assert how(labels, 1) == how(1 - labels, 1) != how(labels, 2)


def test_drafts_and_photos_are_no_states(strip: HistoryStrip, pipeline: FakePipeline, labels: np.ndarray) -> None:
    draft = Session("faces")
    next(paint(draft, pipeline, SynthesisRequest(layout=labels, steps=50)))
    photo = np.zeros((256, 256, 3), np.uint8)
    edited = painted(pipeline, EditRequest(layout=labels, before=labels, photo=photo))
    noise = np.random.default_rng(0).integers(0, 19, (512, 512)).astype(np.uint8)
    too_long = painted(pipeline, SynthesisRequest(layout=noise))
    assert [entry_of(strip, session) for session in (Session("faces"), draft, edited, too_long)] == [None] * 4


def restore(strip: HistoryStrip, session: Session, link: str) -> Any:
    labels = STREET if session.model == "streets" else None
    return strip.restore(controls(session, labels), gr.EventData(None, {"link": link}))


def test_a_state_comes_back_whole(strip: HistoryStrip, project: SynthesisRequest, labels: np.ndarray) -> None:
    session = Session("faces")
    view = restore(strip, session, pack_link(project))
    assert np.array_equal(view.painter["value"], labels)
    assert view.settings == {"steps": 5, "seed": 11, "solver": "euler", "grid": "quadratic", "beta": 20.0}
    assert session.current.regions.fields() == {"class_seeds": project.class_seeds, "offsets": project.offsets}


def test_a_state_of_another_model_brings_its_model(strip: HistoryStrip, project: SynthesisRequest) -> None:
    session = Session("streets")
    view = restore(strip, session, pack_link(project))
    assert view.model == "faces" and "--aspect: 1" in view.shape and view.photo is None
    assert view.painter["value"].shape == (256, 256) and "classes" in view.painter
    assert view.settings["beta"] == {"value": 20.0, "maximum": 62.0} and view.settings["seed"] == 11
    assert session.model == "faces" and session.current.regions.seeds == {1: 3}
    canvas = session.models["streets"].canvas
    assert canvas is not None and canvas.labels is STREET  # and the other canvas waits for its return


def test_a_bad_link_leaves_everything_as_it_is(
    strip: HistoryStrip, pipeline: FakePipeline, project: SynthesisRequest
) -> None:
    session = painted(pipeline, project)
    session.current.regions.reroll((1,), 5)
    before = session.newest
    with pytest.raises(InputError, match="the link is damaged or cut off; ask for it again"):
        restore(strip, session, "p=broken")
    assert session.newest == before and session.current.regions.seeds == {1: 5}


def test_a_link_says_that_the_photo_that_is_edited_is_not_in_it(strip: HistoryStrip, labels: np.ndarray) -> None:
    session, photo = Session("faces"), np.zeros((*labels.shape, 3), np.uint8)
    session.current.opened = Opened(photo, labels, np.ones(labels.shape, np.float32), photo, labels)
    session.current.editing = True
    link, left_out = strip.share(controls(session, labels)).parts[strip.link].split()
    assert left_out == "photo" and np.array_equal(unpack_link(link).layout, labels)


def test_the_canvas_becomes_a_link(strip: HistoryStrip, labels: np.ndarray) -> None:
    session = Session("faces")
    session.current.regions.reroll((1,), 5)
    link = strip.share(controls(session, labels)).parts[strip.link]
    assert unpack_link(link) == SynthesisRequest(steps=4, seed=7, beta=40.0, layout=labels, class_seeds=((1, 5),))
