"""Gradio's queue, in which nothing waits: requests are refused beyond a limit, or go to the desk at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event, Queue
from gradio.server_messages import EstimationMessage, ProcessCompletedMessage, ProcessStartsMessage

from .desk import Desk
from .limits import MAX_JSON, MAX_WAITING_PER_ADDRESS, MAX_WAITING_PER_VISITOR
from .listeners import Listeners
from .refusals import MISUNDERSTOOD, Refusal
from .visits import Visit

LONGEST_ID = 100  # characters of a session's name
JOIN = "/queue/join"  # the page's and gradio_client's way in


class FairQueue(Queue):
    """A queue of at most `most` requests of all visitors.

    Attributes:
        desk: where they wait.
        most: requests of all visitors.
        listeners: who is there to hear of results.
    """

    desk: Desk
    most: int
    listeners: Listeners

    async def push(self, body: PredictBodyInternal, request: Any, username: str | None) -> Any:
        """Take a request in, or refuse it: the page and gradio_client hear of it as the event's error, others by the
        HTTP status 503, with the time after which to come back.
        """
        session = body.session_hash or ""
        if len(session) > LONGEST_ID or body.fn_index not in self.blocks.fns:
            return False, MISUNDERSTOOD, "error"
        refusal = self.refusal(visitor_of(session, request), address_of(request))
        if refusal is None:
            taken, event_id, state = await super().push(body, request, username)
            if taken and isinstance(event_id, str):
                self.event_ids_to_events[event_id].visitor = visitor_of(session, request)  # type: ignore[attr-defined]
                self.listeners.expect(body.session_hash or "", event_id)
            return taken, event_id, state
        if not request.url.path.endswith(JOIN):
            request.scope["semflow.retry"] = refusal.retry
            return False, refusal.sentence, "queue_full"
        return True, await self._refused(body, request, username, refusal), "success"

    def refusal(self, visitor: str, address: str) -> Refusal | None:
        """Why no more is taken of a visitor at an address; None where it is."""
        events = [e for e in list(self.event_ids_to_events.values()) if e.alive]
        visitors = Counter(visitor_of(e.data.session_hash or "", e.request) for e in events if e.data is not None)
        addresses = Counter(address_of(e.request) for e in events)
        size = sum(int(e.request.headers.get("content-length") or 0) for e in events)
        seconds = max(5, min(600, round(self.desk.backlog() / 2)))
        if visitors[visitor] >= MAX_WAITING_PER_VISITOR:
            return Refusal(
                f"{visitors[visitor]} of your requests are waiting already; wait for one of them, or try again in "
                f"about {seconds} seconds.",
                503,
                seconds,
            )
        full = len(events) >= self.most or size > 8 * MAX_JSON
        if full or addresses[address] >= max(1, self.most * MAX_WAITING_PER_ADDRESS):
            return Refusal(
                f"The studio is busy: {len(events)} requests are waiting. Try again in about {seconds} seconds.",
                503,
                seconds,
            )
        return None

    async def _refused(self, body: PredictBodyInternal, request: Any, username: str | None, refusal: Refusal) -> str:
        """An event that is over at once, with the refusal as its error."""
        event = Event(body.session_hash, self.blocks.fns[body.fn_index or 0], request, username)
        async with self.pending_message_lock:
            if event.session_hash not in self.pending_messages_per_session:
                self.pending_messages_per_session[event.session_hash] = asyncio.Queue()
            self.pending_event_ids_session.setdefault(event.session_hash, set()).add(event._id)
        output = {**refusal.json, "title": "Busy", "duration": 10, "visible": True, "retry": refusal.retry}
        self.send_message(event, ProcessCompletedMessage(output=output, title="Busy", success=False))
        return event._id

    async def process_events(self, events: list[Event], *rest: Any, **options: Any) -> None:
        """Gradio's; what it keeps of a session that was one call from a shell is forgotten."""
        try:
            await super().process_events(events, *rest, **options)
        finally:
            holder = getattr(self.server_app, "state_holder", None)
            for event in events:
                if holder is not None and event.session_hash == event._id:
                    holder.session_data.pop(event._id, None)
                    holder.time_last_used.pop(event._id, None)

    def knows(self, event_id: str) -> bool:
        """Whether an event is here, or its result is still to be fetched."""
        return (
            event_id in self.event_ids_to_events
            or event_id in self.pending_messages_per_session
            or any(event_id in ids for ids in list(self.pending_event_ids_session.values()))
        )

    def visit_of(self, event_id: str) -> Visit | None:
        """Whose work an event is, for the thread that does it; None where there is no such event."""
        event, loop = self.event_ids_to_events.get(event_id), asyncio.get_running_loop()
        if event is None:
            return None

        def tell(message: Any) -> None:
            loop.call_soon_threadsafe(self.send_message, event, message)

        return Visit(
            visitor=getattr(event, "visitor", event.session_hash),
            alive=lambda: event.alive and not self.listeners.deaf(event_id),
            place=lambda rank, waiting, seconds: tell(
                EstimationMessage(rank=rank, queue_size=waiting, rank_eta=round(seconds, 1))
            ),
            start=lambda: tell(ProcessStartsMessage(eta=None)),
        )


def address_of(request: Any) -> str:
    """Where a request comes from."""
    client = getattr(request, "client", None)
    return client.host if client is not None else ""


def visitor_of(session: str, request: Any) -> str:
    """Whose request it is: a page's or a client's session, else the address; each call from a shell is a session."""
    return session if session and request.url.path.endswith(JOIN) else f"at {address_of(request)}"
