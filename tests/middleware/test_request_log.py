"""Tests of `RequestLog`: one id and one record per call, and no private data in it."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.support.requests import Script, answer, request
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.messages import CallStats
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, TransportError
from tripwire_async.middleware import RequestLog, Retry, compose
from tripwire_async.middleware.request_log import new_request_id

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response

pytestmark = pytest.mark.virtual_time

FIELDS = [
    "operation",
    "method",
    "path",
    "status",
    "error",
    "attempts",
    "duration_ms",
    "waited_ms",
    "request_id",
    "client_request_id",
    "response_headers",
]


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="tripwire_async")


def written(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    """Return the fields of the only log record."""
    [record] = caplog.records
    assert record.name == "tripwire_async"
    return {name: record.__dict__[name] for name in FIELDS}


async def test_a_call_is_logged_once_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    """The record sums up all attempts under one id."""

    async def handler(request: Request) -> Response:
        request.stats.attempts += 1
        await LOOP_CLOCK.sleep(0.25)
        if request.stats.attempts == 1:
            raise TransportError("lost", maybe_sent=True)
        return answer(202, {"x-request-id": "req_1", "X-RateLimit-Remaining": "7", "Set-Cookie": "a=b"})

    chain = compose([RequestLog(id_factory=lambda: "creq_1"), Retry(random=lambda: 0.5)], handler)
    await chain(request())
    assert written(caplog) == {
        "operation": "retrieveThing",
        "method": "GET",
        "path": "/v1/things/{thingId}",
        "status": 202,
        "error": None,
        "attempts": 2,
        "duration_ms": 525.0,
        "waited_ms": 25.0,
        "request_id": "req_1",
        "client_request_id": "creq_1",
        "response_headers": {"X-RateLimit-Remaining": "7"},
    }
    assert caplog.messages == [
        "GET /v1/things/{thingId}: 202 in 525 ms, waited 25 ms, attempts 2, request req_1, client request creq_1"
    ]


async def test_response_headers_are_sanitized(caplog: pytest.LogCaptureFixture) -> None:
    """A proxy may echo credentials, and a control character could forge a log line."""
    headers = {"X-Request-Id": "req_1 Bearer sk_live_canary7351\x1b[2J", "Retry-After": "sk_live_canary7351"}
    await RequestLog()(request(), Script([answer(429, headers)]))
    fields = written(caplog)
    assert "req_1 Bearer …�[2J" == fields["request_id"]
    assert {"Retry-After": "sk_live_…"} == fields["response_headers"]
    assert "canary7351" not in caplog.text
    assert "\x1b" not in caplog.text


async def test_every_attempt_of_a_call_has_the_same_id() -> None:
    """Each call has a different id."""
    handler = Script([TransportError("lost", maybe_sent=True), answer(), answer()])
    chain = compose([RequestLog(), Retry()], handler)
    await chain(request())
    await chain(request())
    first, second, other = (sent.headers["X-Client-Request-Id"] for sent in handler.seen)
    assert first == second != other
    assert re.fullmatch(r"creq_[0-9a-f]{32}", first)
    assert [first, first, other] == [sent.stats.client_request_id for sent in handler.seen]


def test_request_ids_have_128_bits() -> None:
    """As 32 hexadecimal digits, with zeros in front."""
    assert {37} == {len(new_request_id()) for _ in range(200)}


async def test_an_existing_id_is_kept() -> None:
    """For example the id of the incoming request that this call serves."""
    handler = Script([answer()])
    wanted = request()
    wanted.stats.client_request_id = "mine"
    await RequestLog()(wanted, handler)
    assert handler.seen[0].headers["X-Client-Request-Id"] == "mine"


@pytest.mark.parametrize(
    ("outcome", "level", "status", "error"),
    [
        (answer(200), "INFO", 200, None),
        (answer(404), "INFO", 404, None),
        (answer(422), "INFO", 422, None),
        (answer(429), "WARNING", 429, None),
        (answer(500), "WARNING", 500, None),
        (RequestTimeoutError("late", maybe_sent=True), "WARNING", None, "RequestTimeoutError"),
        (ConfigurationError("no key"), "WARNING", None, "ConfigurationError"),
        (asyncio.CancelledError(), "INFO", None, "CancelledError"),
    ],
)
async def test_failures_are_logged_as_warnings(
    caplog: pytest.LogCaptureFixture,
    outcome: Response | BaseException,
    level: str,
    status: int | None,
    error: str | None,
) -> None:
    """The response or exception is passed on unchanged."""
    if isinstance(outcome, BaseException):
        with pytest.raises(type(outcome)) as raised:
            await RequestLog()(request(), Script([outcome]))
        assert raised.value is outcome
    else:
        assert await RequestLog()(request(), Script([outcome])) is outcome
    fields = written(caplog)
    assert (status, error) == (fields["status"], fields["error"])
    assert [level] == [record.levelname for record in caplog.records]


async def test_a_cancelled_call_is_logged_with_its_duration(caplog: pytest.LogCaptureFixture) -> None:
    """The record exists before the cancelling code continues."""

    async def handler(request: Request) -> Response:
        await LOOP_CLOCK.sleep(60.0)
        return answer()

    await LOOP_CLOCK.sleep(7.0)
    started = replace(request(), stats=CallStats(started=LOOP_CLOCK.now()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.0):
            await RequestLog()(started, handler)
    assert written(caplog)["duration_ms"] == 2_000.0


async def test_no_private_data_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No path ids, bodies, credentials, exception messages or unlisted headers."""
    wanted = replace(
        request(bearer=Secret("gtpoll_1")),
        body=b"secret body",
        headers={"Authorization": "Bearer sk_test_1", "X-Api-Key": "secret header"},
    )
    await RequestLog()(wanted, Script([answer(500, {"Set-Cookie": "secret cookie"}, b"secret answer")]))
    with pytest.raises(TransportError):
        await RequestLog()(wanted, Script([TransportError("secret text", maybe_sent=True)]))
    printed = caplog.text + repr([record.__dict__ for record in caplog.records])
    for sensitive in ("thing_1", "secret", "sk_test_1", "gtpoll_1"):
        assert sensitive not in printed


async def test_the_logged_headers_can_be_chosen(caplog: pytest.LogCaptureFixture) -> None:
    """Names are case-insensitive, and a missing header is omitted."""
    await RequestLog(headers=["server", "Via"])(request(), Script([answer(200, {"Server": "nginx"})]))
    assert written(caplog)["response_headers"] == {"server": "nginx"}


async def test_a_custom_logger_can_be_used(caplog: pytest.LogCaptureFixture) -> None:
    """The default logger gets no record."""
    caplog.set_level(logging.INFO, logger="mine")
    await RequestLog(logging.getLogger("mine"))(request(), Script([answer()]))
    assert [record.name for record in caplog.records] == ["mine"]


async def test_a_disabled_logger_leaves_only_the_id(caplog: pytest.LogCaptureFixture) -> None:
    """The clock is not read, and the id is still sent."""

    class Stopped:
        """A clock that must not be read."""

        def __getattr__(self, name: str) -> object:
            pytest.fail(f"the clock was asked for {name}")

    caplog.set_level(logging.ERROR, logger="tripwire_async")
    handler = Script([answer(500)])
    log = RequestLog(clock=Stopped(), id_factory=lambda: "creq_1")  # type: ignore[arg-type] - a clock that fails
    await log(request(), handler)
    assert handler.seen[0].headers["X-Client-Request-Id"] == "creq_1"
    assert caplog.records == []


@pytest.mark.parametrize("status", [200, 404, 431])
async def test_at_level_warning_ordinary_errors_are_not_logged(caplog: pytest.LogCaptureFixture, status: int) -> None:
    """The caller handles statuses below 500, except 429."""
    caplog.set_level(logging.WARNING, logger="tripwire_async")

    async def handler(_: Request) -> Response:
        return answer(status)

    await compose([RequestLog()], handler)(request())
    assert [] == caplog.records


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_at_level_warning_only_failures_are_logged(caplog: pytest.LogCaptureFixture, status: int) -> None:
    """This is the default of a program without logging configuration."""
    caplog.set_level(logging.WARNING, logger="tripwire_async")
    await RequestLog()(request(), Script([answer(200)]))
    assert caplog.records == []
    await RequestLog()(request(), Script([answer(status)]))
    assert written(caplog)["status"] == status
