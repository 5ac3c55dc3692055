"""Sending again what may be sent again: once a call, above everything that happens once an attempt."""

from __future__ import annotations

import random as chance
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, final

import attrs
import tenacity

from tripwire_async._clock import LOOP_CLOCK
from tripwire_async._logger import LOGGER
from tripwire_async._messages import Response
from tripwire_async.errors import TransportError

from ._backoff import Backoff
from ._quota import RetryQuota
from ._repeatable import is_repeatable
from ._retry_after import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tripwire_async._clock import Clock
    from tripwire_async._messages import Request
    from tripwire_async._pipeline import Handler


@attrs.frozen(kw_only=True)
class RetryRecord:
    """One attempt that failed and will be repeated.

    Attributes:
        operation: The operation's id.
        method: The HTTP method.
        path: The path template, without ids.
        attempt: Which attempt failed, from 1.
        wait: Seconds until the next one.
        status: The status of the answer; None when there was none.
        error: Why there was no answer; None when there was one.
        retry_after: Seconds that the service asked to wait; None when it did not.
        client_request_id: Our id of the call; None when nothing made one.
    """

    operation: str
    method: str
    path: str
    attempt: int
    wait: float
    status: int | None
    error: TransportError | None
    retry_after: float | None
    client_request_id: str | None


OnRetry: TypeAlias = Callable[[RetryRecord], object]
"""Is told of a retry before the wait begins, as to count it. Must not block, and what it raises is only logged."""


@final
class Retry:
    """Repeat calls that failed in a way that may pass.

    GET, HEAD, PUT, DELETE and OPTIONS are repeated when no answer came and after 408, 429, 500, 502, 503 and 504,
    unless the service says ``retryable: false``; its advice ``next_action: retry`` adds 409 and the other 5xx. POST and
    PATCH, for which there is no idempotency key, only when it is certain that nothing was sent, after 429, and after
    503 with ``retryable: true``.

    A call is put on the wire *attempts* times at the most, or as often as it says itself (``Request.max_attempts``).
    Before each further attempt it waits, with full jitter: up to *transient_base* seconds, after a 429 up to
    *throttled_base*, twice as long each time, never more than *cap*; or what the service asked for in ``Retry-After``
    and a little more. It gives up at once when the wait would pass the call's deadline or when *quota*, shared by all
    calls, is used up. Then, and after the last attempt, the last answer is returned, or the last error raised, as it
    came.

    Each of *on_retry* gets a `RetryRecord` before each wait. *random* returns a number from 0 up to 1.
    """

    __slots__ = ("_attempts", "_backoff", "_clock", "_on_retry", "_quota")

    def __init__(
        self,
        *,
        attempts: int = 4,
        transient_base: float = 0.05,
        throttled_base: float = 1.0,
        cap: float = 20.0,
        quota: RetryQuota | None = None,
        on_retry: Iterable[OnRetry] = (),
        clock: Clock = LOOP_CLOCK,
        random: Callable[[], float] = chance.random,
    ) -> None:
        if attempts < 1:
            msg = f"a call takes at least one attempt: attempts={attempts}"
            raise ValueError(msg)
        self._attempts = attempts
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
            if not is_repeatable(request.operation.method, error):
                raise
            first = error
        else:
            if first.status < 400:
                self._quota.give_back(1)
                return first
            if not is_repeatable(request.operation.method, first):
                return first
        # A call that succeeds at once, as nearly all do, never meets tenacity: that alone would cost it 20 µs.
        further = _Further(
            request=request,
            call_next=call_next,
            attempts=self._attempts if request.max_attempts is None else request.max_attempts,
            backoff=self._backoff,
            quota=self._quota,
            on_retry=self._on_retry,
            clock=self._clock,
            latest=first,
        )
        return await further.run()


@attrs.define(kw_only=True)
class _Further:
    """One call whose first attempt has failed: what tenacity asks about its further ones.

    Lost answers are values here, like answers. What is raised is therefore never repeated, cancellations least of all.
    """

    request: Request
    call_next: Handler
    attempts: int
    backoff: Backoff
    quota: RetryQuota
    on_retry: tuple[OnRetry, ...]
    clock: Clock
    latest: Response | TransportError
    is_entered: bool = False
    cost: int = 0
    spent: int = 0

    async def run(self) -> Response:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_result(self.is_repeatable),
            wait=self.wait,
            stop=self.is_over,
            before_sleep=self.announce,
            sleep=self.sleep,
            retry_error_callback=self.give_up,
        )
        await retrying(self.attempt)
        if not isinstance(self.latest, Response):
            raise self.latest
        if self.latest.status < 400:
            self.quota.give_back(self.spent)
        return self.latest

    async def attempt(self) -> Response | TransportError:
        if not self.is_entered:
            # The first attempt was made before tenacity was entered: it is told what came of it.
            self.is_entered = True
            return self.latest
        try:
            self.latest = await self.call_next(self.request)
        except TransportError as error:
            self.latest = error
        return self.latest

    def is_repeatable(self, outcome: Response | TransportError) -> bool:
        return is_repeatable(self.request.operation.method, outcome)

    def wait(self, state: tenacity.RetryCallState) -> float:
        throttled = isinstance(self.latest, Response) and self.latest.status == 429
        return self.backoff.seconds(state.attempt_number - 1, throttled=throttled, retry_after=self.retry_after())

    def is_over(self, state: tenacity.RetryCallState) -> bool:
        if state.attempt_number >= self.attempts:
            return True
        if self.clock.now() + state.upcoming_sleep >= self.request.deadline:
            return True
        # Asked last, for what is taken here is spent.
        self.cost = self.quota.cost(self.latest)
        if not self.quota.take(self.cost):
            return True
        self.spent += self.cost
        return False

    def announce(self, state: tenacity.RetryCallState) -> None:
        if not self.on_retry:
            return
        status, error = (self.latest.status, None) if isinstance(self.latest, Response) else (None, self.latest)
        record = RetryRecord(
            operation=self.request.operation.id,
            method=self.request.operation.method,
            path=self.request.operation.path,
            attempt=state.attempt_number,
            wait=state.upcoming_sleep,
            status=status,
            error=error,
            retry_after=self.retry_after(),
            client_request_id=self.request.trace.client_request_id,
        )
        for hook in self.on_retry:
            try:
                hook(record)
            except Exception:
                # A broken counter must not turn a failure that passes into one that lasts.
                LOGGER.exception("an on_retry hook failed: %r", hook)

    async def sleep(self, seconds: float) -> None:
        begun = self.clock.now()
        try:
            await self.clock.sleep(seconds)
        except BaseException:
            # Cancelled: the attempt that was paid for is not made.
            self.quota.give_back(self.cost)
            raise
        finally:
            self.request.trace.backoff += self.clock.now() - begun

    def retry_after(self) -> float | None:
        if isinstance(self.latest, Response):
            return parse_retry_after(self.latest.headers)
        return self.latest.retry_after

    def give_up(self, _: tenacity.RetryCallState) -> None:
        """End without an exception of tenacity's own: what there is to return or raise is known."""
