"""Work that a cancellation must not leave half done, such as opening and closing sockets."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor


async def finish(work: Coroutine[Any, Any, None]) -> None:
    """Await *work* to its end; a cancellation in the meantime is raised afterwards."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        raise


async def finish_thread(thread: Executor, last: Callable[[], None]) -> None:
    """Run the *last* step of a *thread* after all others, and end it; a cancellation is raised afterwards."""
    try:
        # A cancellation would remove the step from the queue of the thread.
        await finish(_run(thread, last))
    finally:
        thread.shutdown(wait=False)


async def _run(thread: Executor, step: Callable[[], None]) -> None:
    await asyncio.get_running_loop().run_in_executor(thread, step)
