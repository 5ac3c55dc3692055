"""Exchange of pages of events and of the window of sends between the processes of one machine."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar, final

from tripwire_async._concurrency.finishing import finish_thread

from ._shared_files import SharedFiles

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, PageReply, WindowAsk, WindowReply

Ask = TypeVar("Ask")
Reply = TypeVar("Reply")


@final
class SqlitePages:
    """Makes each exchange in a separate thread: that of the journal waits for the disk.

    Args:
        folder: The folder of the files.
        run: Name of the run.
    """

    __slots__ = ("_files", "_thread")

    def __init__(self, folder: Path, run: str) -> None:
        self._files = SharedFiles(folder, run)
        self._thread: ThreadPoolExecutor | None = None

    async def exchange_page(self, ask: PageAsk) -> PageReply:
        """Return the reply to *ask*."""
        # A hand-over to the thread costs more than the look at the file.
        if (reply := self._files.repeat_page(ask)) is not None:
            return reply
        return await self._in_thread(self._files.exchange_page, ask)

    async def exchange_window(self, ask: WindowAsk) -> WindowReply:
        """Return the reply to *ask*."""
        if (reply := self._files.repeat_window(ask)) is not None:
            return reply
        return await self._in_thread(self._files.exchange_window, ask)

    async def aclose(self) -> None:
        """Remove what is not used any more, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await finish_thread(thread, self._files.close)

    def _in_thread(self, exchange: Callable[[Ask], Reply], ask: Ask) -> Awaitable[Reply]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="tripwire-pages")
        return asyncio.get_running_loop().run_in_executor(self._thread, exchange, ask)
