"""What ``listen`` does with each webhook."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

import aiohttp
import attrs
from aiohttp import web

from tripwire_async.errors import EventDecodeError, SignatureError
from tripwire_async.receiver import receive_event

from .output import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripwire_async.receiver import WebhookEvent

    from .output import Output

_FORWARDED_HEADERS: Final = (
    "Content-Type",
    "X-Tripwire-Timestamp",
    "X-Tripwire-Signature",
    "X-Foil-Timestamp",
    "X-Foil-Signature",
)


@attrs.frozen(eq=False)
class Listener:
    """Verifies webhooks with *secrets*, prints them to *output*, and hands them on to *forward* if that is given."""

    secrets: Sequence[str] = attrs.field(repr=False)
    output: Output
    session: aiohttp.ClientSession
    forward: str | None

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one webhook: 401 or 400 to what is none, else 200, or what *forward* answers."""
        body = await request.read()
        try:
            event = receive_event(body, request.headers, self.secrets)
        except (SignatureError, EventDecodeError) as error:
            status = 401 if isinstance(error, SignatureError) else 400
            warn(f"refused with {status}: {error}")
            return web.Response(status=status, text=str(error))
        self._print(event)
        if self.forward is None:
            return web.Response()
        return await self._forward(self.forward, request, body)

    def _print(self, event: WebhookEvent) -> None:
        if self.output.as_json:
            sys.stdout.write(json.dumps(event.raw) + "\n")
            sys.stdout.flush()
            return
        self.output.line(f"{self.output.timestamp(event.created)}  {event.type}  {event.id}")
        for line in json.dumps(event.raw["data"], indent=2).splitlines():
            self.output.line(f"  {line}")

    async def _forward(self, url: str, request: web.Request, body: bytes) -> web.Response:
        headers = {name: request.headers[name] for name in _FORWARDED_HEADERS if name in request.headers}
        try:
            async with self.session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            warn(f"could not hand it on to {url}: {str(error) or type(error).__name__}")
            return web.Response(status=502, text="the webhook could not be handed on")
        self.output.line(f"  handed on to {url}: {response.status}")
        return web.Response(status=response.status, body=content, content_type=response.content_type)
