"""Calls that meet a fault, and their results."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import attrs

from tests.support.raw_server import listening
from tests.support.redis_server import free_port
from tripwire_async import AsyncTripwire, PollSchedule, TripwireError
from tripwire_async.deliveries.reference import DeliveryReference

from .fault import serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.raw_server import Connection

    from .fault import Fault

_ORGANIZATION: Final = "org_" + 26 * "0"
_ENDPOINT: Final = "we_7cae61b07d06065dd2c4ebf766237470"
_KEY: Final = "sk_test_" + 32 * "0"
_EVENT: Final = "wevt_502db7de47f56761d18b2d8663cbedd8"


@attrs.frozen(kw_only=True)
class Result:
    """End of a call.

    Attributes:
        ending: ``success``, the class of the exception, or the state of an outcome.
        maybe_sent: Attribute of the exception; None without it.
        attempts: Attribute of the exception; None without it.
        requests: Number of requests that the server received; the number of connections if it read none.
        message: Text of the exception; empty without one.
    """

    ending: str
    maybe_sent: bool | None = None
    attempts: int | None = None
    requests: int = 0
    message: str = ""

    def __str__(self) -> str:
        sent = "" if self.maybe_sent is None else ", maybe sent" if self.maybe_sent else ", not sent"
        return f"{self.ending}{sent}; {self.requests}"


async def _get(client: AsyncTripwire) -> str:
    await client.organizations.get(_ORGANIZATION)
    return "success"


async def _delete(client: AsyncTripwire) -> str:
    await client.webhooks.disable_endpoint(_ORGANIZATION, _ENDPOINT)
    return "success"


async def _post(client: AsyncTripwire) -> str:
    await client.webhooks.rotate_secret(_ORGANIZATION, _ENDPOINT)
    return "success"


async def _patch(client: AsyncTripwire) -> str:
    await client.organizations.update(_ORGANIZATION, name="A name")
    return "success"


async def _send(client: AsyncTripwire) -> str:
    await client.webhooks.send_test(_ORGANIZATION, _ENDPOINT)
    return "success"


async def _send_and_reconcile(client: AsyncTripwire) -> str:
    await client.webhooks.send_test(_ORGANIZATION, _ENDPOINT, reconcile=True)
    return "success"


async def _run(client: AsyncTripwire) -> str:
    (outcome,) = await client.webhooks.send_tests(_ORGANIZATION, [_ENDPOINT], until="sent", timeout=60.0)
    return f"`{outcome.state}`"


async def _wait(client: AsyncTripwire) -> str:
    reference = DeliveryReference(_ORGANIZATION, _ENDPOINT, _EVENT, (), time.time())
    pending = client.webhooks.resume(reference.to_token(), poll=PollSchedule(first=0.5, longest=2.0))
    delivery = await pending.wait(timeout=30.0)
    return f"`{delivery.status}`"


CALLS: Final[dict[str, Callable[[AsyncTripwire], Awaitable[str]]]] = {
    "GET": _get,
    "DELETE": _delete,
    "POST": _post,
    "PATCH": _patch,
    "send_test": _send,
    "send_test(reconcile=True)": _send_and_reconcile,
    "send_tests": _run,
    "wait": _wait,
}
"""Calls by the name that the documentation gives them."""


async def meet(fault: Fault, call: str, *, times: int | None = None, max_attempts: int | None = None) -> Result:
    """Make *call* against a server with *fault*, on its first *times* connections or requests; None for all."""
    hits = 0

    def next_fault() -> Fault | None:
        nonlocal hits
        hits += 1
        return fault if times is None or hits <= times else None

    async def talk(connection: Connection) -> None:
        await serve(connection, next_fault)

    server_tls, client_tls = (None, None) if fault.tls is None else fault.tls()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(listening(talk, tls=server_tls if fault.accept is None else None))
        session = None
        if client_tls is not None:
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client_tls))
            await stack.enter_async_context(session)
        url = server.url if fault.is_listening else f"http://127.0.0.1:{free_port()}"
        if not fault.is_plain:
            url = url.replace("http:", "https:")
        client = AsyncTripwire(
            _KEY, base_url=f"{url}/tripwire", timeout=fault.timeout, deadline=20_000.0, session=session
        )
        async with client.with_options(max_attempts=max_attempts) as client:
            try:
                ending = await CALLS[call](client)
                error = None
            except TripwireError as caught:
                ending, error = type(caught).__name__, caught
        seen = len(server.requests) or server.connections
    attempts: Any = getattr(error, "attempts", None)
    return Result(
        ending=ending,
        maybe_sent=getattr(error, "maybe_sent", None),
        attempts=attempts,
        requests=seen,
        message="" if error is None else str(error),
    )
