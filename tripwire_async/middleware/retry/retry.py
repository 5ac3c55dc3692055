"""Sending again what may be sent again: once a call, above everything that happens once an attempt."""

from __future__ import annotations

import random as chance
from typing import TYPE_CHECKING, final

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.errors import TransportError

from ._backoff import Backoff
from ._budget import RetryQuota
from ._policy import is_retryable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler

    from ._details import OnRetry


@final
class Retry:
    """Repeat calls that failed in a way that may pass.

    GET, HEAD, PUT, DELETE and OPTIONS are repeated when no answer came and after 408, 429, 500, 502, 503 and 504,
    unless the service says ``retryable: false``; its advice ``next_action: retry`` adds 409 and the other 5xx. POST and
    PATCH, for which there is no idempotency key, only when it is certain that nothing was sent, after 429, and after
    503 with ``retryable: true``.

    A call makes at most *max_attempts* attempts, or as many as it sets itself (``Request.max_attempts``).
    Before each further attempt it waits, with full jitter: up to *transient_base* seconds, after a 429 up to
    *throttled_base*, twice as long each time, never more than *cap*; or what the service asked for in ``Retry-After``
    and a little more. It gives up at once when the wait would pass the call's deadline or when *quota*, shared by all
    calls, is used up. Then, and after the last attempt, the last answer is returned, or the last error raised, as it
    came.

    Each of *on_retry* gets a `RetryDetails` before each wait. *random* returns a number from 0 up to 1.
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
        random: Callable[[], float] = chance.random,
    ) -> None:
        if max_attempts < 1:
            msg = f"a call takes at least one attempt: max_attempts={max_attempts}"
            raise ValueError(msg)
        self._max_attempts = max_attempts
        self._backoff = Backoff(transient_base=transient_base, throttled_base=throttled_base, cap=cap, random=random)
        self._quota = RetryQuota() if quota is None else quota
        self._on_retry = tuple(on_retry)
        self._clock = clock

    @property
    def quota(self) -> RetryQuota:
        """The budget that all calls share."""
        return self._quota

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Answer *request* with the first good answer, or else with the last bad one."""
        first: Response | TransportError
        try:
            first = await call_next(request)
        except TransportError as error:
            if not is_retryable(request.operation.method, error):
                raise
            first = error
        else:
            if first.status < 400:
                self._quota.give_back(1)
                return first
            if not is_retryable(request.operation.method, first):
                return first
        # A call that succeeds at once, as nearly all do, never meets tenacity: that alone would cost it 20 µs, and a
        # program without failures the time of its import.
        from ._loop import RetryLoop  # noqa: PLC0415 - as just said

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
        return await loop.run()
