"""What is told of a retry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from tripwire_async.errors import TransportError


@attrs.frozen(kw_only=True)
class RetryDetails:
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


OnRetry: TypeAlias = Callable[[RetryDetails], object]
"""Is told of a retry before the wait begins, as to count it. Must not block, and what it raises is only logged."""
