"""Use the client in a synchronous program: with a runner, and with a background thread."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Self, TypeVar

from tripwire_async import AsyncTripwire
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

T = TypeVar("T")


# [runner]
def count_endpoints(base_url: str, secret_key: str, organization: str) -> int:
    """Make two calls on one event loop, so that they share their connections."""
    with asyncio.Runner() as runner:
        tripwire = AsyncTripwire(secret_key, base_url=base_url)
        try:
            endpoints = runner.run(_list_endpoints(tripwire, organization))
            runner.run(_list_endpoints(tripwire, organization))
        finally:
            runner.run(tripwire.close())
    return endpoints


async def _list_endpoints(tripwire: AsyncTripwire, organization: str) -> int:
    return len(await tripwire.webhooks.list_endpoints(organization))


# [thread]
class LoopThread:
    """Run an event loop in a background thread; any thread can run coroutines on it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run *coroutine* on the loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


# [main]
def main() -> None:
    """Run a test server on one loop thread, and call it from synchronous code."""
    with LoopThread() as thread:
        server = TripwireServer()
        thread.run(server.start())
        server.add_endpoint("https://example.com/hook")
        try:
            print(
                "runner:",
                count_endpoints(server.base_url, server.secret_key, server.organization_id),
            )
            tripwire = AsyncTripwire(server.secret_key, base_url=server.base_url)
            endpoints = thread.run(_list_endpoints(tripwire, server.organization_id))
            thread.run(tripwire.close())
            print("thread:", endpoints)
        finally:
            thread.run(server.aclose())


if __name__ == "__main__":
    main()
