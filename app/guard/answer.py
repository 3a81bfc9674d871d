"""What goes out of the gate: each answer has the right status and headers, and a refusal is a sentence in JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from .limits import SHOWN
from .refusals import Refusal, of_status

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

UNHEARD = b'data: {"msg":"unexpected_error"'  # a stream's message to who listens to a session that has asked nothing
NO_SESSION = (
    "Nothing was asked in this session, or its answers were fetched already; start with /gradio_api/queue/join."
)
SAFE = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]


class Answer:
    """`send` for what is behind the gate: remembers whether an answer has begun, and puts the right status on it."""

    def __init__(self, scope: Message, send: Send) -> None:
        self._scope, self._send = scope, send
        self.started, self.status = False, 0
        self._bare: bytearray | None = None  # the text of a library's refusal that is no JSON

    async def __call__(self, message: Message) -> None:
        """Pass a message on."""
        if self._bare is not None:
            self._bare.extend(message.get("body", b"")[:SHOWN])
            if not message.get("more_body"):
                text, self._bare = self._bare.decode(errors="replace"), None
                await self.refuse(of_status(self.status, text))
            return
        if message["type"] == "http.response.start" and self._is_bare(message):
            self.status, self._bare = message["status"], bytearray()
            return
        if message["type"] == "http.response.start":
            self.started = True
            headers = [h for h in message.get("headers", []) if h[0].lower() not in {name for name, _ in SAFE}]
            message = {**message, "headers": [*headers, *SAFE]}
            if message["status"] == 500 and "semflow.status" in self._scope:  # Gradio has one status for all errors
                message["status"] = self._scope["semflow.status"]
            self.status = message["status"]
            retry = self._scope.get("semflow.retry")
            if message["status"] == 503 and retry:
                message["headers"].append((b"retry-after", str(retry).encode()))
        elif message.get("body", b"").startswith(UNHEARD):
            message = {**message, "body": message["body"].replace(b'"404: Not Found"', json.dumps(NO_SESSION).encode())}
        await self._send(message)

    def _is_bare(self, message: Message) -> bool:
        """Whether an answer begins that refuses in plain text or without a word."""
        kind = dict(message.get("headers", ())).get(b"content-type", b"text/plain")
        return message["status"] >= 400 and kind.startswith(b"text/plain") and self._scope["method"] != "HEAD"

    async def end(self) -> None:
        """End an answer that has begun."""
        with suppress(OSError, RuntimeError):
            await self({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal, unless another answer has begun."""
        if self.started:
            return
        body = json.dumps(refusal.json).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if refusal.retry:
            headers.append((b"retry-after", str(refusal.retry).encode()))
        if refusal.status in (408, 413):
            headers.append((b"connection", b"close"))  # the rest of the body is not waited for
        with suppress(OSError, RuntimeError):
            await self({"type": "http.response.start", "status": refusal.status, "headers": headers})
            await self({"type": "http.response.body", "body": body})
