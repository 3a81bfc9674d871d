"""Requests in, results out: memory, cancellation, and what a session holds."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pytest

from app.state import memory
from app.state.model_state import ModelState
from app.state.regions import Regions
from app.state.session import Cancelled, Painted, Session, draw_seed, stages_to
from app.tabs.appearance import offset_in_photo
from semflow_core.errors import InputError
from semflow_core.pipeline.progress import Progress
from semflow_core.pipeline.results import Trajectory
from semflow_core.requests import (
    EditRequest,
    MorphRequest,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)

from ..conftest import FakePipeline, controls

PHOTO = np.full((256, 256, 3), 200, np.uint8)


def request(labels: np.ndarray, seed: int = 0, steps: int = 4) -> SynthesisRequest:
    return SynthesisRequest(steps=steps, seed=seed, layout=labels)


def last(painted: Iterator[Painted]) -> Painted:
    return list(painted)[-1]


def test_a_draft_comes_first_and_the_chosen_steps_last(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    seen = [(p.steps, p.last, session.current.drafting) for p in session.paint(pipeline, request(labels, steps=25))]
    assert seen == [(2, False, True), (8, False, True), (25, True, False)]
    assert {c.seed for c in pipeline.calls} == {0}  # the seed holds still


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 8, 16, 50, 1000])
def test_every_stage_at_least_doubles_the_last(steps: int) -> None:
    stages = stages_to(steps)
    assert stages[-1] == steps and stages[0] <= 3 and all(2 * a <= b for a, b in zip(stages, stages[1:]))


def test_a_draft_alone_is_one_stage(pipeline: FakePipeline, labels: np.ndarray) -> None:
    (only,) = Session().paint(pipeline, request(labels, steps=8), draft=True)
    assert only.steps == 2 and not only.last


def test_paint_returns_and_keeps_the_photo(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    photo = last(session.paint(pipeline, request(labels))).photo
    assert photo.shape == (256, 256, 3)
    state = session.current
    assert state.photo is photo and not state.shows_opened and state.request == request(labels)


def test_the_classes_shown_are_those_of_the_picture_not_of_the_canvas(
    pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session = Session()
    assert session.current.classes_shown() is None
    list(session.paint(pipeline, SynthesisRequest(layout=labels, steps=1)))
    assert session.current.classes_shown() == set(np.unique(labels).tolist())


def test_the_same_request_is_computed_once_for_everyone(pipeline: FakePipeline, labels: np.ndarray) -> None:
    first = last(Session().paint(pipeline, request(labels)))
    (again,) = Session().paint(pipeline, request(labels))  # what is known needs no draft
    other = last(Session().paint(pipeline, request(labels, seed=1)))
    assert np.array_equal(first.photo, again.photo) and not np.array_equal(first.photo, other.photo)
    assert again.recalled and not first.recalled
    assert [c.steps for c in pipeline.calls] == [2, 4, 2, 4]


def test_the_memory_is_bounded_and_forgets_the_oldest(
    pipeline: FakePipeline, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MAX_BYTES", 10 * 256 * 256 * 4)
    session = Session()
    for seed in range(11):
        last(session.paint(pipeline, request(labels, seed, steps=1)))
    last(session.paint(pipeline, request(labels, 10, steps=1)))
    assert len(pipeline.calls) == 11
    last(session.paint(pipeline, request(labels, 0, steps=1)))
    assert len(pipeline.calls) == 12


def test_a_pointer_that_goes_down_stops_the_solve_at_its_next_step(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, seen = Session(), []

    def interfere(i: int) -> None:
        seen.append(i)
        if len(seen) == 4:
            session.cancel_running()

    pipeline.before_step = interfere
    with pytest.raises(Cancelled):
        last(session.paint(pipeline, request(labels)))
    assert seen == [0, 1, 0, 1]  # the draft's two, and two of four
    assert session.current.drafting and session.current.photo is not None  # the draft stays
    pipeline.before_step = lambda i: None
    assert last(session.paint(pipeline, request(labels))).last  # and the next request is not affected


def test_a_pointer_that_goes_down_between_two_stages_stops_the_next(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    stages = session.paint(pipeline, request(labels))
    next(stages)
    session.cancel_running()
    with pytest.raises(Cancelled):
        next(stages)
    assert len(pipeline.calls) == 1


def test_another_visitors_pointer_stops_nothing(pipeline: FakePipeline, labels: np.ndarray) -> None:
    other = Session()
    pipeline.before_step = lambda i: other.cancel_running()
    assert last(Session().paint(pipeline, request(labels))).last


def test_reading_a_photo_makes_it_the_visitors_own(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, photo = Session("faces"), np.full((256, 256, 3), 200, np.uint8)
    result = session.open_photo(pipeline, photo, SegmentationRequest(steps=2, photo=photo))
    assert (result.labels == 1).all()
    assert session.current.shows_opened and session.current.photo is photo and session.current.editing
    session.current.editing = False
    last(session.paint(pipeline, session.current.in_mode(request(labels))))
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
    edited = last(session.paint(pipeline, wanted)).photo
    assert edited.shape == photo.shape and session.current.shows_opened
    assert (edited[20:60, 20:80] != 200).any() and (edited[100:] == 200).all()


def test_edits_chain_and_are_dropped_together(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    opened = session.current.opened
    assert opened is not None
    first = with_hat(opened.layout)
    edited = last(session.paint(pipeline, session.current.in_mode(request(first)))).photo
    opened.accept(edited, first)
    both = last(session.paint(pipeline, session.current.in_mode(request(with_hat(first, 100))))).photo
    assert np.array_equal(both[:200], edited[:200]) and not np.array_equal(both, edited)
    opened.reset()
    assert session.show_base() is photo and np.array_equal(opened.before, opened.layout)


def test_a_corrected_layout_changes_nothing_in_the_photo(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    opened = session.current.opened
    assert opened is not None
    corrected = with_hat(opened.layout)
    last(session.paint(pipeline, session.current.in_mode(request(corrected))))  # live: the misreading was painted over
    calls = len(pipeline.calls)
    assert session.correct(corrected) is photo and session.current.photo is photo and session.current.request is None
    assert len(pipeline.calls) == calls and opened.shows(corrected)
    edited = last(session.paint(pipeline, session.current.in_mode(request(with_hat(corrected, 100))))).photo
    assert (edited[20:60] == 200).all() and (edited[200:240, 20:80] != 200).any()


def test_a_correction_keeps_accepted_edits_and_outlives_them(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    opened = session.current.opened
    assert opened is not None
    read, edit = opened.layout, with_hat(opened.layout)
    edited = last(session.paint(pipeline, session.current.in_mode(request(edit)))).photo
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


def test_variations_are_one_batch_and_picking_one_computes_nothing(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    requests = [request(labels, seed, steps=8) for seed in range(4)]
    stages = list(session.vary(pipeline, requests))
    assert [steps for _, steps in stages] == [2, 8] and pipeline.batches == [4, 4]
    calls = len(pipeline.calls)
    (picked,) = session.paint(pipeline, session.current.variations[2])
    assert np.array_equal(picked.photo, stages[-1][0][2]) and len(pipeline.calls) == calls


def test_variations_of_an_edit_come_one_by_one(pipeline: FakePipeline) -> None:
    session, _ = open_photo(pipeline)
    assert session.current.opened is not None
    hat = with_hat(session.current.opened.layout)
    requests = [session.current.in_mode(request(hat, seed)) for seed in range(3)]
    assert [len(photos) for photos, _ in session.vary(pipeline, requests)] == [1, 2, 3]
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


def test_a_walk_reports_every_step(pipeline: FakePipeline, labels: np.ndarray) -> None:
    done: list[tuple[int, int]] = []
    walk = TrajectoryRequest(steps=3, frames=5, layout=labels)
    result = Session().trace(pipeline, walk, lambda i, n: done.append((i, n)))
    assert len(result.frames) == 5
    assert done[:3] == [(1, 3), (2, 3), (3, 3)]


def test_a_walk_ahead_stops_nothing_and_gives_way(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, walk = Session(), TrajectoryRequest(steps=3, frames=5, layout=labels)
    painting = session.paint(pipeline, request(labels, steps=8))
    next(painting)  # its draft; the page asks for the path that it has no photo for yet
    assert len(session.trace_ahead(pipeline, walk).frames) == 5
    assert last(painting).last
    plain = pipeline.trajectory

    def interrupted(request: TrajectoryRequest, progress: Progress) -> Trajectory:
        session.cancel_running()
        return plain(request, progress)

    pipeline.trajectory = interrupted  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        session.trace_ahead(pipeline, walk)


def test_a_walk_ahead_does_not_replace_the_way_that_was_asked_for(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, walk = Session(), TrajectoryRequest(steps=3, frames=5, layout=labels)
    last(session.paint(pipeline, request(labels)))
    session.morph(pipeline, MorphRequest(steps=3, frames=5, layout=labels, other_layout=labels, other_seed=7))
    with pytest.raises(Cancelled):
        session.trace_ahead(pipeline, walk)
    last(session.paint(pipeline, request(labels, seed=1)))  # another photo, which has no path yet
    assert len(session.trace_ahead(pipeline, walk).frames) == 5


def test_sessions_are_copied_apart() -> None:
    """Gradio gives every visitor a deep copy of the first value."""
    first = Session()
    second = copy.deepcopy(first)
    before = first.newest
    second.cancel_running()
    assert first.newest == before


def test_drawn_seeds_are_short() -> None:
    assert all(0 <= draw_seed() < 100_000 for _ in range(100))


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


def test_progress_counts_the_steps_of_drafts_too(labels: np.ndarray, pipeline: FakePipeline) -> None:
    done: list[tuple[int, int]] = []
    request = SynthesisRequest(layout=labels, steps=8, seed=3)
    list(Session("faces").paint(pipeline, request, progress=lambda *at: done.append(at)))
    assert {total for _, total in done} == {10} and done[-1] == (10, 10)  # 2 of the draft, 8 of the picture
    assert [d for d, _ in done] == sorted(d for d, _ in done)
