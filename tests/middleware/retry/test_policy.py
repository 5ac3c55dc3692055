"""Tests of the retry policy."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.support.requests import answer
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, ResponseDecodeError, TransportError
from tripwire_async.middleware.retry._policy import is_retryable

IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]
OTHERS = ["POST", "PATCH", "BREW"]


def body(retryable: bool | None = None, next_action: str | None = None) -> bytes:
    return json.dumps({"error": {"retryable": retryable, "details": {"next_action": next_action}}}).encode()


SILENT, YES, NO = b"<html>", body(True), body(False)
RETRY, REFUSED_RETRY, OTHER_ACTION = body(next_action="retry"), body(False, "retry"), body(True, "contact_support")


@pytest.mark.parametrize("method", IDEMPOTENT)
@pytest.mark.parametrize(
    ("status", "stated", "repeatable"),
    [
        *((status, stated, True) for status in (408, 429, 500, 502, 503, 504) for stated in (SILENT, YES, RETRY)),
        *((status, stated, False) for status in (408, 429, 500, 502, 503, 504) for stated in (NO, REFUSED_RETRY)),
        (503, OTHER_ACTION, True),
        *((status, RETRY, True) for status in (409, 501, 520)),
        *((status, stated, False) for status in (409, 501, 520) for stated in (SILENT, YES, NO, REFUSED_RETRY)),
        *((status, stated, False) for status in (400, 401, 403, 404, 410, 422) for stated in (SILENT, YES, RETRY)),
        *((status, YES, False) for status in (200, 202, 204, 304)),
    ],
)
def test_an_idempotent_method_is_retried_unless_the_service_forbids_it(
    method: str, status: int, stated: bytes, repeatable: bool
) -> None:
    """The listed statuses are; ``retryable: false`` wins; ``next_action: retry`` adds 409 and the other 5xx."""
    assert repeatable == is_retryable(method, answer(status, body=stated))


@pytest.mark.parametrize("method", OTHERS)
@pytest.mark.parametrize(
    ("status", "stated", "repeatable"),
    [
        *((429, stated, True) for stated in (SILENT, YES, RETRY)),
        *((429, stated, False) for stated in (NO, REFUSED_RETRY)),
        *((503, stated, True) for stated in (YES, OTHER_ACTION)),
        *((503, stated, False) for stated in (SILENT, NO, RETRY, REFUSED_RETRY)),
        *(
            (status, stated, False)
            for status in (400, 404, 408, 409, 500, 502, 504, 520)
            for stated in (SILENT, YES, RETRY)
        ),
        *((status, YES, False) for status in (200, 202)),
    ],
)
def test_another_method_is_retried_only_after_a_rejection(
    method: str, status: int, stated: bytes, repeatable: bool
) -> None:
    """Without an idempotency key, a bare 5xx may follow work that was done."""
    assert repeatable == is_retryable(method, answer(status, body=stated))


def test_the_advice_in_a_huge_body_is_not_read() -> None:
    """The service's errors are small; parsing megabytes after each attempt would block the event loop."""
    small = b'{"error": {"retryable": true, "message": "x"}}'
    assert is_retryable("POST", answer(503, body=small))
    largest = small + b" " * (65_536 - len(small))
    assert is_retryable("POST", answer(503, body=largest))
    assert not is_retryable("POST", answer(503, body=largest + b" "))


@pytest.mark.parametrize("kind", [TransportError, RequestTimeoutError])
@pytest.mark.parametrize("maybe_sent", [True, False])
def test_without_a_response_only_an_idempotent_method_is_retried_once_sent(
    kind: type[TransportError], maybe_sent: bool
) -> None:
    """A failed connection sent nothing; a lost response or a read timeout may hide work that was done."""
    lost = kind("gone", maybe_sent=maybe_sent)
    assert [is_retryable(method, lost) for method in IDEMPOTENT] == [True] * 5
    assert [not maybe_sent] * 3 == [is_retryable(method, lost) for method in OTHERS]


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        TimeoutError(),
        OSError(),
        ConfigurationError("no key"),
        ResponseDecodeError("not JSON", operation="x", status=200),
    ],
)
def test_no_other_exception_is_retried(error: BaseException) -> None:
    """Only a `TransportError` is known to be safe."""
    assert [is_retryable(method, error) for method in IDEMPOTENT + OTHERS] == [False] * 8
