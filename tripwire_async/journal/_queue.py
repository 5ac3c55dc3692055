"""Queue between the chunks that a worker holds and the tests that it makes."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._chunks import Entry


@final
class EntryQueue:
    """Endpoints that wait for their test, and how many are tested at once.

    Attributes:
        capacity: Number of tests in flight at once, at most.
        active: Number of tests in flight.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.active = 0
        self._is_closed = False
        self._entries: deque[Entry] = deque()
        self._waiting: deque[asyncio.Future[Entry | None]] = deque()

    @property
    def room(self) -> int:
        """Number of endpoints for which there is room, in addition to the queued ones."""
        return 0 if self._is_closed else self.capacity - self.active - len(self._entries)

    def get_nowait(self) -> Entry | None:
        """Return the next endpoint, which is in flight until `leave`; None if it has to wait for one."""
        return None if self._waiting else self._take()

    async def get(self) -> Entry | None:
        """Wait for the next endpoint and return it; None once the queue is closed."""
        turn: asyncio.Future[Entry | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self.dispatch()
        return await turn

    def put(self, entries: Iterable[Entry]) -> None:
        """Queue endpoints: accepted tests first, then tests in doubt, then the others."""
        self._entries.extend(entries)
        self._entries = deque(sorted(self._entries, key=_urgency))
        self.dispatch()

    def leave(self) -> None:
        """Note that a test is not in flight any more."""
        self.active -= 1
        self.dispatch()

    def close(self) -> None:
        """Give out no further endpoint."""
        self._is_closed = True
        self._entries.clear()
        self.dispatch()

    def dispatch(self) -> None:
        """Give endpoints to the tasks that wait for them, as far as there is room."""
        while self._waiting:
            turn = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
            elif self._is_closed:
                self._waiting.popleft().set_result(None)
            elif (entry := self._take()) is not None:
                self._waiting.popleft().set_result(entry)
            else:
                return

    def _take(self) -> Entry | None:
        """Return the next endpoint, if there is one and room for it."""
        while self._entries and self.active < self.capacity:
            entry = self._entries.popleft()
            if not entry.chunk.is_lost:
                self.active += 1
                return entry
        return None


def _urgency(entry: Entry) -> int:
    if entry.sent is not None:
        return 0
    return 1 if entry.sending is not None else 2
