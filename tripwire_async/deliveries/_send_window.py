"""How far sends may run ahead of the deliveries that have not ended."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Clock, Timer


@final
class SendWindow:
    """Keeps sends so close together that one page of events tells of all deliveries that have not ended.

    A page holds the newest events. One delivery that takes longer than the others would be pushed off it by those that
    are sent in the meantime, and cost a read of its own. So a send waits as long as *width* tests, those on the wire
    included, have been sent since the oldest that has not ended; but no longer than until that one has taken *patience*
    seconds.
    """

    __slots__ = ("_accepted", "_clock", "_on_the_wire", "_open", "_patience", "_timer", "_waiting", "_width")

    def __init__(self, width: int, patience: Callable[[], float], clock: Clock) -> None:
        self._width = width
        self._patience = patience
        self._clock = clock
        self._on_the_wire = 0
        self._accepted = 0
        self._open: OrderedDict[int, float] = OrderedDict()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: Timer | None = None

    async def enter(self) -> None:
        """Return when one more test may be sent; it is on the wire then."""
        if self._has_room():
            self._on_the_wire += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._look()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # It was its turn, and it cannot take it.
                self.fail()
            raise

    def accept(self) -> int:
        """Note that a test on the wire was accepted; return its number, for `end`."""
        self._on_the_wire -= 1
        self._accepted += 1
        self._open[self._accepted] = self._clock.now()
        return self._accepted

    def fail(self) -> None:
        """Note that a test on the wire was not accepted."""
        self._on_the_wire -= 1
        self._look()

    def end(self, number: int) -> None:
        """Note that the delivery of a test has ended."""
        self._open.pop(number, None)
        self._look()

    def _has_room(self) -> bool:
        oldest = next(iter(self._open), self._accepted + 1)
        return self._accepted - oldest + 1 + self._on_the_wire < self._width

    def _look(self) -> None:
        """Let go whoever may, and see to it that this is done again in time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            if self._waiting[0].done():
                self._waiting.popleft()
            elif self._has_room():
                self._on_the_wire += 1
                self._waiting.popleft().set_result(None)
            elif not self._open:
                # All of them are on the wire, and whatever ends there is told here.
                return
            else:
                oldest, since = next(iter(self._open.items()))
                until = since + self._patience()
                if until > self._clock.now():
                    self._timer = self._clock.call_at(until, self._ring)
                    return
                del self._open[oldest]

    def _ring(self) -> None:
        self._timer = None
        self._look()
