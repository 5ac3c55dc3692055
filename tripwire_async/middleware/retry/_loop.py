"""Retry loop of a call whose first attempt failed; imported with tenacity by the first such call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import tenacity

from tripwire_async._http.headers import parse_retry_after
from tripwire_async._http.messages import Response
from tripwire_async._logger import LOGGER
from tripwire_async.errors import RequestTimeoutError, TransportError

from ._details import RetryDetails
from ._policy import is_retryable

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import Request
    from tripwire_async._http.pipeline import Handler

    from ._backoff import Backoff
    from ._budget import RetryQuota
    from ._details import OnRetry


@attrs.define(kw_only=True)
class RetryLoop:
    """Retry loop of one call: the callbacks that tenacity needs for the attempts after the first.

    A `TransportError` is handled as a value, like a response. All other exceptions, cancellation included, propagate.
    """

    request: Request
    call_next: Handler
    max_attempts: int
    backoff: Backoff
    quota: RetryQuota
    on_retry: tuple[OnRetry, ...]
    clock: Clock
    latest: Response | TransportError = attrs.field(repr=False)  # missing once it was raised
    is_entered: bool = False
    cost: int = 0
    spent: int = 0

    async def run(self) -> Response:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_result(self.is_retryable),
            wait=self.wait,
            stop=self.should_stop,
            before_sleep=self.notify,
            sleep=self.sleep,
            retry_error_callback=self.give_up,
        )
        await retrying(self.attempt)
        if not isinstance(self.latest, Response):
            try:
                raise self.latest
            finally:
                # Otherwise the exception, its traceback and this loop would keep each other alive.
                del self.latest
        if self.latest.status < 400:
            self.quota.give_back(self.spent)
        return self.latest

    async def attempt(self) -> None:
        """Make an attempt. Its result is in `latest` only: in a frame of tenacity, an exception would be kept alive."""
        if not self.is_entered:
            # The first attempt was made before tenacity was entered.
            self.is_entered = True
            return
        previous = self.latest
        try:
            self.latest = await self.call_next(self.request)
        except RequestTimeoutError as error:
            # The attempt that the deadline cuts off says less than the one before it.
            self.latest = _with_previous(error, previous)
        except TransportError as error:
            self.latest = error
        finally:
            del previous

    def is_retryable(self, _: None) -> bool:
        return is_retryable(self.request.operation.method, self.latest)

    def wait(self, state: tenacity.RetryCallState) -> float:
        throttled = isinstance(self.latest, Response) and self.latest.status == 429
        return self.backoff.seconds(state.attempt_number - 1, throttled=throttled, retry_after=self.retry_after())

    def should_stop(self, state: tenacity.RetryCallState) -> bool:
        if state.attempt_number >= self.max_attempts:
            return True
        if self.clock.now() + state.upcoming_sleep >= self.request.deadline:
            return True
        # Last, because this spends tokens.
        self.cost = self.quota.cost(self.latest)
        if not self.quota.take(self.cost):
            return True
        self.spent += self.cost
        return False

    def notify(self, state: tenacity.RetryCallState) -> None:
        if not self.on_retry:
            return
        status, error = (self.latest.status, None) if isinstance(self.latest, Response) else (None, self.latest)
        record = RetryDetails(
            operation=self.request.operation.id,
            method=self.request.operation.method,
            path=self.request.operation.path,
            attempt=state.attempt_number,
            wait=state.upcoming_sleep,
            status=status,
            error=error,
            retry_after=self.retry_after(),
            client_request_id=self.request.stats.client_request_id,
        )
        for hook in self.on_retry:
            try:
                hook(record)
            except Exception:
                # A failing hook must not turn a transient failure into a permanent one.
                LOGGER.exception("on_retry hook %r raised an exception, which was ignored", hook)

    async def sleep(self, seconds: float) -> None:
        started = self.clock.now()
        try:
            await self.clock.sleep(seconds)
        except BaseException:
            # Cancelled: the attempt is not made, so its tokens are returned.
            self.quota.give_back(self.cost)
            raise
        finally:
            self.request.stats.backoff_wait += self.clock.now() - started

    def retry_after(self) -> float | None:
        if isinstance(self.latest, Response):
            return parse_retry_after(self.latest.headers)
        return self.latest.retry_after

    def give_up(self, _: tenacity.RetryCallState) -> None:
        """Suppress tenacity's own exception: `run` returns or raises the latest result."""


def _with_previous(error: RequestTimeoutError, previous: Response | TransportError) -> RequestTimeoutError:
    """Return *error* with the failure of the attempt before it in its text, and as its cause if it is an exception."""
    if isinstance(previous, RequestTimeoutError):
        return error
    if isinstance(previous, TransportError):
        error.__cause__ = previous
        reason = f"failed: {previous}"
    else:
        reason = f"had the status {previous.status}"
    error.args = (f"{error}; the attempt before it {reason}",)
    return error
