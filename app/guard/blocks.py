"""The page as Gradio serves it, with the guard at the two places where visitors' requests come in: queue and call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio.utils import get_upload_folder
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from ..answers import Answer
from ..state.label_folder import NAME as SETS
from ..state.sentences import as_html
from .desk import Desk
from .gate import Gate, handle_http, handle_invalid
from .limits import MAX_FILE, MAX_SESSIONS, MAX_WAITING
from .listeners import Listeners
from .logs import guard_logs, report
from .queue import FairQueue, address_of
from .refusals import MISUNDERSTOOD, UNKNOWN, Refusal, of_error, of_values
from .sweep import keep_swept
from .visits import VISIT, Gone, Visit

SPARE_THREADS = 40  # beside those that wait at the desk


class GuardedBlocks(gr.Blocks):
    """`gr.Blocks` whose answers to what goes wrong are sentences, and whose requests take turns at a desk."""

    def __init__(self, desk: Desk, most: int = MAX_WAITING, **options: Any) -> None:
        """
        Args:
            desk: where requests wait for their turn.
            most: how many requests may be here at once.
            options: those of `gr.Blocks`.
        """
        self.desk, self.most, self.listeners = desk, most, Listeners()
        super().__init__(**options)

    def get_block_name(self) -> str:
        """The page's own component."""
        return "blocks"

    def queue(self, *args: Any, **options: Any) -> GuardedBlocks:
        """Gradio's queue, replaced by a fair one."""
        super().queue(*args, **options)
        queue = self._queue
        queue.__class__ = FairQueue
        assert isinstance(queue, FairQueue)
        queue.desk, queue.most, queue.listeners = self.desk, self.most, self.listeners
        return self

    def launch(self, *args: Any, **options: Any) -> Any:
        """Gradio's launch, behind the gate."""
        guard_logs()
        keep_swept(Path(get_upload_folder()))
        guard = {
            "app_kwargs": {
                "middleware": [
                    Middleware(Gate, listeners=self.listeners, knows=self._knows, remembers=self._remembers)
                ],  # pyright: ignore[reportArgumentType]
                "exception_handlers": {HTTPException: handle_http, RequestValidationError: handle_invalid},
            },
            "blocked_paths": [str(Path(get_upload_folder()) / SETS)],  # neither served nor taken for an upload
            "max_file_size": MAX_FILE,
            "max_threads": self.most + SPARE_THREADS,
            "state_session_capacity": MAX_SESSIONS,
            "show_error": False,  # a stack trace helps no visitor; mistakes are said in sentences
        }
        return super().launch(*args, **{**guard, **options})

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *rest: Any, **options: Any) -> list[Any]:
        """What was sent as the components' values; what does not fit them is refused."""
        try:
            return await super().preprocess_data(block_fn, inputs, *rest, **options)
        except Exception as error:  # Gradio's own `gr.Error`s speak of Python's types
            labels = [str(getattr(component, "label", None) or "") for component in block_fn.inputs]
            name = block_fn.api_name if getattr(block_fn, "api_visibility", "") == "public" else ""
            said = of_error(error) or of_error(error.__cause__ or error)  # Gradio wraps what a component raises
            raise Refused(said or of_values(name or "", labels, inputs)) from None

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """An answer as the page takes it. One that was overtaken leaves the canvas as it is (`Answer`)."""
        data = await super().postprocess_data(block_fn, predictions, state)
        if not isinstance(predictions, Answer) or not predictions.is_late():
            return data
        late = {block._id for block in predictions.scene}
        return [gr.skip() if block._id in late else value for block, value in zip(block_fn.outputs, data)]

    async def process_api(self, block_fn: Any, inputs: list[Any], *rest: Any, **options: Any) -> dict[str, Any]:
        """One call. Whatever goes wrong becomes a `gr.Error` with a sentence, of which Gradio prints nothing."""
        request = options.get("request")
        scope = getattr(getattr(request, "request", None), "scope", {})
        token = VISIT.set(self._visit(request, options.get("event_id"), scope))
        try:
            if getattr(block_fn, "fn", block_fn) is None:  # an event that is the browser's alone
                raise Refused(Refusal(MISUNDERSTOOD, 422))
            event = options.get("event_data")
            if event is not None and not isinstance(getattr(event, "_data", None), dict):
                event._data = {}
            return await super().process_api(block_fn, inputs, *rest, **options)
        except gr.Error as error:
            error.print_exception = False
            _for_its_reader(error, block_fn)
            scope["semflow.status"] = error.refusal.status if isinstance(error, Refused) else 422
            raise
        except Gone:
            raise Refused(Refusal("Nobody waited for this any more, so it was stopped.", 408)) from None
        except Exception as error:
            refusal = of_error(error)
            if refusal is None and isinstance(error, AttributeError) and isinstance(error.obj, gr.EventData):
                refusal = Refusal(MISUNDERSTOOD, 422)  # what the page says with an event was not sent
            if refusal is None:
                report(error, f"an error in {getattr(block_fn, 'api_name', None) or 'an event of the page'}")
                refusal = Refusal(UNKNOWN, 500)
            scope["semflow.status"] = refusal.status
            raise _for_its_reader(Refused(refusal), block_fn) from None
        finally:
            VISIT.reset(token)

    def _remembers(self, session: str) -> bool:
        return session in self.state_holder

    def _knows(self, event_id: str) -> bool:
        return isinstance(self._queue, FairQueue) and self._queue.knows(event_id)

    def _visit(self, request: Any, event_id: str | None, scope: Any) -> Visit:
        visit = self._queue.visit_of(event_id) if event_id and isinstance(self._queue, FairQueue) else None
        if visit is not None:
            return visit
        gone: Callable[[], bool] = scope.get("semflow.gone", lambda: False)  # a call beside the queue: the gate sets it
        return Visit(visitor=f"at {address_of(request)}", alive=lambda: not gone())


def _for_its_reader(error: gr.Error, block_fn: Any) -> gr.Error:
    """An error whose message the page shows as a notice, unless it answers a call of the API."""
    if getattr(block_fn, "api_visibility", "") != "public":
        error.message = as_html(error.message)
    return error


class Refused(gr.Error):
    """A refusal as Gradio's clients take it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence, print_exception=False)
        self.refusal = refusal
