"""Connection of one event loop to Redis: made in the background, warm before the first request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol, final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from .source import ScriptSource

_CONNECT_TIMEOUT: Final = 10.0
_WARM_UP: Final = b""
"""Argument with which the script does nothing."""


class RedisClient(Protocol):
    """The part of a ``redis.asyncio`` client that is used; its own types are incomplete."""

    def execute_command(self, *args: object) -> Awaitable[Any]: ...

    async def aclose(self) -> None: ...


@final
class RedisLink:
    """Runs the script on a connection that exists already.

    A call has little time for a request, often less than a connection takes. So a separate task makes the connection,
    and continues when the call no longer waits for it. A request that is cut off closes its connection, and the next
    one is made the same way. The next `run` raises the exception of the task.

    Args:
        client: The client of the running event loop.
        keys: The keys of the script.
        source: The script.
        no_script_error: The exception for a script that the server does not have.
    """

    __slots__ = ("_client", "_connecting", "_is_warm", "_keys", "_no_script_error", "_source")

    def __init__(
        self, client: RedisClient, keys: Sequence[str], source: ScriptSource, no_script_error: type[Exception]
    ) -> None:
        self._client = client
        self._keys: tuple[str | int, ...] = (len(keys), *keys)
        self._source = source
        self._no_script_error = no_script_error
        self._is_warm = False
        self._connecting: asyncio.Task[None] | None = None

    async def run(self, *arguments: bytes | str | int, keys: Sequence[str] | None = None) -> Any:
        """Run the script with *arguments*, and return its reply; *keys* replace those of the link."""
        names: tuple[str | int, ...] = self._keys if keys is None else (len(keys), *keys)
        try:
            return await self.command("EVALSHA", self._source.digest, *names, *arguments)
        except self._no_script_error:
            # The server is new or its scripts were flushed; EVAL makes it remember the script.
            return await self.command("EVAL", self._source.text, *names, *arguments)

    async def command(self, *arguments: bytes | str | int) -> Any:
        """Run a command of Redis."""
        if not self._is_warm:
            await self._connect()
        try:
            return await self._client.execute_command(*arguments)
        except BaseException:
            self._is_warm = False
            raise

    async def aclose(self) -> None:
        """Stop connecting."""
        task, self._connecting = self._connecting, None
        self._is_warm = False
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _connect(self) -> None:
        task = self._connecting
        if task is None or task.cancelled():
            task = self._connecting = asyncio.create_task(self._warm_up())
            task.add_done_callback(_retrieve)
        # Not `await task`: if the task is cancelled, the caller is not.
        await asyncio.wait([task])
        if self._connecting is task:
            self._connecting = None
        if task.cancelled():
            msg = "the connection was closed before it was made"
            raise ConnectionError(msg)
        task.result()

    async def _warm_up(self) -> None:
        # With the command that requests use anyway: a user may be permitted to run EVAL and not SCRIPT LOAD.
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            await self._client.execute_command("EVAL", self._source.text, *self._keys, _WARM_UP)
        self._is_warm = True


def _retrieve(task: asyncio.Task[None]) -> None:
    """Mark the exception of *task* as retrieved: if no call waits for it now, the next one will."""
    if not task.cancelled():
        task.exception()
