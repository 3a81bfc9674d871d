"""The gate in front of a small app: bodies, addresses, errors, and clients that leave."""

from __future__ import annotations

import asyncio
import errno
import io
import json
from collections.abc import Callable
from tempfile import gettempdir
from typing import Any

import pytest

from app.guard import answer, gate, logs
from app.guard.gate import Gate
from app.guard.limits import LOGIN_SECONDS, MAX_SESSIONS, MAX_WRONG_LOGINS
from app.guard.listeners import Listeners
from app.guard.logins import Logins
from app.guard.refusals import of_status
from semflow_core.errors import InputError, WriteError

from ..conftest import run


class Client:
    """Speaks ASGI with a gate. `reads` makes the app behind it read the body; `fails` is what it raises."""

    def __init__(
        self, reads: bool = True, fails: Exception | None = None, status: int = 200, says: bytes = b"{}"
    ) -> None:
        self.reads, self.fails, self.status, self.says = reads, fails, status, says
        self.headers = [(b"content-type", b"application/json" if says[:1] == b"{" else b"text/plain; charset=utf-8")]
        self.body: bytes | None = None
        self.scope: dict[str, Any] = {}
        self.listeners = Listeners()
        self.gate = Gate(self.app, self.listeners, lambda name: name == "known")

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, body = scope, b""
        while self.reads:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.body = body
        if self.fails:
            raise self.fails
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.says})

    def ask(
        self, path: str, parts: list[bytes] | None = None, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> tuple[int, Any, dict[str, str]]:
        """(status, JSON, headers) of an answer; the client sends the parts and then nothing."""
        pending, sent = list(parts if parts is not None else [b"{}"]), []

        async def receive() -> dict[str, Any]:
            if not pending:
                await asyncio.sleep(30)
            part = pending.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(pending)}

        async def send(message: Any) -> None:
            sent.append(message)

        raw = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b""}
        run(self.gate(scope, receive, send))
        body = b"".join(m.get("body", b"") for m in sent)
        return sent[0]["status"], json.loads(body), {k.decode(): v.decode() for k, v in sent[0]["headers"]}


JOIN = "/gradio_api/queue/join"


def test_a_page_whose_session_is_gone_is_told_and_nothing_is_done_with_another() -> None:
    client = Client()
    client.gate.remembers = lambda session: session == "here"
    assert client.ask(JOIN, headers={"x-semflow-visit": "here"})[0] == 200
    client.body = None
    status, answer, _ = client.ask(JOIN, headers={"x-semflow-visit": "gone"})
    assert status == 410 and "loads again" in answer["error"] and client.body is None
    assert client.ask(JOIN)[0] == 200  # scripts name no session


def test_a_body_arrives_whole_and_every_answer_is_labelled() -> None:
    client = Client()
    status, _, headers = client.ask(JOIN, [b"ab", b"cd"])
    assert (status, client.body, headers["x-content-type-options"]) == (200, b"abcd", "nosniff")


@pytest.mark.parametrize("path", [JOIN, "/gradio_api/call/synthesize", "/gradio_api/upload", "/login", "/anything"])
def test_too_large_a_body_is_refused_before_it_is_read(path: str) -> None:
    client = Client()
    status, answer, headers = client.ask(path, [b"x"], {"content-length": str(10**9)})
    assert status == 413 and "the most that this address takes is" in answer["error"]
    assert client.body is None and headers["connection"] == "close"


def test_a_body_that_does_not_say_how_long_it_is_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_JSON", 1000)
    client = Client()
    assert client.ask(JOIN, [b"x" * 400] * 3)[0] == 413 and client.body is None
    monkeypatch.setattr(gate, "MAX_UPLOAD", 1000)
    assert client.ask("/gradio_api/upload", [b"x" * 400] * 3)[0] == 413


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(gate, "BODY_RATE", 10**12)

    async def never() -> dict[str, Any]:
        await asyncio.sleep(30)
        return {}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": JOIN, "headers": [], "query_string": b""}
    run(Client().gate(scope, never, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/proxy=http://a/", "/gradio_api/component_server", "/monitoring/x", "/gradio_api/vibe-edit/", "/runs"],
)
def test_what_no_studio_needs_is_closed(path: str) -> None:
    client = Client()
    for method in ("GET", "POST"):
        assert client.ask(path, method=method)[0] == 404
    assert client.body is None


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (KeyError("/srv/secret"), 400, "/gradio_api/info"),
        (InputError("the layout is empty"), 422, "The layout is empty."),
        (OSError(errno.ENOSPC, "no space"), 507, "disk is full"),
        (WriteError("/srv/secret cannot be written", OSError(errno.EDQUOT, "quota")), 507, "disk is full"),
        (WriteError("/srv/secret cannot be written", OSError(errno.EIO, "secret")), 507, "cannot write"),
        (PermissionError(errno.EACCES, "secret", f"{gettempdir()}/secret"), 507, "cannot write"),
        (OSError(errno.EROFS, "secret"), 507, "cannot write"),
        (MemoryError(), 503, "too little memory"),
        (ZeroDivisionError("/srv/secret"), 500, "an error of its own"),
    ],
)
def test_an_error_is_a_sentence_with_a_status(error: Exception, status: int, words: str) -> None:
    answer = Client(fails=error).ask(JOIN)
    assert answer[0] == status and words in answer[1]["error"] and "secret" not in json.dumps(answer[1])


def test_a_result_that_nobody_computes_is_said() -> None:
    status, answer, _ = Client(reads=False).ask("/gradio_api/call/synthesize/nothing", method="GET")
    assert status == 404 and "start it again" in answer["error"]
    assert Client(reads=False).ask("/gradio_api/call/synthesize/known", method="GET")[0] == 200


def test_who_listens_to_no_session_gets_a_sentence() -> None:
    stream = b'data: {"msg":"unexpected_error","message":"404: Not Found","session_not_found":true}'
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    run(answer.Answer({"method": "GET"}, send)({"type": "http.response.body", "body": stream}))
    said = json.loads(sent[0]["body"].removeprefix(b"data: "))
    assert said["message"] == answer.NO_SESSION and said["session_not_found"]


def test_a_stream_counts_as_listening() -> None:
    listeners = Listeners(seconds=-1)
    listeners.expect("session", "event")
    assert listeners.deaf("event")
    with listeners.listening("session"):
        assert not listeners.deaf("event")
    with listeners.listening("event"):
        assert not listeners.deaf("event")
    assert listeners.deaf("event")


def test_the_libraries_words_are_replaced_and_sentences_stay() -> None:
    assert "/gradio_api/info" in of_status(404, "Not Found").sentence
    assert of_status(400, "Session hash not found.").sentence == "Session hash not found."
    assert len(of_status(403, "File not allowed: " + "x" * 10**6).sentence) <= 201


@pytest.mark.parametrize("text", ["x" * 10**6, "x\n" * 10**6])
def test_logs_are_cut(text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    stream: Callable[..., Any] = logs.CutStream
    monkeypatch.setattr(sys, "stderr", stream(sys.stderr))
    print(text, file=sys.stderr)
    logs.report(ValueError(text), "an error")
    assert len(capsys.readouterr().err) < 2500


def test_who_guesses_passwords_has_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    client = Client(status=400)  # as Gradio answers a wrong password
    client.gate.logins = Logins(lambda: now)
    assert [client.ask("/login")[0] for _ in range(MAX_WRONG_LOGINS)] == [400] * MAX_WRONG_LOGINS
    status, body, headers = client.ask("/login")
    assert (status, headers["retry-after"]) == (429, str(LOGIN_SECONDS)) and "try again in 60 s" in body["error"]
    assert client.ask("/gradio_api/call/synthesize")[0] == 400  # nothing else is closed
    now = LOGIN_SECONDS
    client.status = 200
    assert client.ask("/login")[0] == 200
    client.status = 400
    assert [client.ask("/login")[0] for _ in range(MAX_WRONG_LOGINS + 1)] == [400] * MAX_WRONG_LOGINS + [429]


def test_wrong_passwords_of_many_addresses_are_forgotten_in_time() -> None:
    logins = Logins(lambda: 0.0)
    for _ in range(MAX_WRONG_LOGINS):
        logins.count("first", right=False)
    assert logins.wait("first") and not logins.wait("other")
    for i in range(MAX_SESSIONS):
        logins.count(str(i), right=False)
    assert not logins.wait("first")


def test_a_log_on_a_full_disk_or_of_any_encoding_stops_nothing() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def flush(self) -> None:
            raise BrokenPipeError

    print("running on http://127.0.0.1", file=logs.CutStream(Full()), flush=True)
    raw = io.BytesIO()
    stream = logs.CutStream(io.TextIOWrapper(raw, "cp1252"))
    print("größe \u0448", file=stream, flush=True)
    assert raw.getvalue().strip() == b"gr\xf6\xdfe \\u0448"


@pytest.mark.parametrize(
    "status, says, words",
    [
        (416, b"", "The file has fewer bytes than the range asks for."),
        (404, b"Upload not found", "Upload not found."),
        (400, b"Missing boundary in multipart.", "Missing boundary in multipart."),
        (400, b"Bad", "not one that this server takes"),
    ],
)
def test_a_librarys_plain_refusal_becomes_a_sentence(status: int, says: bytes, words: str) -> None:
    answer = Client(status=status, says=says).ask(JOIN)
    assert answer[0] == status and words in answer[1]["error"] and answer[2]["content-type"] == "application/json"
    assert int(answer[2]["content-length"]) == len(json.dumps(answer[1]))
