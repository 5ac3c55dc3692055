"""Retries of a run while the service, which responded before, cannot be reached."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock

_MAX_SECONDS: Final = 60.0
"""Seconds after the last response for which requests that do not reach the service are retried."""

_FIRST_DELAY: Final = 0.5
_MAX_DELAY: Final = 5.0


@final
class Outage:
    """Time for which requests of a run are retried while the service is away.

    A service that has never responded is not there: its address is wrong, and a retry does not help. One that has
    responded is restarted, or the network is down for a short time. Then a request is retried until 60 seconds after
    the last response, and no longer than the run.

    Args:
        clock: Measures the time.
        end: Time at which the run ends; infinity for no end.
    """

    __slots__ = ("_end", "_responded", "_start", "clock")

    def __init__(self, clock: Clock, end: float) -> None:
        self.clock = clock
        self._end = end
        self._responded: float | None = None
        self._start: float | None = None

    def note_response(self) -> None:
        """Note that the service has responded: an outage is over."""
        self._responded, self._start = self.clock.now(), None

    def retry_until(self, started: float) -> float:
        """Return the time until which a failed request that *started* then is retried.

        An outage starts with the last response, or with the first failed request if the run was idle before it.
        """
        if self._responded is None:
            return -math.inf
        if self._start is None:
            self._start = max(self._responded, started)
        return min(self._start + _MAX_SECONDS, self._end)


@final
class OutageRetries:
    """Retries of one request during an outage, with a backoff that doubles from half a second to 5 seconds.

    Args:
        outage: The outage; None if the request is not to be retried.
        started: Time at which the request started.
    """

    __slots__ = ("_count", "_first_failure", "_outage", "_started")

    def __init__(self, outage: Outage | None, started: float) -> None:
        self._outage = outage
        self._started = started
        self._count = 0
        self._first_failure = math.inf

    async def wait(self) -> bool:
        """Wait before the next retry; return False at once if the request must not be retried."""
        if self._outage is None:
            return False
        clock, now = self._outage.clock, self._outage.clock.now()
        self._first_failure = min(self._first_failure, now)
        # The second bound is for a request that fails while others succeed.
        left = min(self._outage.retry_until(self._started), self._first_failure + _MAX_SECONDS) - now
        if left <= 0:
            return False
        # Equal jitter: the requests of a run are not retried together, and none of them immediately.
        delay = min(_MAX_DELAY, _FIRST_DELAY * 2.0**self._count) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
        self._count += 1
        await clock.sleep(min(delay, left))
        return True
