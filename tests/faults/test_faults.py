"""Faults of servers and networks: what calls end with, and how many requests the server receives."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.fast_time import FastLoop

from .calls import CALLS, meet
from .catalog import FAULTS
from .table import IN_TESTS, PAGE, row_of_calls, row_of_tests, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .calls import Result
    from .fault import Fault

ROWS = rows_of(PAGE.read_text(encoding="utf-8"))
BY_NAME = {fault.name: fault for fault in FAULTS}
SOME = ("closed after the headers", "HTML", "429 with Retry-After: -5", "500", "503 with retryable: true")


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """Run on a fast clock, so that backoffs and timeouts take milliseconds."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        yield runner


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_call_ends_as_documented(fault: Fault, runner: asyncio.Runner) -> None:
    """The class of the exception, whether the request was sent, the requests, and which methods are retried."""
    assert ROWS[fault.name, 5] == runner.run(row_of_calls(fault))


@pytest.mark.parametrize("name", IN_TESTS)
def test_a_test_or_a_wait_ends_as_documented(name: str, runner: asyncio.Runner) -> None:
    """A fault of the send is the state of an outcome; a wait continues through faults that can pass."""
    assert ROWS[name, 4] == runner.run(row_of_tests(BY_NAME[name]))


def test_the_documentation_has_exactly_these_faults() -> None:
    """``python -m tests.faults`` writes the tables."""
    assert {(fault.name, 5) for fault in FAULTS} | {(name, 4) for name in IN_TESTS} == set(ROWS)
    assert len(FAULTS) == len(BY_NAME)


def _same(result: Result) -> tuple[object, ...]:
    return result.ending, result.maybe_sent, result.requests


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize(("call", "like"), [("DELETE", "GET"), ("PATCH", "POST"), ("send_test", "POST")])
def test_calls_of_a_kind_end_alike(name: str, call: str, like: str, runner: asyncio.Runner) -> None:
    """The method of a request decides about retries, nothing else."""
    assert {call, like} <= set(CALLS)
    fault = BY_NAME[name]
    assert _same(runner.run(meet(fault, like))) == _same(runner.run(meet(fault, call)))


@pytest.mark.parametrize("max_attempts", [1, 3])
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.is_seen], ids=str)
def test_the_reported_attempts_are_the_requests_that_the_server_received(
    fault: Fault, max_attempts: int, runner: asyncio.Runner
) -> None:
    """Nothing below the client sends a request again."""
    result = runner.run(meet(fault, "GET", max_attempts=max_attempts))
    assert result.requests <= max_attempts
    if result.attempts is not None:
        assert result.attempts == result.requests


ADVICE = {
    "an unknown CA": r"is not trusted .*: name its CA in SSL_CERT_FILE",
    "an expired certificate": r"has expired.*: renew it, or check the clock",
    "the certificate of another host": r"is not valid for '127\.0\.0\.1'.*: check base_url",
    "a client certificate is required": r"rejects the client in the TLS handshake .*: pass a session with",
}


@pytest.mark.parametrize("name", ADVICE)
def test_a_certificate_that_is_rejected_has_a_remedy(name: str, runner: asyncio.Runner) -> None:
    """A CA bundle does not help with a certificate that has expired, or that is for another host."""
    assert re.search(ADVICE[name], runner.run(meet(BY_NAME[name], "POST")).message)
