"""Server in another thread, for clients that run in several event loops."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

S = TypeVar("S")


@contextlib.contextmanager
def in_thread(make: Callable[[], AbstractAsyncContextManager[S]]) -> Iterator[S]:
    """Run the server of *make* in an event loop of another thread, until the block ends."""
    servers: list[S] = []
    stop: list[Callable[[], object]] = []
    started = threading.Event()

    async def main() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        async with make() as server:
            servers.append(server)
            started.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        assert started.wait(10), "the server did not start"
        yield servers[0]
    finally:
        stop[0]()
        thread.join()
