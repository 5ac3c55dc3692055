"""Which failures may be repeated: a table, and nothing about when or how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._http.messages import Response
from tripwire_async.errors import TransportError

if TYPE_CHECKING:
    from tripwire_async._http.advice import Advice

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})


def is_retryable(method: str, outcome: Response | BaseException) -> bool:
    """Tell whether a call with *method* that ended with *outcome* may be sent again.

    - No answer (`TransportError`): an idempotent method always; any other only if it was certainly not sent.
    - 408, 429, 500, 502, 503, 504: an idempotent method, unless the service says ``retryable: false``. Its advice
      ``next_action: retry`` adds 409 and the other 5xx.
    - Any other method, there being no idempotency key: 429 unless the service says ``retryable: false``; 503 if it says
      ``retryable: true``. Both are refusals; after any other answer the work may have been done.

    Every other exception, a cancellation first of all, is not ours to repeat.
    """
    if isinstance(outcome, Response):
        repeatable = _is_retryable_response if method in _IDEMPOTENT else _is_refusal
        return outcome.status >= 400 and repeatable(outcome)
    return isinstance(outcome, TransportError) and (method in _IDEMPOTENT or not outcome.maybe_sent)


def _is_retryable_response(response: Response) -> bool:
    status = response.status
    if status not in _TRANSIENT and status != 409 and status < 500:
        return False
    advice = _advice(response)
    return advice.retryable is not False and (status in _TRANSIENT or advice.next_action == "retry")


def _is_refusal(response: Response) -> bool:
    match response.status:
        case 429:
            return _advice(response).retryable is not False
        case 503:
            return _advice(response).retryable is True
        case _:
            return False


def _advice(response: Response) -> Advice:
    from tripwire_async._http.advice import read_advice  # noqa: PLC0415 - the layers need msgspec for this alone, after a failure

    return read_advice(response.body)
