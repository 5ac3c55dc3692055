"""Retry budget shared by all calls, so that an outage does not multiply the traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._http.messages import Response
from tripwire_async.errors import RequestTimeoutError

if TYPE_CHECKING:
    from tripwire_async.errors import TransportError


@final
class RetryQuota:
    """Token budget for retries: a retry takes tokens, a success returns them.

    Without enough tokens a failure is final at once. The defaults are botocore's, except that a retry after a 429 is
    free: a 429 does not indicate an outage, and `RateLimit` already paces these retries. Several hundred calls that are
    rejected together, before their limit is known, must all get through.

    A call that succeeds after retries returns the tokens that it took. A call that succeeds at once returns one token.
    No method awaits, so tasks need no lock. Several clients on one event loop may share a quota.

    Args:
        capacity: The most tokens that the quota holds. The default allows a hundred retries in a row.
        retry_cost: Tokens for a retry.
        timeout_cost: Tokens for a retry after a timeout, which is more expensive for both sides.

    Raises:
        ValueError: An argument is negative.
    """

    __slots__ = ("_available", "_capacity", "_retry_cost", "_timeout_cost")

    def __init__(self, capacity: int = 500, *, retry_cost: int = 5, timeout_cost: int = 10) -> None:
        if min(capacity, retry_cost, timeout_cost) < 0:
            msg = f"the arguments of a quota must not be negative: {capacity=}, {retry_cost=}, {timeout_cost=}"
            raise ValueError(msg)
        self._capacity = capacity
        self._available = capacity
        self._retry_cost = retry_cost
        self._timeout_cost = timeout_cost

    @property
    def available(self) -> int:
        """Tokens that are left."""
        return self._available

    def cost(self, failure: Response | TransportError) -> int:
        """Return the tokens that a retry after *failure* costs."""
        if isinstance(failure, Response):
            return 0 if failure.status == 429 else self._retry_cost
        return self._timeout_cost if isinstance(failure, RequestTimeoutError) else self._retry_cost

    def take(self, tokens: int) -> bool:
        """Take *tokens* if there are enough; otherwise take none and return False."""
        if tokens > self._available:
            return False
        self._available -= tokens
        return True

    def give_back(self, tokens: int) -> None:
        """Return *tokens*, up to the capacity."""
        if self._available < self._capacity:
            self._available = min(self._capacity, self._available + tokens)

    def __repr__(self) -> str:
        return f"RetryQuota({self._available} of {self._capacity} left)"
