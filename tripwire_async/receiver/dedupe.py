"""Which events were handled already: the service may send one again, and no handler should see it twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, final

import attrs

from tripwire_async._concurrency.clock import LOOP_CLOCK

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock

__all__ = ["Claim", "EventStore", "RecentEvents"]

DEFAULT_MAX_EVENTS: Final = 10_000
DEFAULT_MAX_AGE: Final = 24 * 60 * 60.0


@attrs.frozen
class Claim:
    """How an event stands.

    Attributes:
        state: ``new``: it is now the caller's to handle, and nobody else's; ``busy``: somebody is handling it;
            ``done``: it was handled.
        response: What it was answered with, once it is done.
    """

    state: Literal["new", "busy", "done"]
    response: bytes = b""


class EventStore(Protocol):
    """Remembers events by their ids; shared by all processes that receive webhooks at one address.

    Whoever gets a ``new`` claim calls `complete` or `release`. A store that outlives the process must also let go of
    claims by itself after a while, since a process can die with one.
    """

    async def claim(self, event_id: str, /) -> Claim:
        """Claim the event if nobody did, and return how it stood; of two calls at once, one gets ``new``."""
        ...

    async def complete(self, event_id: str, response: bytes, /) -> None:
        """Remember that the event was handled, and *answer*, which is given again when the event comes again."""
        ...

    async def release(self, event_id: str, /) -> None:
        """Forget the claim: the event was not handled, and may come again."""
        ...


@final
class RecentEvents:
    """An `EventStore` in memory, for one process: the last *max_events* events of the last *max_age* seconds.

    Events that are being handled are kept apart from these, and never forgotten. *clock* is where the time is read.
    """

    __slots__ = ("_busy", "_clock", "_done", "_max_age", "_max_events")

    def __init__(
        self,
        *,
        max_events: int = DEFAULT_MAX_EVENTS,
        max_age: float = DEFAULT_MAX_AGE,
        clock: Clock = LOOP_CLOCK,
    ) -> None:
        if max_events < 1 or not max_age > 0:
            msg = f"a store keeps at least one event for some time, not {max_events} for {max_age} s"
            raise ValueError(msg)
        self._max_events = max_events
        self._max_age = max_age
        self._clock = clock
        self._busy: set[str] = set()
        # In the order of their completion, so that the oldest is always the first.
        self._done: dict[str, tuple[float, bytes]] = {}

    def __len__(self) -> int:
        """Return how many events are remembered, those that are being handled included."""
        return len(self._busy) + len(self._done)

    async def claim(self, event_id: str, /) -> Claim:
        """Claim the event if nobody did, and return how it stood."""
        self._evict()
        if event_id in self._busy:
            return Claim("busy")
        if event_id in self._done:
            return Claim("done", self._done[event_id][1])
        self._busy.add(event_id)
        return Claim("new")

    async def complete(self, event_id: str, response: bytes, /) -> None:
        """Remember that the event was handled, and *answer*."""
        self._busy.discard(event_id)
        self._done.pop(event_id, None)
        self._done[event_id] = (self._clock.now(), response)
        self._evict()

    async def release(self, event_id: str, /) -> None:
        """Forget the claim."""
        self._busy.discard(event_id)

    def _evict(self) -> None:
        oldest = self._clock.now() - self._max_age
        while self._done:
            event_id, (completed, _) = next(iter(self._done.items()))
            if completed > oldest and len(self._done) <= self._max_events:
                return
            del self._done[event_id]
