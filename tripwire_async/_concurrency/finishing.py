"""Work that a cancellation must not leave half done, such as closing sockets."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor


async def finish_closing(close: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Await `close()` to its end; a cancellation in the meantime is raised afterwards.

    It is called again if all tasks of the loop are cancelled, as at the end of `asyncio.run`.
    """
    closing = asyncio.ensure_future(close())
    try:
        await _end(closing)
    except asyncio.CancelledError:
        if closing.cancelled():
            await finish_closing(close)
        raise


async def finish_thread(thread: Executor, last: Callable[[], None]) -> None:
    """Run the *last* step of a *thread* after all others, and end it; a cancellation is raised afterwards."""
    step = asyncio.wrap_future(thread.submit(last))
    thread.shutdown(wait=False)
    # Not within a task: its cancellation would remove the step from the queue of the thread.
    await _end(step)


async def _end(future: asyncio.Future[None]) -> None:
    try:
        await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        raise
