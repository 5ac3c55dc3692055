"""Details passed to `on_retry` hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from tripwire_async.errors import TransportError


@attrs.frozen(kw_only=True)
class RetryDetails:
    """One failed attempt that will be retried.

    Attributes:
        operation: The operation's id.
        method: The HTTP method.
        path: The path template, without ids.
        attempt: Number of the failed attempt, from 1.
        wait: Seconds until the next attempt.
        status: HTTP status of the response; None without a response.
        error: The transport error; None with a response.
        retry_after: Seconds from Retry-After; None without the header.
        client_request_id: Client request id of the call; None without one.
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


OnRetry: TypeAlias = Callable[[RetryDetails], object]
"""Hook called before the wait for a retry. It must not block; an exception that it raises is only logged."""
