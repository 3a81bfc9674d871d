"""Links to projects, and the states that the history strip keeps and brings back."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
import pytest
from gradio import EventData

from app.actions import Actions
from app.history import HistoryPanel
from app.links import MAX_LINK, pack_link, unpack_link
from app.session import Session
from semflow_core.errors import InputError
from semflow_core.requests.packing import pack_labels, pack_photo
from semflow_core.requests.requests import EditRequest, SynthesisRequest

from .conftest import FakePipeline

HELD = np.zeros((256, 512), np.uint8)  # what a visit of another model has on its canvas
HOW = ("euler", "quadratic", 40.0)


@pytest.fixture
def panel(actions: Actions) -> HistoryPanel:
    """What the strip does, without its components."""
    made = HistoryPanel.__new__(HistoryPanel)
    made.actions = actions
    return made


@pytest.fixture
def project(labels: np.ndarray) -> SynthesisRequest:
    return SynthesisRequest(
        steps=5, seed=11, layout=pack_labels(labels), beta=20.0, class_seeds=((1, 3),), offsets=((13, (0.5, 0.0, 1.0)),)
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
        (packed(b'{"kind": "EditRequest"}'), "not a SynthesisRequest"),
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
        pack_link(SynthesisRequest(layout=pack_labels(noise)))


def painted(pipeline: FakePipeline, request: SynthesisRequest) -> Session:
    session = Session()
    list(session.paint(pipeline, request))
    return session


def test_a_finished_picture_becomes_a_state(
    panel: HistoryPanel, pipeline: FakePipeline, project: SynthesisRequest
) -> None:
    entry = panel.record(painted(pipeline, project))["entry"]
    assert unpack_link(entry["link"]) == project
    assert entry["picture"].startswith("data:image/jpeg;base64,")
    assert len(entry["picture"]) < 20_000
    assert entry["title"] == "faces, seed 11, 5 steps"


def test_states_of_one_burst_share_everything_but_the_layout(
    panel: HistoryPanel, pipeline: FakePipeline, labels: np.ndarray
) -> None:
    def how(labels: np.ndarray, seed: int) -> str:
        return panel.record(painted(pipeline, SynthesisRequest(layout=pack_labels(labels), seed=seed)))["entry"]["how"]

    assert how(labels, 1) == how(1 - labels, 1) != how(labels, 2)


def test_drafts_and_photos_are_no_states(panel: HistoryPanel, pipeline: FakePipeline, labels: np.ndarray) -> None:
    def skipped(session: Session) -> bool:
        return "entry" not in panel.record(session)

    layout = pack_labels(labels)
    draft = Session()
    next(draft.paint(pipeline, SynthesisRequest(layout=layout, steps=50)))
    photo = pack_photo(np.zeros((256, 256, 3), np.uint8))
    edited = painted(pipeline, EditRequest(layout=layout, before=layout, photo=photo))
    noise = np.random.default_rng(0).integers(0, 19, (512, 512)).astype(np.uint8)
    too_long = painted(pipeline, SynthesisRequest(layout=pack_labels(noise)))
    assert skipped(Session()) and skipped(draft) and skipped(edited) and skipped(too_long)


def restore(panel: HistoryPanel, session: Session, model: str, link: str) -> Any:
    return panel.restore(session, model, HELD, 4, 7, *HOW, EventData(None, {"link": link}))


def test_a_state_comes_back_whole(panel: HistoryPanel, project: SynthesisRequest, labels: np.ndarray) -> None:
    session = Session()
    _, _, painter, *_, steps, seed, solver, grid, beta = restore(panel, session, "faces", pack_link(project))
    assert np.array_equal(painter["value"], labels)
    assert (steps, seed, solver, grid, beta) == (5, 11, "euler", "quadratic", 20.0)
    assert session.regions.fields() == {"class_seeds": project.class_seeds, "offsets": project.offsets}


def test_a_state_of_another_model_brings_its_model(panel: HistoryPanel, project: SynthesisRequest) -> None:
    session = Session("streets")
    model, shape, painter, photo, *_, beta = restore(panel, session, "streets", pack_link(project))
    assert model == "faces" and "--aspect: 1" in shape and photo is None
    assert painter["value"].shape == (256, 256) and "classes" in painter
    assert beta["value"] == 20.0 and beta["maximum"] > 20
    assert session.regions.seeds == {1: 3}
    assert session.left["streets"][0][0] is HELD  # and the other canvas waits for its return


def test_a_bad_link_leaves_everything_as_it_is(
    panel: HistoryPanel, pipeline: FakePipeline, project: SynthesisRequest, warnings_said: list[str]
) -> None:
    session = painted(pipeline, project)
    session.regions.reroll((1,), 5)
    before = session.newest
    answer = restore(panel, session, "faces", "p=broken")
    assert len(answer) == 1 and session.newest == before and session.regions.seeds == {1: 5}
    assert warnings_said == ["The link is damaged or cut off; ask for it again, or for the project's file."]


def test_the_canvas_becomes_a_link(panel: HistoryPanel, labels: np.ndarray) -> None:
    session = Session()
    session.regions.reroll((1,), 5)
    request = unpack_link(panel.share(session, "faces", labels, 4, 7, *HOW))
    assert request == SynthesisRequest(steps=4, seed=7, beta=40.0, layout=pack_labels(labels), class_seeds=((1, 5),))
