"""What a session holds: the opened photo with its corrections and edits, and each model where it was left."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from app.state.model_state import ModelState
from app.state.painted import paint, vary
from app.state.region_colors import offset_in_photo
from app.state.regions import Regions
from app.state.session import Session
from semflow_core.errors import InputError
from semflow_core.requests import EditRequest, SegmentationRequest

from ..conftest import FakePipeline, controls, last
from .conftest import request

PHOTO = np.full((256, 256, 3), 200, np.uint8)


def test_reading_a_photo_makes_it_the_visitors_own(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, photo = Session("faces"), np.full((256, 256, 3), 200, np.uint8)
    result = session.open_photo(pipeline, photo, SegmentationRequest(steps=2, photo=photo))
    assert (result.labels == 1).all()
    assert session.current.shows_opened and session.current.photo is photo and session.current.editing
    session.current.editing = False
    last(paint(session, pipeline, session.current.in_mode(request(labels))))
    assert not session.current.shows_opened


def open_photo(pipeline: FakePipeline) -> tuple[Session, np.ndarray]:
    session, photo = Session("faces"), np.full((512, 512, 3), 200, np.uint8)
    small = np.full((256, 256, 3), 200, np.uint8)
    session.open_photo(pipeline, photo, SegmentationRequest(steps=2, photo=small))
    return session, photo


def with_hat(labels: np.ndarray, at: int = 10) -> np.ndarray:
    layout = labels.copy()
    layout[at : at + 20, 10:40] = 14
    return layout


def test_an_edit_keeps_the_photos_size_and_what_was_not_repainted(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    assert session.current.opened is not None
    wanted = session.current.in_mode(request(with_hat(session.current.opened.layout)))
    assert isinstance(wanted, EditRequest)
    edited = last(paint(session, pipeline, wanted)).photo
    assert edited.shape == photo.shape and session.current.shows_opened
    assert (edited[20:60, 20:80] != 200).any() and (edited[100:] == 200).all()


def test_edits_chain_and_are_dropped_together(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    opened = session.current.opened
    assert opened is not None
    first = with_hat(opened.layout)
    edited = last(paint(session, pipeline, session.current.in_mode(request(first)))).photo
    opened.accept(edited, first)
    both = last(paint(session, pipeline, session.current.in_mode(request(with_hat(first, 100))))).photo
    assert np.array_equal(both[:200], edited[:200]) and not np.array_equal(both, edited)
    opened.reset()
    assert session.show_base() is photo and np.array_equal(opened.before, opened.layout)


def test_a_corrected_layout_changes_nothing_in_the_photo(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    opened = session.current.opened
    assert opened is not None
    corrected = with_hat(opened.layout)
    last(paint(session, pipeline, session.current.in_mode(request(corrected))))  # live: the misreading was painted over
    calls = len(pipeline.calls)
    assert session.correct(corrected) is photo and session.current.photo is photo and session.current.request is None
    assert len(pipeline.calls) == calls and opened.shows(corrected)
    edited = last(paint(session, pipeline, session.current.in_mode(request(with_hat(corrected, 100))))).photo
    assert (edited[20:60] == 200).all() and (edited[200:240, 20:80] != 200).any()


def test_a_correction_keeps_accepted_edits_and_outlives_them(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    opened = session.current.opened
    assert opened is not None
    read, edit = opened.layout, with_hat(opened.layout)
    edited = last(paint(session, pipeline, session.current.in_mode(request(edit)))).photo
    opened.accept(edited, edit)
    assert session.correct(with_hat(edit, 100)) is edited
    opened.reset()
    assert session.show_base() is photo and np.array_equal(opened.before, with_hat(read, 100))


def test_an_undone_correction_paints_nothing_either(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    opened = session.current.opened
    assert opened is not None
    read, corrected = opened.layout, with_hat(opened.layout)
    session.correct(corrected)
    for layout in (read, corrected, read):  # undo, redo, undo
        assert opened.shows(layout) and np.array_equal(opened.before, layout) and np.array_equal(opened.layout, layout)
        assert opened.base is photo
    assert not opened.shows(with_hat(read, 100))


def test_offsets_are_read_again_by_the_corrected_layout(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    assert session.current.opened is not None and 14 not in session.current.photo_offsets
    session.correct(with_hat(session.current.opened.layout))
    small = np.ascontiguousarray(photo[::2, ::2])
    session.read_offsets(pipeline, SegmentationRequest(steps=2, photo=small))
    assert 14 in session.current.photo_offsets


def test_a_layout_that_lands_leaves_no_photo_to_edit(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, _ = open_photo(pipeline)
    session.close()
    assert not session.current.shows_opened and session.current.in_mode(request(labels)) == request(labels)


def test_what_is_opened_has_no_regions_of_an_earlier_layout(pipeline: FakePipeline) -> None:
    session, _ = open_photo(pipeline)
    for bring in (session.close, lambda: session.open_photo(pipeline, PHOTO, SegmentationRequest(photo=PHOTO))):
        session.current.regions.reroll((1,), 5)
        session.current.regions.set_offset((13,), (0.5, 0.0, 0.0))
        bring()
        assert session.current.regions == Regions()


def test_variations_of_an_edit_come_one_by_one(pipeline: FakePipeline) -> None:
    session, _ = open_photo(pipeline)
    assert session.current.opened is not None
    hat = with_hat(session.current.opened.layout)
    requests = [session.current.in_mode(request(hat, seed)) for seed in range(3)]
    assert [len(photos) for photos, _ in vary(session, pipeline, requests)] == [1, 2, 3]
    assert not pipeline.batches


def test_another_model_finds_a_session_as_new_and_the_first_one_as_it_was(
    pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session, _ = open_photo(pipeline)
    faces, canvas = session.current, controls(session, labels).canvas
    faces.regions.reroll((13,), 4)
    newest = session.newest
    assert session.switch("streets", canvas) is None and session.newest > newest
    assert session.model == "streets" and session.current == ModelState()
    newest = session.newest
    assert session.switch("faces", canvas) is canvas and session.newest > newest
    assert session.model == "faces" and session.current is faces and faces.opened is not None


def test_sessions_are_copied_apart() -> None:
    """Gradio gives every visitor a deep copy of the first value."""
    first = Session()
    second = copy.deepcopy(first)
    before = first.newest
    second.cancel_running()
    assert first.newest == before


def test_a_photos_offsets_outlive_its_layout(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    with pytest.raises(InputError, match="no photo was opened yet"):
        offset_in_photo(session.current, (1,))
    photo = np.full((256, 256, 3), 200, np.uint8)  # FakePipeline reads class 1 in it, and nothing else
    session.open_photo(pipeline, photo, SegmentationRequest(steps=1, photo=photo))
    session.close()  # another layout comes, and may take the photo's appearance
    assert offset_in_photo(session.current, (1,)) == (0.01, 0.0, 0.0)
    with pytest.raises(InputError, match="too little of this region"):
        offset_in_photo(session.current, (13,))
