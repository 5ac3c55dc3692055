"""A server on an event loop in its own thread, for synchronous programs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from abc import abstractmethod
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .parts import ServerParts, running_loop

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

T = TypeVar("T")


class ThreadControls(ServerParts):
    """Methods for programs that have no event loop."""

    @abstractmethod
    async def start(self) -> None:
        """Start to listen on 127.0.0.1."""
        ...

    @abstractmethod
    async def aclose(self) -> None:
        """Close all connections and cancel all deliveries."""
        ...

    @contextlib.contextmanager
    def in_thread(self) -> Generator[Self]:
        """Run the server on an event loop in its own thread until the ``with`` block ends.

        For synchronous tests, other SDKs and web frameworks. All methods of the server can be called from any thread.
        Its coroutines are for `wait`.
        """
        started: Future[asyncio.Event] = Future()

        async def run() -> None:
            stopped = asyncio.Event()
            try:
                await self.start()
                started.set_result(stopped)
                await stopped.wait()
            finally:
                await self.aclose()

        def main() -> None:
            try:
                asyncio.run(run())
            except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
                started.set_exception(error)

        thread = threading.Thread(target=main, name="tripwire-server", daemon=True)
        thread.start()
        stopped = started.result()
        try:
            yield self
        finally:
            self.on_loop(stopped.set)
            thread.join()
        self.faults.check_required()

    def wait(self, coroutine: Coroutine[Any, Any, T], timeout: float = 30.0) -> T:
        """Run *coroutine*, such as ``server.delivered()``, on the loop of the server, from another thread.

        Raises:
            TimeoutError: It has not ended after *timeout* seconds; it is cancelled.
            RuntimeError: The server does not run, or this is the thread of its loop.
        """
        loop = self._loop
        if loop is None or loop is running_loop():
            coroutine.close()
            msg = "wait() is for other threads than that of the server: run it with in_thread(), or await the coroutine"
            raise RuntimeError(msg)
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise
