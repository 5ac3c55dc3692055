"""A budget of retries for all calls together, so that an outage is not answered with several times the traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._http.messages import Response
from tripwire_async.errors import RequestTimeoutError

if TYPE_CHECKING:
    from tripwire_async.errors import TransportError


@final
class RetryQuota:
    """Tokens that retries cost and successes bring back; without any left, a failure is final at once.

    The figures are botocore's, but for 429. A full quota of *capacity* is good for a hundred retries in a row. Each
    costs *retry_cost*, after a timeout *timeout_cost*: waiting for nothing is dearer, on both sides. A call that
    succeeds after retries brings back what it had spent, one that succeeds at once a single token.

    A retry after a 429 costs nothing. It is a sign of too much from here, not of an outage; the service named its
    terms, and the rate limit beneath keeps them for everybody. Several hundred calls that are refused together, while
    their limit is not known yet, must all get through.

    Everything happens between awaits, so tasks need no lock. One quota may serve several clients on one loop.
    """

    __slots__ = ("_available", "_capacity", "_retry_cost", "_timeout_cost")

    def __init__(self, capacity: int = 500, *, retry_cost: int = 5, timeout_cost: int = 10) -> None:
        if min(capacity, retry_cost, timeout_cost) < 0:
            msg = f"a quota's figures are not negative: {capacity=}, {retry_cost=}, {timeout_cost=}"
            raise ValueError(msg)
        self._capacity = capacity
        self._available = capacity
        self._retry_cost = retry_cost
        self._timeout_cost = timeout_cost

    @property
    def available(self) -> int:
        """The tokens that are left."""
        return self._available

    def cost(self, failure: Response | TransportError) -> int:
        """Return what a retry after *failure* costs."""
        if isinstance(failure, Response):
            return 0 if failure.status == 429 else self._retry_cost
        return self._timeout_cost if isinstance(failure, RequestTimeoutError) else self._retry_cost

    def take(self, tokens: int) -> bool:
        """Take *tokens* if they are there; otherwise take none and return False."""
        if tokens > self._available:
            return False
        self._available -= tokens
        return True

    def give_back(self, tokens: int) -> None:
        """Put *tokens* back, up to the capacity."""
        if self._available < self._capacity:
            self._available = min(self._capacity, self._available + tokens)

    def __repr__(self) -> str:
        return f"RetryQuota({self._available} of {self._capacity} left)"
