"""The gate: every HTTP request passes it before Gradio parses anything, and every answer on its way out.

Bodies are bounded in bytes and in time; addresses that no studio needs are closed; whatever fails is answered in a
sentence, without a trace. The gate also notes when a client leaves.
"""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from gradio.exceptions import Error as GradioError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from .answer import Answer, Message, Receive, Send
from .body import LEFT, Bounded, Refuse, replay, too_large, watch_leaving
from .limits import BODY_RATE, BODY_SECONDS, MAX_JSON, MAX_LOGIN, MAX_UPLOAD
from .listeners import Listeners
from .logins import Logins
from .logs import cut, report
from .refusals import STATUS, UNKNOWN, Refusal, of_error, of_status

API = "/gradio_api"
# what Gradio offers to other apps: proxies, custom components, recordings, editors, dashboards
CLOSED = re.compile(
    r"^(/gradio_api)?/(proxy=|component_server|process_recording|vibe-|undo-vibe-edit|dev/|profiling|stream/"
    r"|custom_component/|deep_link|runs|run-history|monitoring)"
)
CALLS = re.compile(r"^/gradio_api/(run|api)/")
RESULTS = re.compile(r"^/gradio_api/call/(?:v2/)?[^/]+/([^/]+)$")
NO_EVENT = "There is no such call, or its result was fetched already; start it again with a POST to /gradio_api/call/."
VISIT_HEADER = b"x-semflow-visit"  # a page says that its session was here already (web/reach.js)
FORGOTTEN = (
    "The studio was started anew, or has forgotten this visit; the page loads again, and brings back what it kept."
)


class Gate:
    """ASGI middleware.

    Args:
        app: what comes behind it.
        listeners: counts open streams.
        knows: of a name, whether there is, or was lately, such an event.
        remembers: whether the state of a session is still here.
    """

    def __init__(
        self,
        app: Any,
        listeners: Listeners,
        knows: Callable[[str], bool],
        remembers: Callable[[str], bool] = lambda session: True,
    ) -> None:
        self.app, self.listeners, self.knows, self.remembers = app, listeners, knows, remembers
        self.logins = Logins()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "websocket":  # the studio has none
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        answer = Answer(scope, send)
        try:
            if CLOSED.match(path):
                raise Refuse(Refusal(STATUS[404], 404))
            if scope["method"] in ("GET", "HEAD", "OPTIONS"):
                await self._serve_get(path, scope, receive, answer)
            else:
                await self._serve_body(path, scope, receive, answer)
        except Refuse as refuse:
            await answer.refuse(refuse.refusal)
        except ClientDisconnect:  # nobody is there to be answered
            await answer.refuse(Refusal(LEFT, 400))
        except Exception as error:
            if answer.started:
                await answer.end()  # of a stream: what went wrong was its last message
                return
            await answer.refuse(_refusal(error, path))

    async def _serve_get(self, path: str, scope: Message, receive: Receive, answer: Answer) -> None:
        name = _listens_to(path, scope)
        if not name:
            await self.app(scope, receive, answer)
            return
        if RESULTS.match(path) and not self.knows(name):
            raise Refuse(Refusal(NO_EVENT, 404))
        with self.listeners.listening(name):
            await self.app(scope, receive, answer)

    async def _serve_body(self, path: str, scope: Message, receive: Receive, answer: Answer) -> None:
        """A body that is no upload is here in full before anything is done with it."""
        visit = dict(scope["headers"]).get(VISIT_HEADER, b"").decode("latin-1")
        if visit and not self.remembers(visit):  # with another state than the page's it would paint something else
            raise Refuse(Refusal(FORGOTTEN, 410))
        most = MAX_UPLOAD if path.startswith(f"{API}/upload") else MAX_LOGIN if path.startswith("/login") else MAX_JSON
        length = dict(scope["headers"]).get(b"content-length", b"")
        if length.isdigit() and int(length) > most:
            raise Refuse(too_large(most))
        bounded = Bounded(receive, most, BODY_SECONDS + (int(length) if length.isdigit() else most) / BODY_RATE)
        if most == MAX_UPLOAD:
            await self.app(scope, bounded.receive, answer)
            return
        body = await bounded.read()
        if most == MAX_LOGIN:
            await self._log_in(body, scope, receive, answer)
            return
        if not CALLS.match(path):
            await self.app(scope, replay(body, receive), answer)
            return
        gone = asyncio.Event()
        scope["semflow.gone"] = gone.is_set
        watch = asyncio.create_task(watch_leaving(receive, gone))
        try:
            await self.app(scope, replay(body, gone.wait), answer)
        finally:
            watch.cancel()

    async def _log_in(self, body: bytes, scope: Message, receive: Receive, answer: Answer) -> None:
        """A try to log in, unless its address has guessed too often."""
        address = (scope.get("client") or ("",))[0]
        if seconds := self.logins.wait(address):
            raise Refuse(Refusal(f"Too many wrong passwords came from here; try again in {seconds} s.", 429, seconds))
        await self.app(scope, replay(body, receive), answer)
        if answer.status in (200, 400, 401):
            self.logins.count(address, answer.status == 200)


def handle_http(request: Any, error: Exception) -> Any:
    """FastAPI's handler of HTTP errors: a sentence, with `detail` as Gradio's page expects it."""
    from fastapi.responses import JSONResponse

    assert isinstance(error, HTTPException)
    refusal = of_status(error.status_code, error.detail)
    detail = error.detail if isinstance(error.detail, (dict, list)) else refusal.sentence
    return JSONResponse({"error": refusal.sentence, "detail": detail}, error.status_code, error.headers)


def handle_invalid(request: Any, error: Exception) -> Any:
    """FastAPI's handler of bodies that do not validate: it would repeat all that was sent."""
    from fastapi.responses import JSONResponse

    places = [".".join(map(str, e.get("loc", ()))) for e in getattr(error, "errors", list)()[:3]]
    text = STATUS[422].rstrip(".") + (f" ({cut(', '.join(places), 100)})." if places else ".")
    return JSONResponse(Refusal(text, 422).json, 422)


def _refusal(error: Exception, path: str) -> Refusal:
    """The answer to an error in Gradio's own code: a body or an address that it did not expect, or a real one."""
    refusal = of_error(error)
    if refusal is not None:
        return refusal
    if isinstance(error, HTTPException):
        return of_status(error.status_code, error.detail)
    if isinstance(error, GradioError):
        return Refusal(cut(error.message), 422)
    if type(error).__name__ == "FnIndexInferError":
        return Refusal(STATUS[404], 404)
    if isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR):
        return Refusal(STATUS[404], 404)  # an address that was taken for a file's name
    if isinstance(error, (LookupError, TypeError, ValueError, AttributeError, AssertionError, RecursionError)):
        return of_status(400)
    report(error, f"an error at {cut(path)}")
    return Refusal(UNKNOWN, 500)


def _listens_to(path: str, scope: Message) -> str:
    """What a stream listens to: a session, or an event; "" where it is none."""
    if path == f"{API}/queue/data":
        return parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
    result = RESULTS.match(path)
    return result.group(1) if result else ""
