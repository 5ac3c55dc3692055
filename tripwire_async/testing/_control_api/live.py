"""Server-sent events: the state of the server, then each change of it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, final

from aiohttp import web

from tripwire_async.testing._service.messages import encode

from . import views

if TYPE_CHECKING:
    from tripwire_async.testing._server.controls import ServerControls
    from tripwire_async.testing._service.records import JsonObject

_GATHER: Final = 0.05
"""Seconds for which changes are gathered into one event."""

_REFRESH: Final = 1.0
"""Seconds after which changes by time alone are sent: the use of the limit, the end of a scenario."""


@final
class LiveStreams:
    """The open streams of a server; `close` ends them, so that an open page does not keep the server."""

    def __init__(self, server: ServerControls) -> None:
        self._server = server
        self._changed: set[asyncio.Event] = set()

    def notify(self) -> None:
        """Send the changes to all streams soon."""
        for changed in self._changed:
            changed.set()

    def close(self) -> None:
        """End all streams."""
        self.notify()
        self._changed.clear()

    async def stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send the state, then changes until the client or the server ends the stream."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        changed = asyncio.Event()
        self._changed.add(changed)
        try:
            # The page may be closed at any time.
            with contextlib.suppress(ConnectionError):
                await response.prepare(request)
                shown = views.state(self._server)
                await response.write(_event("state", shown))
                while await self._wait(changed):
                    current = views.state(self._server)
                    await response.write(_event("change", _difference(shown, current)))
                    shown = current
        finally:
            self._changed.discard(changed)
        return response

    async def _wait(self, changed: asyncio.Event) -> bool:
        """Wait for changes or for `_REFRESH` seconds; return False once the stream is closed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REFRESH):
                await changed.wait()
        changed.clear()
        await asyncio.sleep(_GATHER if changed in self._changed else 0)
        return changed in self._changed


def _event(name: str, data: JsonObject) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encode(data))


def _difference(before: JsonObject, after: JsonObject) -> JsonObject:
    """Return the parts of *after* that are new; of deliveries and requests only the new and changed ones."""
    changes: JsonObject = {name: value for name, value in after.items() if value != before[name]}
    for name in ("deliveries", "requests"):
        if changes.get(name):
            known = {item["id"]: item for item in before[name]}
            changes[name] = [item for item in after[name] if known.get(item["id"]) != item]
    return changes
