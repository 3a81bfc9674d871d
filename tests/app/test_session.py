"""Requests in, results out: memory, cancellation, and what a session holds."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pytest

from app import session as session_module
from app.regions import Regions
from app.session import Cancelled, Painted, Session, new_seed, stages_to
from app.style import photo_style
from semflow_core.errors import InputError
from semflow_core.requests.packing import pack_labels, pack_photo
from semflow_core.requests.requests import EditRequest, SegmentationRequest, SynthesisRequest, TrajectoryRequest

from .conftest import FakePipeline

PHOTO = np.full((256, 256, 3), 200, np.uint8)


def request(labels: np.ndarray, seed: int = 0, steps: int = 4) -> SynthesisRequest:
    return SynthesisRequest(steps=steps, seed=seed, layout=pack_labels(labels))


def last(painted: Iterator[Painted]) -> Painted:
    return list(painted)[-1]


def test_a_draft_comes_first_and_the_chosen_steps_last(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    seen = [(p.steps, p.last, session.drafting) for p in session.paint(pipeline, request(labels, steps=25))]
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
    assert session.photo is photo and not session.opened and session.request == request(labels)


def test_the_classes_shown_are_those_of_the_picture_not_of_the_canvas(
    pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session = Session()
    assert session.classes_shown() is None
    list(session.paint(pipeline, SynthesisRequest(layout=pack_labels(labels), steps=1)))
    assert session.classes_shown() == set(np.unique(labels).tolist())


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
    monkeypatch.setattr(session_module, "KEPT_BYTES", 10 * (256 * 256 * 3 + 2000))
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
            session.begin()

    pipeline.before_step = interfere
    with pytest.raises(Cancelled):
        last(session.paint(pipeline, request(labels)))
    assert seen == [0, 1, 0, 1]  # the draft's two, and two of four
    assert session.drafting and session.photo is not None  # the draft stays
    pipeline.before_step = lambda i: None
    assert last(session.paint(pipeline, request(labels))).last  # and the next request is not affected


def test_a_pointer_that_goes_down_between_two_stages_stops_the_next(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    stages = session.paint(pipeline, request(labels))
    next(stages)
    session.begin()
    with pytest.raises(Cancelled):
        next(stages)
    assert len(pipeline.calls) == 1


def test_another_visitors_pointer_stops_nothing(pipeline: FakePipeline, labels: np.ndarray) -> None:
    other = Session()
    pipeline.before_step = lambda i: other.begin()
    assert last(Session().paint(pipeline, request(labels))).last


def test_reading_a_photo_makes_it_the_visitors_own(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, photo = Session(), np.full((256, 256, 3), 200, np.uint8)
    result = session.read(pipeline, photo, SegmentationRequest(steps=2, photo=pack_photo(photo)))
    assert (result.labels == 1).all()
    assert session.opened and session.photo is photo and session.editing
    session.editing = False
    last(session.paint(pipeline, session.wanted(request(labels))))
    assert not session.opened


def open_photo(pipeline: FakePipeline) -> tuple[Session, np.ndarray]:
    session, photo = Session(), np.full((512, 512, 3), 200, np.uint8)
    small = np.full((256, 256, 3), 200, np.uint8)
    session.read(pipeline, photo, SegmentationRequest(steps=2, photo=pack_photo(small)))
    return session, photo


def with_hat(labels: np.ndarray, at: int = 10) -> np.ndarray:
    layout = labels.copy()
    layout[at : at + 20, 10:40] = 14
    return layout


def test_an_edit_keeps_the_photos_size_and_what_was_not_repainted(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    assert session.own is not None
    wanted = session.wanted(request(with_hat(session.own.layout)))
    assert isinstance(wanted, EditRequest)
    edited = last(session.paint(pipeline, wanted)).photo
    assert edited.shape == photo.shape and session.opened
    assert (edited[20:60, 20:80] != 200).any() and (edited[100:] == 200).all()


def test_edits_chain_and_are_dropped_together(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    own = session.own
    assert own is not None
    first = with_hat(own.layout)
    edited = last(session.paint(pipeline, session.wanted(request(first)))).photo
    own.accept(edited, first)
    both = last(session.paint(pipeline, session.wanted(request(with_hat(first, 100))))).photo
    assert np.array_equal(both[:200], edited[:200]) and not np.array_equal(both, edited)
    own.reset()
    assert session.show_base() is photo and np.array_equal(own.before, own.layout)


def test_a_corrected_layout_changes_nothing_in_the_photo(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    own = session.own
    assert own is not None
    corrected = with_hat(own.layout)
    last(session.paint(pipeline, session.wanted(request(corrected))))  # live: the misreading was painted over
    calls = len(pipeline.calls)
    assert session.correct(corrected) is photo and session.photo is photo and session.request is None
    assert len(pipeline.calls) == calls and own.shows(corrected)
    edited = last(session.paint(pipeline, session.wanted(request(with_hat(corrected, 100))))).photo
    assert (edited[20:60] == 200).all() and (edited[200:240, 20:80] != 200).any()


def test_a_correction_keeps_accepted_edits_and_outlives_them(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    own = session.own
    assert own is not None
    read, edit = own.layout, with_hat(own.layout)
    edited = last(session.paint(pipeline, session.wanted(request(edit)))).photo
    own.accept(edited, edit)
    assert session.correct(with_hat(edit, 100)) is edited
    own.reset()
    assert session.show_base() is photo and np.array_equal(own.before, with_hat(read, 100))


def test_an_undone_correction_paints_nothing_either(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    own = session.own
    assert own is not None
    read, corrected = own.layout, with_hat(own.layout)
    session.correct(corrected)
    for layout in (read, corrected, read):  # undo, redo, undo
        assert own.shows(layout) and np.array_equal(own.before, layout) and np.array_equal(own.layout, layout)
        assert own.base is photo
    assert not own.shows(with_hat(read, 100))


def test_styles_are_read_again_by_the_corrected_layout(pipeline: FakePipeline) -> None:
    session, photo = open_photo(pipeline)
    assert session.own is not None and 14 not in session.styles
    session.correct(with_hat(session.own.layout))
    small = np.ascontiguousarray(photo[::2, ::2])
    session.read_styles(pipeline, SegmentationRequest(steps=2, photo=pack_photo(small)))
    assert 14 in session.styles


def test_a_layout_that_lands_leaves_no_photo_to_edit(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session, _ = open_photo(pipeline)
    session.close()
    assert not session.opened and session.wanted(request(labels)) == request(labels)


def test_what_is_opened_has_no_looks_of_an_earlier_layout(pipeline: FakePipeline) -> None:
    session, _ = open_photo(pipeline)
    for come in (session.close, lambda: session.read(pipeline, PHOTO, SegmentationRequest(photo=pack_photo(PHOTO)))):
        session.regions.reroll((1,), 5)
        session.regions.style((13,), (0.5, 0.0, 0.0), 6)
        come()
        assert session.regions == Regions()


def test_variations_are_one_batch_and_picking_one_computes_nothing(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    requests = [request(labels, seed, steps=8) for seed in range(4)]
    stages = list(session.vary(pipeline, requests))
    assert [steps for _, steps in stages] == [2, 8] and pipeline.batches == [4, 4]
    calls = len(pipeline.calls)
    (picked,) = session.paint(pipeline, session.strip[2])
    assert np.array_equal(picked.photo, stages[-1][0][2]) and len(pipeline.calls) == calls


def test_variations_of_an_edit_come_one_by_one(pipeline: FakePipeline) -> None:
    session, _ = open_photo(pipeline)
    assert session.own is not None
    hat = with_hat(session.own.layout)
    requests = [session.wanted(request(hat, seed)) for seed in range(3)]
    assert [len(photos) for photos, _ in session.vary(pipeline, requests)] == [1, 2, 3]
    assert not pipeline.batches


def test_another_model_finds_a_session_as_new_and_the_first_one_as_it_was(
    pipeline: FakePipeline, labels: np.ndarray
) -> None:
    session, photo = open_photo(pipeline)
    session.model = "faces"
    session.regions.reroll((13,), 4)
    own, appearance, held = session.own, session.regions, (labels, 4, 7, "euler", "quadratic", 40.0)
    newest = session.newest
    assert session.switch("streets", held) is None and session.newest > newest
    assert session.own is None and session.photo is None and session.regions == Regions() and not session.styles
    newest = session.newest
    assert session.switch("faces", held) is held and session.newest > newest
    assert session.own is own and session.photo is photo and session.regions is appearance and session.styles
    assert session.model == "faces"


def test_a_walk_reports_every_step(pipeline: FakePipeline, labels: np.ndarray) -> None:
    done: list[tuple[int, int]] = []
    walk = TrajectoryRequest(steps=3, frames=5, layout=pack_labels(labels))
    result = Session().walk(pipeline, walk, lambda i, n: done.append((i, n)))
    assert len(result.frames) == 5
    assert done[:3] == [(1, 3), (2, 3), (3, 3)]


def test_sessions_are_copied_apart() -> None:
    """Gradio gives every visitor a deep copy of the first value."""
    first = Session()
    second = copy.deepcopy(first)
    before = first.newest
    second.begin()
    assert first.newest == before


def test_drawn_seeds_are_short() -> None:
    assert all(0 <= new_seed() < 100_000 for _ in range(100))


def test_a_photos_styles_outlive_its_layout(pipeline: FakePipeline, labels: np.ndarray) -> None:
    session = Session()
    with pytest.raises(InputError, match="no photo was opened yet"):
        photo_style(session, (1,))
    photo = np.full((256, 256, 3), 200, np.uint8)  # FakePipeline reads class 1 in it, and nothing else
    session.read(pipeline, photo, SegmentationRequest(steps=1, photo=pack_photo(photo)))
    session.close()  # another layout comes, and may take the photo's appearance
    assert photo_style(session, (1,)) == (0.01, 0.0, 0.0)
    with pytest.raises(InputError, match="too little of this region"):
        photo_style(session, (13,))
