"""Webhook handling of ``listen``: verify, print, forward."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import aiohttp
import attrs

from tripwire_async.profiles import PROFILES
from tripwire_async.receiver import WebhookResponse
from tripwire_async.receiver.respond import receive_or_reject

from .output import warn

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from tripwire_async.receiver import WebhookEvent

    from .output import Output

_FORWARDED_HEADERS: Final = (
    "Content-Type",
    *(header for profile in PROFILES.values() for header in (profile.timestamp_header, profile.signature_header)),
)


@attrs.frozen(eq=False)
class Listener:
    """Verifies webhooks with *secrets*, prints them to *output*, and posts them to *forward* if given."""

    secrets: Sequence[str] = attrs.field(repr=False)
    output: Output
    session: aiohttp.ClientSession
    forward: str | None
    stopped: asyncio.Future[None]

    async def respond(self, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        """Return 401 or 400 for an invalid webhook, else 200 or the response of *forward*."""
        result = receive_or_reject(body, headers, self.secrets)
        if isinstance(result, WebhookResponse):
            warn(f"rejected with {result.status}: {result.body.decode()}")
            return result
        try:
            self._print(result)
        except OSError as error:
            # The reader of the output is gone, which must end the command and not only this response.
            if not self.stopped.done():
                self.stopped.set_exception(error)
            return WebhookResponse(503, b"the listener has ended")
        return WebhookResponse(200) if self.forward is None else await self._forward(self.forward, body, headers)

    def _print(self, event: WebhookEvent) -> None:
        if self.output.as_json:
            self.output.json_line(event.raw)
            return
        self.output.line(f"{self.output.timestamp(event.created)}  {event.type}  {event.id}")
        for line in json.dumps(event.raw["data"], indent=2).splitlines():
            self.output.line(f"  {line}")

    async def _forward(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        forwarded = {name: headers[name] for name in _FORWARDED_HEADERS if name in headers}
        try:
            async with self.session.post(url, data=body, headers=forwarded, allow_redirects=False) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            warn(f"cannot forward to {url}: {str(error) or type(error).__name__}")
            return WebhookResponse(502, b"the webhook could not be forwarded")
        self.output.line(f"  forwarded to {url}: {response.status}")
        return WebhookResponse(response.status, content, response.content_type)
