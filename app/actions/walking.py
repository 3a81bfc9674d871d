"""The path from photo to layout, and from one seed or state to another."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from semflow_core.errors import InputError
from semflow_core.pipeline.progress import Progress
from semflow_core.requests import MorphRequest, Request, SynthesisRequest, TrajectoryRequest

from ..controls import Controls, View
from ..state.film import Film, film_of_morph, film_of_path, with_both_timelines
from ..state.paths import morph, trace, trace_ahead, trace_beside
from ..state.sentences import count_steps
from ..state.session import Cancelled
from .models import Models

NO_PATH = "has no path"
AHEAD = 13  # moments of a path that nobody has asked for yet


class Walking:
    """Walks paths."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def walk_ahead(self, controls: Controls) -> View:
        """The path of the photo shown, before anybody asks -> player. Fewer moments: the player fades between them.

        Raises:
            InputError, Cancelled: as in `Painting.paint`.
        """
        if controls.session.labelling is not None:
            raise Cancelled
        request = self._short_path(controls)
        result = trace_ahead(controls.session, self.models.pipeline(controls.model), request)
        return View(film=film_of_path(request, result))

    def walk_beside(self, controls: Controls, progress: Progress | None = None) -> Film:
        """The path of the photo shown, for a file: what the player shows stays.

        Raises:
            InputError, Cancelled: as in `Painting.paint`; or a set is being labelled.
        """
        controls.refuse_set(NO_PATH)
        request = self._short_path(controls)
        result = trace_beside(controls.session, self.models.pipeline(controls.model), request, progress)
        return film_of_path(request, result)

    def walk(self, controls: Controls, progress: Progress | None = None) -> View:
        """From the opened photo, or else from the canvas -> player, status.

        Raises:
            InputError, Cancelled: as in `Painting.paint`; or a set is being labelled.
        """
        controls.refuse_set(NO_PATH)
        request, start = self._path(controls)
        result = trace(controls.session, self.models.pipeline(controls.model), request, progress)
        how = f"{controls.frames} moments, {count_steps(controls.steps)} of {controls.solver}"
        return View(film=film_of_path(request, result), status=f"The path from your {start}: {how}.")

    def _short_path(self, controls: Controls) -> TrajectoryRequest:
        return self._path(replace(controls, frames=min(AHEAD, controls.frames)))[0]

    @staticmethod
    def _path(controls: Controls) -> tuple[TrajectoryRequest, str]:
        """The path of what is shown, and what it starts from."""
        state = controls.state
        if state.shows_opened and state.photo is not None:
            start = "photo"
            request = TrajectoryRequest(
                model=controls.model,
                steps=controls.steps,
                solver=controls.solver,
                photo=state.photo,
                frames=controls.frames,
            )
        else:
            start = "layout"
            request = TrajectoryRequest(**_values(controls.request()), frames=controls.frames)
        return with_both_timelines(request), start

    def walk_to_seed(self, controls: Controls, other_seed: int, progress: Progress | None = None) -> View:
        """The same layout under another seed -> player, status. Locked regions are the same at both ends.

        Raises:
            InputError, Cancelled: as in `walk`; or the seeds are the same.
        """
        controls.refuse_set(NO_PATH)
        start = controls.request()
        request = _morph(start, replace(start, seed=other_seed), controls.frames)
        if request.seed == request.other_seed:
            raise InputError(f"both seeds are {request.seed}; choose another one to go to")
        film = self._walk_morph(controls, request, progress)
        status = f"From seed {request.seed} to seed {request.other_seed}: {controls.frames} photos."
        return View(film=film, status=status)

    def walk_from_state(self, earlier: SynthesisRequest, controls: Controls, progress: Progress | None = None) -> View:
        """From an earlier state to the canvas as it is -> player, status. The settings but the seed are today's.

        Raises:
            InputError, Cancelled: as in `walk`; or the earlier state is another model's.
        """
        controls.refuse_set(NO_PATH)
        if earlier.model != controls.model:
            raise InputError(
                f"that state was painted with the model '{earlier.model}', this one with '{controls.model}'; "
                "choose that model first"
            )
        end = controls.request()
        start = replace(
            end,
            layout=earlier.layout,
            seed=earlier.seed,
            class_seeds=earlier.class_seeds,
            offsets=earlier.offsets,
        )
        film = self._walk_morph(controls, _morph(start, end, controls.frames), progress)
        return View(film=film, status=f"From that state to this one: {controls.frames} photos.")

    def predict(self, controls: Controls, text: str, progress: Progress | None = None) -> View:
        """A path again, with the ends that each of its moments heads for -> player, status. `text` is its request.

        Raises:
            InputError: the text is no request of a path.
        """
        request = replace(TrajectoryRequest.from_json(text), predict=True)
        result = trace(controls.session, self.models.pipeline(request.model), request, progress)
        status = "Photo: z − t v. Layout: z + (1 − t) v. Straight ahead of each moment."
        return View(film=film_of_path(request, result), status=status)

    def film_again(self, text: str, progress: Progress | None = None) -> Film:
        """The film of a request's JSON: nothing is kept on the server, and the same request gives the same pictures.

        Raises:
            InputError: the text is no request of a path.
        """
        request = Request.from_json(text)
        pipeline = self.models.pipeline(request.model)
        if isinstance(request, MorphRequest):
            return film_of_morph(request, pipeline.morph(request, progress))
        if isinstance(request, TrajectoryRequest):
            return film_of_path(request, pipeline.trajectory(request, progress))
        raise InputError(f"a {type(request).__name__} has no path to show; show the path again")

    def _walk_morph(self, controls: Controls, request: MorphRequest, progress: Progress | None) -> Film:
        result = morph(controls.session, self.models.pipeline(controls.model), request, progress)
        return film_of_morph(request, result)


def _values(request: SynthesisRequest) -> dict[str, Any]:
    return {f.name: getattr(request, f.name) for f in fields(request)}


def _morph(start: SynthesisRequest, end: SynthesisRequest, frames: int) -> MorphRequest:
    return MorphRequest(
        **_values(start),
        frames=frames,
        other_layout=end.layout,
        other_seed=end.seed,
        other_class_seeds=end.class_seeds,
        other_offsets=end.offsets,
    )
