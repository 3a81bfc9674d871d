"""Layout -> photo: drafts on the way to the chosen number of steps, and variations."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from semflow_core.pipeline.progress import Progress
from semflow_core.requests import EditRequest, SynthesisRequest

from .memory import memory_of
from .pipeline import Pipeline
from .session import Cancelled, Session

DRAFT_STEPS = (2, 8, 32)  # what is shown on the way to the chosen number of steps
TOGETHER = 4  # variations of a batch


@dataclass(frozen=True)
class Painted:
    """One picture on the way to the chosen number of steps."""

    photo: np.ndarray  # (H, W, 3) uint8
    steps: int
    last: bool  # whether these are the steps that were asked for
    recalled: bool  # whether it came from memory


def paint(
    session: Session,
    pipeline: Pipeline,
    request: SynthesisRequest,
    draft: bool = False,
    progress: Progress | None = None,
) -> Iterator[Painted]:
    """Layout -> photo, or an edit of a photo: a draft at once, then better ones up to `request.steps`.

    What was painted before comes from memory. Each picture is the one shown from then on.

    Args:
        draft: stop at the first draft.
        progress: called with the steps done and those of all pictures on the way.

    Raises:
        Cancelled: a newer request came.
        InputError: the request does not fit the model.
    """
    memory, state = memory_of(pipeline), session.current
    stages = stages_to(request.steps)
    if memory.get(request) is not None:
        stages = stages[-1:]
    if draft:
        stages = stages[:1]
    before, work = 0, sum(stages)
    check = session.start(None if progress is None else lambda done, _: progress(before + done, work))
    if session.current is not state:  # another picture has come in the meantime, and `check` counts from there
        raise Cancelled
    for steps in stages:
        check(0, steps)  # the pointer may have gone down while the last stage travelled
        stage = replace(request, steps=steps)
        photo = memory.get(stage)
        recalled = photo is not None
        if photo is None:
            started = time.perf_counter()
            if isinstance(stage, EditRequest):
                photo = pipeline.edit(stage, check).photo
            else:
                photo = pipeline.synthesize(stage, check).photo
            memory.put(stage, photo)
            state.pace.note(time.perf_counter() - started, steps)
        check(steps, steps)  # decoding takes time, too
        before += steps
        state.show(photo, stage, drafting=steps != request.steps)
        session.walked = None  # the page drops its path with the picture, even where that is the same one again
        yield Painted(photo, steps, steps == request.steps, recalled)


def vary(
    session: Session, pipeline: Pipeline, requests: Sequence[SynthesisRequest], progress: Progress | None = None
) -> Iterator[tuple[list[np.ndarray], int]]:
    """Variations in batches -> (photos, steps), drafts first; picking one later needs no solve.

    The first drafts come a batch at a time, what is better than a draft comes for all of them at once. Edits come one
    by one, for each starts from a photo.

    Args:
        progress: called with the steps done and those of all pictures on the way.

    Raises:
        Cancelled, InputError: as in `paint`.
    """
    memory, state = memory_of(pipeline), session.current
    state.variations = list(requests)
    edits = [r for r in requests if isinstance(r, EditRequest)]
    stages = [requests[0].steps] if edits else stages_to(requests[0].steps)
    before, work = 0, len(requests) * sum(stages)
    check = session.start(None if progress is None else lambda done, _: progress(before + done, work))
    photos: list[np.ndarray] = []
    for edit in edits:
        photos.append(pipeline.edit(edit, check).photo)
        memory.put(edit, photos[-1])
        check(edit.steps, edit.steps)
        before += edit.steps
        yield list(photos), edit.steps
    for steps in [] if edits else stages:
        drafts, photos = photos, []
        for at in range(0, len(requests), TOGETHER):
            batch = [replace(r, steps=steps) for r in requests[at : at + TOGETHER]]
            share = steps * len(batch)
            results = pipeline.synthesize_many(batch, lambda done, total, n=share: check(n * done // total, n))
            photos += [result.photo for result in results]
            for request, photo in zip(batch, photos[at:]):
                memory.put(request, photo)
            check(share, share)
            before += share
            if not drafts or len(photos) == len(requests):
                yield list(photos), steps


def stages_to(steps: int) -> list[int]:
    """Numbers of steps that lead to `steps`: each stage at least doubles the last, or it would show nothing new."""
    return [n for n in DRAFT_STEPS if 2 * n <= steps] + [steps]
