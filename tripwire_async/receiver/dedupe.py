"""Deduplication of events: the service can send an event again, and no handler should see it twice."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal, Protocol, final

import attrs

from .arguments import require_number, require_whole_number

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Claim", "EventStore", "RecentEvents"]

DEFAULT_MAX_EVENTS: Final = 10_000
DEFAULT_MAX_AGE: Final = 24 * 60 * 60.0


@attrs.frozen
class Claim:
    """State of an event in an `EventStore`.

    Attributes:
        state: ``new``: the caller must now handle the event, and nothing else does. ``busy``: another call is handling
            it. ``done``: it was handled.
        response: The response body that was sent for a ``done`` event.
    """

    state: Literal["new", "busy", "done"]
    response: bytes = b""


class EventStore(Protocol):
    """Store of event ids, shared by all processes that receive webhooks at one URL.

    The holder of a ``new`` claim calls `complete` or `release`. A store that outlives the process must also expire
    claims, since a process can end while it holds one.
    """

    async def claim(self, event_id: str, /) -> Claim:
        """Claim the event unless it is claimed, and return its state; of two calls at once, one gets ``new``."""
        ...

    async def complete(self, event_id: str, response: bytes, /) -> None:
        """Record that the event was handled, and the *response* to send if the event comes again."""
        ...

    async def release(self, event_id: str, /) -> None:
        """Drop the claim: the event was not handled, and may come again."""
        ...


@final
class RecentEvents:
    """An `EventStore` in memory, for one process: the last *max_events* events of the last *max_age* seconds.

    Events that are being handled do not count towards *max_events* and never expire. *now* returns the time in seconds;
    None means `time.monotonic`.
    """

    __slots__ = ("_busy", "_done", "_max_age", "_max_events", "_now")

    def __init__(
        self,
        *,
        max_events: int = DEFAULT_MAX_EVENTS,
        max_age: float = DEFAULT_MAX_AGE,
        now: Callable[[], float] | None = None,
    ) -> None:
        require_whole_number("max_events", max_events, "events")
        require_number("max_age", max_age, "seconds")
        if max_events < 1 or not max_age > 0:
            msg = f"max_events must be at least one event and max_age above 0 seconds, not {max_events} and {max_age}"
            raise ValueError(msg)
        self._max_events = max_events
        self._max_age = max_age
        self._now = now
        self._busy: set[str] = set()
        # In the order of completion: the oldest is always the first.
        self._done: dict[str, tuple[float, bytes]] = {}

    def __len__(self) -> int:
        """Return the number of stored events, including events that are being handled."""
        return len(self._busy) + len(self._done)

    def __repr__(self) -> str:
        return f"<RecentEvents: {len(self)} of {self._max_events} events>"

    async def claim(self, event_id: str, /) -> Claim:
        """Claim the event unless it is claimed, and return its state."""
        self._evict()
        if event_id in self._busy:
            return Claim("busy")
        if event_id in self._done:
            return Claim("done", self._done[event_id][1])
        self._busy.add(event_id)
        return Claim("new")

    async def complete(self, event_id: str, response: bytes, /) -> None:
        """Record that the event was handled, and its *response*."""
        self._busy.discard(event_id)
        self._done.pop(event_id, None)
        self._done[event_id] = (self._time(), response)
        self._evict()

    async def release(self, event_id: str, /) -> None:
        """Drop the claim."""
        self._busy.discard(event_id)

    def _evict(self) -> None:
        oldest = self._time() - self._max_age
        while self._done:
            event_id, (completed, _) = next(iter(self._done.items()))
            if completed > oldest and len(self._done) <= self._max_events:
                return
            del self._done[event_id]

    def _time(self) -> float:
        # Looked up for each call, so that tests can replace the clock.
        return time.monotonic() if self._now is None else self._now()
