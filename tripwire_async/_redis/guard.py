"""Redis client whose exceptions hold no password."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, final

from tripwire_async._secrets.frames import clear_frames

from .replies import UNEXPECTED, MalformedReplyError

if TYPE_CHECKING:
    from .link import RedisClient


@final
class GuardedClient:
    """Passes commands to *client*, and clears the frames of its exceptions.

    The frames of redis-py hold the credentials while it connects, and error reporters send the locals of frames.
    """

    __slots__ = ("_client",)

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def execute_command(self, *args: object) -> Any:
        """Return the reply to a command."""
        try:
            return await self._client.execute_command(*args)
        except BaseException as error:  # noqa: BLE001 - raised below, where the exception that is handled is the caller's
            failure = MalformedReplyError() if isinstance(error, UNEXPECTED) else error
        clear_frames(failure, sys.exception())
        try:
            raise failure
        finally:
            # Otherwise the frame, the exception and its traceback would keep each other alive.
            del failure

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
