"""Retry policy: which failures may be retried, independent of when and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._http.messages import Response
from tripwire_async.errors import TransportError

if TYPE_CHECKING:
    from tripwire_async._http.error_body import ErrorBody

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
# In bytes. The service's errors have a few hundred; parsing megabytes after each attempt would block the event loop.
_MAX_ERROR_BODY: Final = 65_536


def is_retryable(method: str, outcome: Response | BaseException) -> bool:
    """Return whether a call with *method* that ended with *outcome* may be retried.

    - No response (`TransportError`): idempotent methods always; other methods only if nothing was sent. Neither if the
      error says that a retry cannot help.
    - 408, 429, 500, 502, 503, 504: idempotent methods, unless the body says ``retryable: false``. The advice
      ``next_action: retry`` adds 409 and the other 5xx.
    - Other methods have no idempotency key: 429 unless the body says ``retryable: false``, and 503 if it says
      ``retryable: true``. In both cases the request was rejected. Any other failure may have had an effect.

    No other exception is retried.
    """
    if isinstance(outcome, Response):
        is_retryable_status = _is_retryable_response if method in _IDEMPOTENT else _is_retryable_rejection
        return is_retryable_status(outcome)
    if not isinstance(outcome, TransportError) or not outcome.retryable:
        return False
    return method in _IDEMPOTENT or not outcome.maybe_sent


def _is_retryable_response(response: Response) -> bool:
    status = response.status
    if status not in _TRANSIENT and status != 409 and status < 500:
        return False
    error = _error(response)
    return error.retryable is not False and (status in _TRANSIENT or error.next_action == "retry")


def _is_retryable_rejection(response: Response) -> bool:
    match response.status:
        case 429:
            return _error(response).retryable is not False
        case 503:
            return _error(response).retryable is True
        case _:
            return False


def _error(response: Response) -> ErrorBody:
    from tripwire_async._http.error_body import read_error_body  # noqa: PLC0415 - a call without failures does not need the parser

    return read_error_body(response.body if len(response.body) <= _MAX_ERROR_BODY else b"")
