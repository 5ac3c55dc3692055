"""An exception that a call raised is freed when its caller drops it, with all that its frames hold.

In an outage there are thousands of them, and an exception that is part of a reference cycle stays until the garbage
collector runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tripwire_async import AsyncTripwire
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.errors import TripwireError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

KEY = "sk_live_" + 32 * "0"
ORGANIZATION, ENDPOINT = "org_" + 26 * "0", "we_" + 32 * "0"
TOKEN = DeliveryReference(
    organization_id=ORGANIZATION, endpoint_id=ENDPOINT, event_id="wevt_" + 32 * "0", delivery_ids=()
).to_token()

RESPONSES = {
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    "no HTTP": b"nonsense\r\n\r\n",
    "not JSON": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<p>",
    "another model": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "not found": b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
    "unavailable": b"HTTP/1.1 503 Unavailable\r\nContent-Length: 2\r\n\r\n{}",
    "too many requests": b"HTTP/1.1 429 Slow\r\nContent-Length: 2\r\nRetry-After: 0\r\n\r\n{}",
    "closed": b"",
    "late": None,
}
KEPT_BY_AIOHTTP = {"no HTTP", "closed"}
"""Responses after which an exception of aiohttp is part of a cycle. From Python 3.12 on, its frames refer to those of
the wait, whose delivery has the error of its last read."""

CALLS: dict[str, Callable[[AsyncTripwire], Awaitable[object]]] = {
    "get": lambda client: client.sessions.get("sid_" + 26 * "0"),
    "list": lambda client: client.sessions.list(),
    "post": lambda client: client.webhooks.send_test(ORGANIZATION, ENDPOINT),
    "wait": lambda client: client.webhooks.resume(TOKEN).settled(timeout=0.2),
}


@asynccontextmanager
async def service(response: bytes | None) -> AsyncIterator[str]:
    """Serve one *response* to each connection, or none at all; yield the URL."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if response is None:
            await reader.read()
        else:
            writer.write(response)
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def fail(response: str, call: str) -> None:
    """Make a *call* that fails, and drop its error."""
    async with (
        service(RESPONSES[response]) as url,
        AsyncTripwire(KEY, base_url=url, deadline=0.3, timeout=0.1) as client,
    ):
        with contextlib.suppress(TripwireError):
            await CALLS[call](client)
            pytest.fail("no error")


def errors() -> dict[int, str]:
    """Return the exceptions of the library that are alive."""
    return {id(each): repr(each) for each in gc.get_objects() if issubclass(type(each), TripwireError)}


@pytest.mark.parametrize("call", CALLS)
async def test_an_error_is_freed_with_its_caller(call: str) -> None:
    """Also those of the attempts before the last one."""
    gc.collect()
    gc.disable()
    try:
        before = errors()
        responses = RESPONSES.keys() - (KEPT_BY_AIOHTTP if call == "wait" else set())
        await asyncio.gather(*(fail(response, call) for response in responses))
        await asyncio.sleep(0)
        assert [] == [text for key, text in errors().items() if key not in before]
    finally:
        gc.enable()
