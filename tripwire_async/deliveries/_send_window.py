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
    since the oldest delivery that has not ended. *hold_until* returns until when sends wait for a delivery that was
    accepted at a given time.

    Attributes:
        width: See above; change it with `resize`.
    """

    __slots__ = (
        "_accepted",
        "_accepts",
        "_clock",
        "_hold_until",
        "_is_alone",
        "_open",
        "_sending",
        "_since",
        "_timer",
        "_waiting",
        "width",
    )

    def __init__(self, width: int, hold_until: Callable[[float], float], clock: Clock) -> None:
        self.width = width
        self._hold_until = hold_until
        self._clock = clock
        self._sending = 0
        self._accepted = 0
        self._accepts: deque[float] = deque()  # times, while processes share the window
        self._since: float | None = None
        self._is_alone = False
        self._open: OrderedDict[int, float] = OrderedDict()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: Timer | None = None

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
            if not turn.cancelled():
                # The send was admitted and does not take place.
                self.fail()
            raise

    def accept(self) -> int:
        """Note that a test was accepted; return its number for `end`."""
        self._sending -= 1
        self._accepted += 1
        self._open[self._accepted] = now = self._clock.now()
        if self._since is not None:
            self._accepts.append(now)
        return self._accepted

    def fail(self) -> None:
        """Note that a test was not accepted."""
        self._sending -= 1
        self._dispatch()

    def end(self, number: int) -> None:
        """Note that the delivery of a test has ended."""
        self._open.pop(number, None)
        self._dispatch()

    def resize(self, width: int, since: float | None = None, *, is_alone: bool = False) -> None:
        """Change the width. A smaller one applies to later sends; with 0, none is admitted.

        *since* is the time of the oldest open test of all processes that share the window; None if they do not. With
        *is_alone*, no other process has a test in it. The window then moves on with the tests of this process alone,
        and not with each call of this method.
        """
        self.width, self._since, self._is_alone = width, since, is_alone
        if since is None:
            self._accepts.clear()
        while self._accepts and since is not None and self._accepts[0] < since:
            self._accepts.popleft()
        self._dispatch()

    def statistics(self) -> SendWindowStatistics:
        """Return the state of the window."""
        waiting = sum(not turn.done() for turn in self._waiting)
        return SendWindowStatistics(sending=self._sending, open=len(self._open), waiting=waiting)

    def usage(self) -> tuple[int, float | None]:
        """Return the number of tests in the window, and the time of the oldest open one; None without one.

        The number counts from the oldest open test of all processes; the time is that of this process alone.
        """
        now = self._clock.now()
        return self._used(), next((since for since in self._open.values() if self._hold_until(since) > now), None)

    def _used(self) -> int:
        if self._since is not None and not self._is_alone:
            return len(self._accepts) + self._sending
        oldest = next(iter(self._open), self._accepted + 1)
        return self._accepted - oldest + 1 + self._sending

    def _has_room(self) -> bool:
        return self._used() < self.width

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
                until = self._hold_until(since)
                if until > self._clock.now():
                    self._timer = self._clock.call_at(until, self._on_timer)
                    return
                del self._open[oldest]

    def _on_timer(self) -> None:
        self._timer = None
        self._dispatch()
