"""One of the demo's receivers: a small web server that verifies what it is sent, and answers as it was told."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from tripwire_async.errors import SignatureError
from tripwire_async.receiver import verify_signature

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tripwire_async import Secret


@attrs.define(eq=False)
class DemoReceiver:
    """Answers *status* after *delay* seconds to every post with a good signature, and 401 to others.

    Attributes:
        expected: How a delivery to it must end.
        received: How many posts have come.
        verified: How many of them had a good signature.
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
        """What the signatures so far were, in a word."""
        if not self.received:
            return "-"
        return "verified" if self.verified == self.received else "wrong"

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncGenerator[str]:
        """Listen on a free port of 127.0.0.1; yields the address to post to."""
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/{self.name}"
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        self.received += 1
        try:
            verify_signature(body, request.headers, self.secret or ())
        except SignatureError as error:
            return web.Response(status=401, text=str(error))
        self.verified += 1
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status, text=f"{self.name} says {self.status}")
