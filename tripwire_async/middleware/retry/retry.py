"""Retry middleware; it runs once per call, outside of the middleware that runs once per attempt."""

from __future__ import annotations

import random as _random
from typing import TYPE_CHECKING, final

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.messages import Response
from tripwire_async.errors import TransportError

from ._backoff import Backoff
from ._budget import RetryQuota
from ._policy import is_retryable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import Request
    from tripwire_async._http.pipeline import Handler

    from ._details import OnRetry


@final
class Retry:
    """Retry calls that failed for a transient reason.

    GET, HEAD, PUT, DELETE and OPTIONS are retried after a lost response and after 408, 429, 500, 502, 503 and 504,
    unless the body says ``retryable: false``. The advice ``next_action: retry`` adds 409 and the other 5xx. POST and
    PATCH have no idempotency key. They are retried only if nothing was sent, after 429, and after 503 with
    ``retryable: true``.

    The wait before each retry is drawn between zero and a bound that doubles with each attempt (full jitter). If the
    service sends Retry-After, the wait is never shorter. The call stops early when the wait would pass its deadline or
    when *quota* is exhausted. It then returns the last response or raises the last error unchanged.

    Args:
        max_attempts: The most attempts per call; ``Request.max_attempts`` overrides it.
        transient_base: Upper bound of the first wait, in seconds.
        throttled_base: The same after a 429 without Retry-After.
        cap: Upper bound of every wait, in seconds, unless Retry-After is longer.
        quota: Retry budget shared by all calls; the default is a new `RetryQuota`.
        on_retry: Hooks that receive `RetryDetails` before each wait.
        clock: The time source.
        random: Returns a number from 0 up to 1.

    Raises:
        ValueError: *max_attempts* is less than 1.
    """

    __slots__ = ("_backoff", "_clock", "_max_attempts", "_on_retry", "_quota")

    def __init__(
        self,
        *,
        max_attempts: int = 4,
        transient_base: float = 0.05,
        throttled_base: float = 1.0,
        cap: float = 20.0,
        quota: RetryQuota | None = None,
        on_retry: Iterable[OnRetry] = (),
        clock: Clock = LOOP_CLOCK,
        random: Callable[[], float] = _random.random,
    ) -> None:
        if max_attempts < 1:
            msg = f"max_attempts must be at least 1, not {max_attempts}"
            raise ValueError(msg)
        self._max_attempts = max_attempts
        self._backoff = Backoff(transient_base=transient_base, throttled_base=throttled_base, cap=cap, random=random)
        self._quota = RetryQuota() if quota is None else quota
        self._on_retry = tuple(on_retry)
        self._clock = clock

    @property
    def quota(self) -> RetryQuota:
        """Retry budget shared by all calls."""
        return self._quota

    def __repr__(self) -> str:
        return f"<Retry max_attempts={self._max_attempts}>"

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Return the first successful response, or the last failed one."""
        first: Response | TransportError
        try:
            first = await call_next(request)
        except TransportError as error:
            # A call that ran out of time, for example in the queue of the rate limit, is not retried either. Tenacity
            # would notice it too, but takes 100 µs for each of the thousands of calls that may end together.
            if not is_retryable(request.operation.method, error) or self._clock.now() >= request.deadline:
                raise
            first = error
        else:
            if first.status < 400:
                self._quota.give_back(1)
                return first
            if not is_retryable(request.operation.method, first):
                return first
        # Calls that succeed at once bypass tenacity, which would cost each of them 20 µs and the program its import.
        try:
            from ._loop import RetryLoop  # noqa: PLC0415 - imported after a failure only
        except OSError:
            # The process has too many open files. The exception of the call says so, and this one must not replace it.
            if isinstance(first, Response):
                return first
            raise first from None
        loop = RetryLoop(
            request=request,
            call_next=call_next,
            max_attempts=self._max_attempts if request.max_attempts is None else request.max_attempts,
            backoff=self._backoff,
            quota=self._quota,
            on_retry=self._on_retry,
            clock=self._clock,
            latest=first,
        )
        del first
        return await loop.run()
