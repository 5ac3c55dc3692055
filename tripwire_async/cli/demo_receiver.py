"""Receivers of ``demo`` and ``serve``: web servers that verify webhooks and send a fixed response."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

import attrs

from tripwire_async import Secret
from tripwire_async.receiver import WebhookResponse
from tripwire_async.receiver.aiohttp_web import listen
from tripwire_async.receiver.respond import receive_or_reject

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from tripwire_async.testing import TripwireServer

SLOW: Final = 1.2
"""Delay of the slow receiver in seconds."""


@attrs.define(eq=False)
class DemoReceiver:
    """Receiver that responds with *status* after *delay* seconds, or with 401 if the signature is not valid.

    Attributes:
        expected: The expected state of a test.
        received: Number of received requests.
        verified: Number of received requests with a valid signature.
    """

    name: str
    status: int
    expected: str
    delay: float = 0.0
    endpoint_id: str = ""
    secret: Secret | None = None
    received: int = 0
    verified: int = 0

    @property
    def verdict(self) -> str:
        """Result of the verifications: ``verified``, ``wrong``, or ``-`` if no request has been received."""
        if not self.received:
            return "-"
        return "verified" if self.verified == self.received else "wrong"

    @contextlib.asynccontextmanager
    async def listen(self) -> AsyncGenerator[str]:
        """Listen on a free port of 127.0.0.1 and yield the URL to post to."""
        async with listen(self._respond, host="127.0.0.1", port=0) as port:
            yield f"http://127.0.0.1:{port}/{self.name}"

    async def _respond(self, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        self.received += 1
        result = receive_or_reject(body, headers, self.secret or ())
        if isinstance(result, WebhookResponse):
            return result
        self.verified += 1
        await asyncio.sleep(self.delay)
        return WebhookResponse(self.status, f"{self.name} responds with {self.status}".encode())


@contextlib.asynccontextmanager
async def demo_receivers(server: TripwireServer) -> AsyncGenerator[Sequence[DemoReceiver]]:
    """Start three receivers and add each as an endpoint of *server*."""
    receivers = (
        DemoReceiver("quick", status=200, expected="succeeded"),
        DemoReceiver("broken", status=500, expected="failed"),
        DemoReceiver("slow", status=200, expected="succeeded", delay=SLOW),
    )
    async with contextlib.AsyncExitStack() as stack:
        for receiver in receivers:
            url = await stack.enter_async_context(receiver.listen())
            endpoint = server.add_endpoint(url, name=receiver.name)
            receiver.endpoint_id, receiver.secret = endpoint.id, Secret(endpoint.signing_secret)
        yield receivers
