"""Connection of a client to a server in the same process, without sockets."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from typing import TYPE_CHECKING

from multidict import CIMultiDict, CIMultiDictProxy

from tripwire_async._http.messages import Response
from tripwire_async.errors import RequestTimeoutError, TransportError

from .parts import ServerParts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tripwire_async._http.messages import Request
    from tripwire_async._http.pipeline import Handler
    from tripwire_async.testing._service.messages import ServiceResponse

_GZIP = 31


class MemoryTransport(ServerParts):
    """The server as the innermost middleware of a client."""

    async def handler(self, request: Request, call_next: Handler | None = None, /) -> Response:  # noqa: ARG002 - the signature of a middleware
        """Respond to *request* without a socket: the last middleware of a client, or the handler of `compose`.

        ::

            server = TripwireServer()
            chain = [*default_middleware(server.secret_key), server.handler]
            tripwire = AsyncTripwire(middleware=chain)

        The server does not need to be started, and *call_next* is not used. Faults apply: a lost response is a
        `TransportError`. Close the server with `aclose` if it posts webhooks.

        Raises:
            RequestTimeoutError: The response took longer than the timeout of the request.
            TransportError: A fault broke the connection.
        """
        self.run_here()
        name = f"{request.operation.id} ({request.operation.method} {request.operation.path})"
        stats = request.stats
        if request.before_wire is not None:
            await request.before_wire(request.deadline)
        if request.before_write is not None:
            request.before_write()
        stats.attempts += 1
        try:
            async with self._timeout(request.timeout):
                response = await self._dispatcher.respond(
                    request.operation.method,
                    request.url.raw_path,
                    request.url.query,
                    CIMultiDict(request.headers),
                    request.body or b"",
                )
        except TimeoutError:
            msg = f"{name}: no response within {request.timeout:g} seconds"
            raise RequestTimeoutError(
                msg, maybe_sent=True, attempts=stats.attempts, client_request_id=stats.client_request_id
            ) from None
        if response.bytes_sent is not None:
            lost = "the connection was lost before the response" if not response.bytes_sent else "incomplete response"
            msg = f"{name}: {lost} (closed by the server)"
            raise TransportError(
                msg, maybe_sent=True, attempts=stats.attempts, client_request_id=stats.client_request_id
            )
        return _received(response)

    @contextlib.asynccontextmanager
    async def _timeout(self, seconds: float) -> AsyncGenerator[None]:
        """Raise TimeoutError in the block after *seconds* of the server's clock."""
        async with asyncio.timeout(None) as limit:
            timer = self.clock.call_at(self.clock.now() + seconds, lambda: limit.reschedule(0))
            try:
                yield
            finally:
                timer.cancel()


def _received(response: ServiceResponse) -> Response:
    headers = CIMultiDictProxy(CIMultiDict({"Content-Type": "application/json", **response.headers}))
    body = zlib.decompress(response.body, _GZIP) if headers.get("Content-Encoding") == "gzip" else response.body
    return Response(response.status, headers, body)
