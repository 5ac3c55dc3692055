"""One client in an application of Flask; it needs the variables that ``serve`` prints."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from typing import TYPE_CHECKING, TypeVar

from flask import Flask, jsonify

from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from flask import Response

T = TypeVar("T")


# [app]
class LoopThread:
    """Run an event loop in a background thread, for calls from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run *coroutine* on the loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


def make_app(tripwire: AsyncTripwire) -> Flask:
    """Return the application; all calls use one client and one event loop."""
    app = Flask(__name__)
    thread = LoopThread()
    atexit.register(lambda: thread.run(tripwire.close()))

    async def list_endpoints() -> list[str]:
        page = await tripwire.webhooks.list_endpoints(os.environ["TRIPWIRE_ORGANIZATION"])
        return [endpoint.url for endpoint in page]

    @app.get("/endpoints")
    def endpoints() -> Response:
        return jsonify(thread.run(list_endpoints()))

    return app


# [end]
if __name__ == "__main__":
    make_app(AsyncTripwire()).run(host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
