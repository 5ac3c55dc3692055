"""Notes about the connection of an attempt: whether there is one, and since when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import aiohttp
    from aiohttp.connector import Connection

    from .messages import Request


@final
class SendRefusedError(Exception):
    """``Request.before_write`` has raised *reason*, so nothing was sent."""

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        # The frames that the exception went through hold the headers with the key.
        self.reason = reason.with_traceback(None)


def note_connection(request: Request, now: Callable[[], float]) -> None:
    """Note that *request* has its connection, directly before it is written.

    A middleware of a caller's session may send a request twice. Its first connection counts.

    Raises:
        SendRefusedError: The request must not be sent.
    """
    if request.before_write is not None:
        try:
            request.before_write()
        except Exception as error:  # noqa: BLE001 - the check is not ours, and its exception reaches the caller
            raise SendRefusedError(error) from None
    if request.stats.connected_at == math.inf:
        request.stats.connected_at = now()


def connection_notes(request: Request, now: Callable[[], float]) -> aiohttp.ClientMiddlewareType:
    """Return a middleware of aiohttp that makes the notes for *request*, in any session."""

    async def note(sent: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if request.stats.connected_at == 0.0:
            request.stats.connected_at = math.inf
        send = sent.send

        def note_and_send(connection: Connection) -> Coroutine[Any, Any, aiohttp.ClientResponse]:
            note_connection(request, now)
            return send(connection)

        sent.send = note_and_send  # type: ignore[assignment, method-assign] # pyright: ignore[reportAttributeAccessIssue] - aiohttp looks it up here
        return await handler(sent)

    return note
