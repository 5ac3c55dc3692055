"""Every failure raises a library error that gives advice and contains no secret."""

from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.support.ids import ENDPOINT_ID, EVENT_ID, ORGANIZATION_ID
from tests.support.raw_server import http, listening, saying, silence
from tripwire_async import AsyncTripwire, TripwireError
from tripwire_async.errors import (
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)
from tripwire_async.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.support.raw_server import Talk
    from tripwire_async.testing import TripwireServer

CANARY = "sk_test_canary7351"
UNKNOWN_ENDPOINT_ID = "we_" + "f" * 32


# -- wrong arguments and service faults -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "advice"),
    [
        (lambda t, s: t.webhooks.list_endpoints("org_x"), ValueError, "organization_id 'org_x' is not a valid id"),
        (lambda t, s: t.webhooks.send_test(s.organization_id, "we_x"), ValueError, "endpoint_id 'we_x' is not"),
        (
            lambda t, s: t.webhooks.send_test(s.organization_id, "../../api-keys/key_x/rotations?x="),
            ValueError,
            "endpoint_id",
        ),
        (lambda t, s: t.webhooks.send_test(ENDPOINT_ID, s.organization_id), ValueError, "organization_id"),
        (lambda t, s: t.webhooks.retrieve_event(s.organization_id, None), TypeError, "event_id must be a string"),
        (lambda t, s: t.webhooks.send_test(s.organization_id, UNKNOWN_ENDPOINT_ID), NotFoundError, "check the ids"),
    ],
)
async def test_an_invalid_id_raises_an_error_that_names_it(
    call: Callable[[AsyncTripwire, TripwireServer], Awaitable[object]],
    kind: type[Exception],
    advice: str,
    tripwire: AsyncTripwire,
    tripwire_server: TripwireServer,
) -> None:
    """A malformed id is rejected before the request, an unknown one by the service."""
    with pytest.raises(kind) as caught:
        await call(tripwire, tripwire_server)
    assert advice in str(caught.value)
    assert (0 if kind in {ValueError, TypeError} else 1) == len(tripwire_server.requests)


async def test_a_wrong_key_is_rejected_by_the_service_and_not_shown(tripwire_server: TripwireServer) -> None:
    """The message advises to check the key."""
    async with AsyncTripwire(CANARY, base_url=tripwire_server.base_url) as tripwire:
        with pytest.raises((AuthenticationError, PermissionDeniedError), match=r"secret key|scope") as caught:
            await tripwire.webhooks.list_endpoints(tripwire_server.organization_id)
    assert CANARY not in str(caught.value)


async def test_the_error_names_the_scope_that_the_key_lacks(tripwire_server: TripwireServer) -> None:
    """Each operation has its scope."""
    key = tripwire_server.add_key(["webhooks:read"])
    async with AsyncTripwire(key.secret, base_url=tripwire_server.base_url) as tripwire:
        with pytest.raises(PermissionDeniedError, match="has the scope webhooks:manage"):
            await tripwire.webhooks.disable_endpoint(tripwire_server.organization_id, ENDPOINT_ID)


@pytest.mark.parametrize(
    ("fault", "kind", "method"),
    [
        (Fault.html(502), ServerError, "list"),
        (Fault.empty(503), ServerError, "list"),
        (Fault.status(429, retry_after=1000), RateLimitedError, "list"),
        (Fault.closed_connection(), TransportError, "send"),
        (Fault.lost_response(), TransportError, "send"),
        (Fault.truncated_body(), TransportError, "send"),
        (Fault.body(b"<html>"), ResponseDecodeError, "list"),
        (Fault.body(b"[1]"), ResponseDecodeError, "list"),
        (Fault.malformed("data", 5), ResponseDecodeError, "list"),
        (Fault.gzip_bomb(), ResponseDecodeError, "list"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_each_fault_of_the_service_raises_a_library_error(
    fault: Fault, kind: type[TripwireError], method: str, tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """The message has one line, and the client can be used again."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/hook")
    single_attempt = tripwire.with_options(deadline=5.0, max_attempts=1)

    async def call() -> object:
        if method == "send":
            return await single_attempt.webhooks.send_test(tripwire_server.organization_id, endpoint.id)
        return await single_attempt.webhooks.list_endpoints(tripwire_server.organization_id)

    with tripwire_server.fail(None, fault), pytest.raises(kind) as caught:
        await call()
    assert str(caught.value).isprintable()
    if kind is not RateLimitedError:
        assert 1 == len(await tripwire.webhooks.list_endpoints(tripwire_server.organization_id))


# -- the canary ---------------------------------------------------------------------------------------------------


def everything_printed(error: BaseException) -> str:
    """Return what an error tracker could show: the chain, the values of each error, the locals of each frame.

    Frames of the tests are left out, because the test holds the key.
    """
    shown: list[str] = []
    chain: list[BaseException | None] = [error]
    seen: set[int] = set()
    while chain:
        current = chain.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        chain += [current.__cause__, current.__context__]
        shown += [str(current), repr(current), repr(current.args), repr(vars(current))]
        frames = traceback.TracebackException.from_exception(current, capture_locals=True).stack
        shown += [repr(frame.locals) for frame in frames if "/tests/" not in frame.filename]
    return "\n".join(shown)


def assert_no_secret(error: TripwireError, *secrets: str) -> None:
    printed = everything_printed(error)
    pickled = pickle.dumps(error)
    for secret in secrets:
        assert secret not in printed
        assert secret.encode() not in pickled


ECHO = f"You sent: Authorization: Bearer {CANARY}"
SECRET_BODY = f'{{"data": {{"signing_secret": "whsec_{CANARY}"'

FAILURES: dict[str, tuple[Talk, type[TripwireError]]] = {
    "no response": (saying(b""), TransportError),
    "incomplete head": (saying(b"HTTP/1.1 200 OK\r\nCont"), TransportError),
    "not HTTP": (saying(b"SSH-2.0 server\r\n\r\n"), TransportError),
    "cut off": (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + SECRET_BODY.encode()), TransportError),
    "bad gzip": (saying(http("200 OK", b"no gzip", "Content-Encoding: gzip")), TransportError),
    "silence": (silence, RequestTimeoutError),
    "too large": (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), ResponseDecodeError),
    "too large without a length": (
        saying(http("200 OK", SECRET_BODY.encode() * 400_000, length=False)),
        ResponseDecodeError,
    ),
    "not json": (saying(http("200 OK", SECRET_BODY.encode())), ResponseDecodeError),
    "wrong type": (saying(http("200 OK", SECRET_BODY.encode() + b"}}")), ResponseDecodeError),
    "echo in HTML": (saying(http("502 Bad", f"<html>{ECHO}</html>".encode())), ServerError),
    "echo in the envelope": (
        saying(http("500 Oops", f'{{"error": {{"code": "{CANARY}", "message": "{ECHO}"}}}}'.encode())),
        ServerError,
    ),
    "echo in a redirect": (saying(http("302 Found", b"", f"Location: https://x/?key={CANARY}")), TripwireError),
    "echo in a request id": (saying(http("500 Oops", b"", f"X-Request-Id: {CANARY}")), ServerError),
    "echo in a truncated response": (
        saying(f"HTTP/1.1 500 Oops\r\nX-Request-Id: {CANARY}\r\nContent-Length: 9\r\n\r\n".encode()),
        TransportError,
    ),
    "echo in a bad header": (saying(f"HTTP/1.1 200 OK\r\nContent-Length: {CANARY}\r\n\r\n".encode()), TransportError),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_failure_shows_the_key(name: str, method: str) -> None:
    """The key is in no message, attribute, local variable of a frame or pickle."""
    talk, kind = FAILURES[name]
    async with listening(talk) as server, AsyncTripwire(CANARY, base_url=server.url, timeout=0.5) as client:
        webhooks = client.with_options(max_attempts=1).webhooks
        call = (
            webhooks.retrieve_event(ORGANIZATION_ID, EVENT_ID)
            if method == "GET"
            else webhooks.rotate_secret(ORGANIZATION_ID, ENDPOINT_ID)
        )
        with pytest.raises(kind) as caught:
            await call
    assert isinstance(caught.value, TripwireError)
    assert str(caught.value).isprintable()
    assert_no_secret(caught.value, CANARY)


async def test_a_failed_connection_does_not_show_the_key() -> None:
    """The request with its headers is in the frames of the connector."""
    async with AsyncTripwire(CANARY, base_url="http://127.0.0.1:1") as client:
        with pytest.raises(TransportError) as caught:
            await client.with_options(max_attempts=1).webhooks.list_endpoints(ORGANIZATION_ID)
    assert_no_secret(caught.value, CANARY)


async def test_a_failure_of_the_callers_session_does_not_show_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for a closed session nor for one that finds other credentials in a netrc file."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with aiohttp.ClientSession(trust_env=True) as session:
        client = AsyncTripwire(CANARY, base_url="http://127.0.0.1:1", session=session)
        with pytest.raises(TransportError) as refused:
            await client.with_options(max_attempts=1).webhooks.list_endpoints(ORGANIZATION_ID)
        assert_no_secret(refused.value, CANARY, "hunter2")
    with pytest.raises(ConfigurationError) as caught:
        await client.webhooks.list_endpoints(ORGANIZATION_ID)
    assert_no_secret(caught.value, CANARY)


async def test_the_search_finds_a_planted_canary() -> None:
    """The check itself works, in messages and in chained errors."""
    planted: Any = TripwireError(f"the key is {CANARY}")
    with pytest.raises(AssertionError):
        assert_no_secret(planted, CANARY)
    hidden = TripwireError("nothing")
    hidden.__context__ = ValueError(CANARY)
    with pytest.raises(AssertionError):
        assert_no_secret(hidden, CANARY)
