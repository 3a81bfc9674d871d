"""What comes into the gate: a body of bounded bytes and time, passed on in parts or in full."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .answer import Message, Receive
from .limits import MIB
from .refusals import Refusal

LEFT = "The client left before all was sent."


class Refuse(Exception):
    """Ends a request with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


class Bounded:
    """A body of at most `most` bytes, and `seconds` to send it in."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive, self._most = receive, most
        self._until: float | None = asyncio.get_running_loop().time() + seconds
        self._seconds, self._bytes = seconds, 0

    async def receive(self) -> Message:
        """The next part.

        Raises:
            Refuse: there is too much, or it comes too slowly.
        """
        left = None if self._until is None else max(0.0, self._until - asyncio.get_running_loop().time())
        try:
            message = await asyncio.wait_for(self._receive(), left)
        except (asyncio.TimeoutError, TimeoutError):
            raise Refuse(
                Refusal(f"What was sent was not here after {self._seconds:.0f} seconds, so it was dropped.", 408)
            ) from None
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            raise Refuse(too_large(self._most))
        if not message.get("more_body"):
            self._until = None  # what comes after the body is the client's leaving
        return message

    async def read(self) -> bytes:
        """All of it.

        Raises:
            Refuse: as in `receive`, or the client left.
        """
        parts = []
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Refuse(Refusal(LEFT, 400))
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(parts)


def too_large(most: int) -> Refusal:
    size = f"{most // MIB} MB" if most >= MIB else f"{most // 1024} kB"
    return Refusal(f"What was sent is too large; the most that this address takes is {size}.", 413)


def replay(body: bytes, after: Callable[[], Awaitable[Any]]) -> Receive:
    """A `receive` that gives a body, and then what `after` waits for: the client's leaving."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        message = await after()
        return message if isinstance(message, MutableMapping) else {"type": "http.disconnect"}

    return receive


async def watch_leaving(receive: Receive, gone: asyncio.Event) -> None:
    """Set `gone` when the client leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
