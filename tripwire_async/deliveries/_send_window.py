"""Window that keeps sends close to the oldest delivery that has not ended."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, NamedTuple, final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Clock, Timer


class SendWindowStatistics(NamedTuple):
    """State of a window.

    Attributes:
        sending: Sends that were admitted and have not received a response.
        open: Accepted tests whose delivery has not ended.
        waiting: Sends that wait to be admitted.
    """

    sending: int
    open: int
    waiting: int


@final
class SendWindow:
    """Delays sends so that a page of events covers all deliveries that have not ended.

    A page holds the newest events. Sends that come after a slow delivery would push its event off the page, and the
    event would then have to be read separately. So a send waits while *width* tests have been sent or are being sent
    since the oldest delivery that has not ended. It does not wait for a delivery older than *max_hold* seconds.
    """

    __slots__ = ("_accepted", "_clock", "_max_hold", "_open", "_sending", "_timer", "_waiting", "_width")

    def __init__(self, width: int, max_hold: Callable[[], float], clock: Clock) -> None:
        self._width = width
        self._max_hold = max_hold
        self._clock = clock
        self._sending = 0
        self._accepted = 0
        self._open: OrderedDict[int, float] = OrderedDict()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: Timer | None = None

    def resize(self, width: int) -> None:
        """Set the number of tests that may be sent since the oldest delivery that has not ended."""
        if width != self._width:
            self._width = width
            self._dispatch()

    async def acquire(self) -> None:
        """Return when one more test may be sent; then call `accept` or `fail`."""
        if self._has_room():
            self._sending += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._dispatch()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The send was admitted and does not take place.
                self.fail()
            raise

    def accept(self) -> int:
        """Note that a test was accepted; return its number for `end`."""
        self._sending -= 1
        self._accepted += 1
        self._open[self._accepted] = self._clock.now()
        return self._accepted

    def fail(self) -> None:
        """Note that a test was not accepted."""
        self._sending -= 1
        self._dispatch()

    def end(self, number: int) -> None:
        """Note that the delivery of a test has ended."""
        self._open.pop(number, None)
        self._dispatch()

    def statistics(self) -> SendWindowStatistics:
        """Return the state of the window."""
        waiting = sum(not turn.done() for turn in self._waiting)
        return SendWindowStatistics(sending=self._sending, open=len(self._open), waiting=waiting)

    def _has_room(self) -> bool:
        oldest = next(iter(self._open), self._accepted + 1)
        return self._accepted - oldest + 1 + self._sending < self._width

    def _dispatch(self) -> None:
        """Admit the sends for which there is room, and set the timer for the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            turn = self._waiting[0]
            if not turn.get_loop().is_running():
                # The loop was closed with sends waiting. They end without it.
                return
            if turn.done():
                self._waiting.popleft()
            elif self._has_room():
                self._sending += 1
                self._waiting.popleft().set_result(None)
            elif not self._open:
                # All are being sent, and the end of each of them calls this again.
                return
            else:
                oldest, since = next(iter(self._open.items()))
                until = since + self._max_hold()
                if until > self._clock.now():
                    self._timer = self._clock.call_at(until, self._on_timer)
                    return
                del self._open[oldest]

    def _on_timer(self) -> None:
        self._timer = None
        self._dispatch()
