"""No exception that leaves a call, a wait or a run keeps a frame with a secret."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.support.ids import ENDPOINT_ID, EVENT_ID, ORGANIZATION_ID
from tests.support.raw_server import http, listening, saying, silence
from tests.support.secret_scanner import chain, exposed, frames
from tripwire_async import AsyncTripwire, Secret
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.errors import TripwireError
from tripwire_async.gate_delivery import generate_key_pair
from tripwire_async.middleware import BearerAuth, RateLimit, RequestLog, Retry
from tripwire_async.models import GateSessionCreate, GateSessionCreateStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from tests.support.raw_server import Connection, Talk

CANARY = "canary0123456789abcdef0123456789abcdef"
KEY = f"sk_test_{CANARY}"
SESSION = "gates_0123456789abcdefghjkmnpqrs"
PAUSE = 0.15


# -- ways of giving the key -----------------------------------------------------------------------------------------


def with_use_key(url: str) -> AsyncTripwire:
    client = AsyncTripwire("sk_test_first", base_url=url)
    client.use_key(KEY)
    return client


def with_middleware(url: str) -> AsyncTripwire:
    return AsyncTripwire(base_url=url, middleware=[RequestLog(), Retry(), RateLimit(), BearerAuth(Secret(KEY))])


WAYS: dict[str, Callable[[str], AsyncTripwire]] = {
    "text": lambda url: AsyncTripwire(KEY, base_url=url),
    "Secret": lambda url: AsyncTripwire(Secret(KEY), base_url=url),
    "environment": lambda url: AsyncTripwire(base_url=url),
    "use_key": with_use_key,
    "middleware": with_middleware,
}


# -- operations -----------------------------------------------------------------------------------------------------


async def iterate(client: AsyncTripwire) -> None:
    async for _ in client.sessions.list():
        pass


async def run_tests(client: AsyncTripwire) -> None:
    async with client.webhooks.send_tests(ORGANIZATION_ID, [ENDPOINT_ID]) as run:
        outcomes = [outcome async for outcome in run]
    raise outcomes[0].error or AssertionError


async def receive_own_test(client: AsyncTripwire) -> None:
    async with client.webhooks.loopback_endpoint() as loopback:
        await loopback.test_and_receive(ORGANIZATION_ID, ENDPOINT_ID, f"whsec_{CANARY}", timeout=1)


def gate_session(client: AsyncTripwire) -> Awaitable[object]:
    session = GateSessionCreate(
        object="gate_session",
        id=SESSION,
        status=GateSessionCreateStatus("pending"),
        poll_token=Secret(f"gtpoll_{CANARY}"),
        consent_url="https://example.com/consent",
        expires_at=datetime.now(UTC),
    )
    return client.gate.sessions.follow(session, generate_key_pair()).approved(timeout=1)


def delivery(client: AsyncTripwire) -> Awaitable[object]:
    reference = DeliveryReference(ORGANIZATION_ID, ENDPOINT_ID, EVENT_ID)
    return client.webhooks.resume(reference.to_token()).settled(timeout=1)


OPERATIONS: dict[str, Callable[[AsyncTripwire], Awaitable[object]]] = {
    "list": lambda client: client.sessions.list(search="visitor"),
    "iterate": iterate,
    "read": lambda client: client.organizations.get(ORGANIZATION_ID),
    "raw response": lambda client: client.with_raw_response.organizations.get(ORGANIZATION_ID),
    "other timeout": lambda client: client.with_options(timeout=0.1).organizations.get(ORGANIZATION_ID),
    "create": lambda client: client.organizations.api_keys.create(ORGANIZATION_ID, name="ci", type="secret"),
    "send": lambda client: client.webhooks.send_test(ORGANIZATION_ID, ENDPOINT_ID),
    "reconciled send": lambda client: client.webhooks.send_test(ORGANIZATION_ID, ENDPOINT_ID, reconcile=True),
    "run": run_tests,
    "loopback": receive_own_test,
    "delivery": delivery,
    "gate session": gate_session,
    "poll token": lambda client: client.gate.sessions.poll(SESSION, f"gtpoll_{CANARY}"),
    "two tokens": lambda client: client.gate.sessions.acknowledge(SESSION, f"gtpoll_{CANARY}", f"gtack_{CANARY}"),
    "agent token": lambda client: client.gate.agent_tokens.verify(f"agt_{CANARY}"),
    "login": lambda client: client.gate.login_sessions.create(f"agt_{CANARY}", "acme-prod"),
    "code": lambda client: client.gate.login_sessions.consume(f"gtcode_{CANARY}"),
    "revocation": lambda client: client.gate.agent_tokens.revoke(f"agt_{CANARY}"),
    "raw tokens": lambda client: client.with_raw_response.gate.sessions.acknowledge(
        SESSION, f"gtpoll_{CANARY}", ack_token=f"gtack_{CANARY}"
    ),
}


# -- ways to fail ---------------------------------------------------------------------------------------------------


async def cancelled(work: Coroutine[Any, Any, object]) -> object:
    task = asyncio.ensure_future(work)
    await asyncio.sleep(PAUSE)
    task.cancel()
    return await task


async def cancelled_while_handling(work: Coroutine[Any, Any, object]) -> object:
    try:
        return {}["nothing"]
    except KeyError:
        async with asyncio.timeout(PAUSE):
            return await work


async def timed_out(work: Coroutine[Any, Any, object]) -> object:
    async with asyncio.timeout(PAUSE):
        return await work


async def waited_for(work: Coroutine[Any, Any, object]) -> object:
    return await asyncio.wait_for(work, PAUSE)


async def grouped(work: Coroutine[Any, Any, object]) -> None:
    async def fail() -> None:
        await asyncio.sleep(PAUSE)
        raise LookupError

    async def keep() -> None:
        try:
            await work
        except BaseException as error:
            # A group drops the cancellations of its members; this keeps one as a context.
            raise ValueError from error

    async with asyncio.TaskGroup() as group:
        group.create_task(keep())
        group.create_task(fail())


async def to_the_end(work: Coroutine[Any, Any, object]) -> object:
    return await work


async def half_a_body(connection: Connection) -> None:
    await connection.request()
    await connection.say(f'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{{"revealed_key": "{KEY}'.encode())
    await connection.gone()


async def half_a_header(connection: Connection) -> None:
    await connection.request()
    await connection.say(f"HTTP/1.1 200 OK\r\nX-Seen: Bearer {KEY}\r\n".encode())


async def half_a_chunk(connection: Connection) -> None:
    await connection.request()
    await connection.say(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n".encode())


async def closed(connection: Connection) -> None:
    await connection.request()


Fail: TypeAlias = "Callable[[Coroutine[Any, Any, object]], Coroutine[Any, Any, object]]"

FAILURES: dict[str, tuple[Talk, Fail]] = {
    "task.cancel": (silence, cancelled),
    "asyncio.timeout": (silence, timed_out),
    "asyncio.timeout in a handler": (silence, cancelled_while_handling),
    "asyncio.wait_for": (silence, waited_for),
    "TaskGroup": (silence, grouped),
    "cancelled body": (half_a_body, timed_out),
    "deadline": (silence, to_the_end),
    "half a header": (half_a_header, to_the_end),
    "half a chunk": (half_a_chunk, to_the_end),
    "closed": (closed, to_the_end),
    "repeated key": (saying(http(f"400 {KEY}", f'{{"error": "Bearer {KEY}"}}'.encode(), f"X-Seen: {KEY}")), to_the_end),
    "redirect": (saying(http("302 Found", b"", f"Location: /?key={KEY}")), to_the_end),
    "not JSON": (saying(http("200 OK", f'{{"revealed_key": "{KEY}'.encode())), to_the_end),
    "not HTTP": (saying(f"Authorization: Bearer {KEY}\r\n\r\n".encode()), to_the_end),
    "malformed header": (saying(f"HTTP/1.1 200 OK\r\nBearer {KEY}\x00: 1\r\n\r\n".encode()), to_the_end),
}


async def failure(
    client: AsyncTripwire, operation: str, fail: Callable[..., Coroutine[Any, Any, object]]
) -> BaseException:
    """Return the exception of *operation* when it is made to fail."""

    async def work() -> object:
        return await OPERATIONS[operation](client.with_options(max_attempts=2, deadline=4 * PAUSE))

    async with client:
        try:
            return AssertionError(f"{operation} returned {await fail(work())!r}")
        except BaseException as error:  # noqa: BLE001 - a cancellation is one of the results
            return error


@pytest.mark.parametrize("name", FAILURES)
async def test_no_frame_of_a_failed_call_holds_a_secret(
    name: str, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Every kind of operation, and every way of giving the key; causes, contexts and members of groups included."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", KEY)
    talk, fail = FAILURES[name]
    combinations = [("text", operation) for operation in OPERATIONS]
    combinations += [(way, operation) for way in WAYS for operation in ("list", "send", "run", "delivery")]
    async with listening(talk) as server:
        errors = await asyncio.gather(
            *(failure(WAYS[way](server.url), operation, fail) for way, operation in combinations)
        )
    found = [
        f"{way}, {operation}: {place}"
        for (way, operation), error in zip(combinations, errors, strict=True)
        for place in exposed(error, CANARY)
    ]
    assert not found
    # A response without a body is not read.
    returned = {
        operation for (_, operation), error in zip(combinations, errors, strict=True) if type(error) is AssertionError
    }
    assert returned <= {"revocation"}
    searched = sum(1 for error in errors for link in chain(error) for _ in frames(link))
    assert searched > 2 * len(combinations)
    record_property("frames", searched)


# A list that is never requested warns.
@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "list"])
async def test_a_task_that_is_cancelled_before_it_starts_holds_no_secret(operation: str) -> None:
    """The frame of a coroutine that has not started holds its arguments as they were given."""
    async with AsyncTripwire(KEY, base_url="http://127.0.0.1:1") as client:
        task = asyncio.ensure_future(OPERATIONS[operation](client))
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert not exposed(caught.value, CANARY)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda gate: gate.sessions.poll(SESSION, f"gtpoll_{CANARY}", "more"),
        lambda gate: gate.sessions.poll(SESSION, f"gtpoll_{CANARY}".encode()),
        lambda gate: gate.sessions.acknowledge(SESSION, f"gtpoll_{CANARY}", 5),
        lambda gate: gate.sessions.poll("../escape", f"gtpoll_{CANARY}"),
        lambda gate: gate.agent_tokens.verify(f"agt_{CANARY}\ud800"),
        lambda gate: gate.login_sessions.create(f"agt_{CANARY} ", "acme-prod"),
        lambda gate: gate.login_sessions.create(f"agt_{CANARY}", "acme\ud800"),
        lambda gate: gate.login_sessions.consume(None),
    ],
)
@pytest.mark.parametrize("raw", [False, True])
async def test_an_invalid_argument_beside_a_token_shows_no_token(mistake: Callable[[Any], Any], raw: bool) -> None:
    """The call fails before anything is sent, in frames that hold the arguments."""
    async with AsyncTripwire(KEY, base_url="http://127.0.0.1:1") as client:
        gate = client.with_raw_response.gate if raw else client.gate
        with pytest.raises((TypeError, ValueError, TripwireError)) as caught:
            await mistake(gate)
    assert not exposed(caught.value, CANARY)
