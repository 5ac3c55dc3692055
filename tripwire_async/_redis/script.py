"""Lua script on a Redis server that is given by its URL, or by a client of the user's own."""

from __future__ import annotations

import functools
import importlib
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, final

from tripwire_async._concurrency.finishing import finish_closing
from tripwire_async._concurrency.per_loop import PerLoop
from tripwire_async._secrets.keys import hide, require_secret
from tripwire_async.errors import ConfigurationError

from .guard import GuardedClient
from .link import RedisLink
from .location import check_options, connect, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis, RedisCluster

    from tripwire_async._secrets.secret import Secret

    from .link import RedisClient
    from .source import ScriptSource


@final
class RedisScript:
    """Runs one script, with its own connections for each event loop, made in the background on first use.

    Args:
        owner: Name of the public class, for messages.
        url: URL of the server, with options of redis-py.
        client: The user's own client instead, which the user closes. It belongs to one event loop.
        keys: Keys of the script.
        source: The script.

    Raises:
        ConfigurationError: The package redis is missing, not exactly one of *url* and *client* is given, or the URL is
            invalid.
    """

    __slots__ = ("_client", "_keys", "_links", "_no_script_error", "_owner", "_source", "_url", "errors", "location")

    errors: Final[tuple[type[Exception], ...]]
    location: Final[str]

    def __init__(
        self,
        owner: str,
        url: str | Secret | None,
        client: Redis | RedisCluster | None,
        *,
        keys: Sequence[str],
        source: ScriptSource,
    ) -> None:
        if url is not None:
            url = hide(url)
            require_secret(url, name="url")
        try:
            # Imported here and not by the first call, which has little time.
            exceptions = importlib.import_module("redis.exceptions")
            importlib.import_module("redis.asyncio")
        except ImportError:
            msg = f"{owner} needs the package redis: run pip install 'tripwire-async[redis]'"
            raise ConfigurationError(msg) from None
        if (url is None) is (client is None):
            msg = f"{owner} needs either url or client"
            raise ConfigurationError(msg)
        self.location = f"a {type(client).__name__} client" if url is None else printable(url)
        if url is not None:
            check_options(url)
        self.errors = (exceptions.RedisError, exceptions.RedisClusterException)
        self._no_script_error = exceptions.NoScriptError
        self._owner = owner
        self._url = url
        self._client: Any = client
        self._keys = keys
        self._source = source
        self._links: PerLoop[tuple[RedisLink, RedisClient]] = PerLoop(self._open)

    async def run(self, *arguments: bytes | str | int, keys: Sequence[str] | None = None) -> Any:
        """Run the script with *arguments*, and return its reply; raises `errors` and those of the connection.

        *keys* replace the keys of the script.
        """
        link, _ = self._links.get()
        return await link.run(*arguments, keys=keys)

    async def command(self, *arguments: bytes | str | int) -> Any:
        """Run a command of Redis on the same connections, and return its reply."""
        link, _ = self._links.get()
        return await link.command(*arguments)

    async def aclose(self) -> None:
        """Close the connections of the running event loop; the script may be used again, and closed twice."""
        opened = self._links.pop()
        if opened is not None:
            await finish_closing(functools.partial(self._close, *opened))

    async def _close(self, link: RedisLink, client: RedisClient) -> None:
        try:
            await link.aclose()
        finally:
            if self._url is not None:
                await client.aclose()

    def _open(self) -> tuple[RedisLink, RedisClient]:
        if self._url is None:
            if len(self._links):
                kind = self._owner.removeprefix("Redis").lower()
                msg = (
                    f"{self._owner}(client=…) belongs to the event loop in which it was first used. "
                    f"Create a {kind} and a client for each event loop, or pass a url."
                )
                raise ConfigurationError(msg)
            client: RedisClient = self._client
        else:
            client = connect(self._url)
        guarded = GuardedClient(client)
        return RedisLink(guarded, self._keys, self._source, self._no_script_error), guarded


async def close_all(*scripts: RedisScript) -> None:
    """Close *scripts*, all of them also if closing one fails or is cancelled."""
    # A cancellation needs no care here: closing one script ends before it is raised, and the stack goes on.
    async with AsyncExitStack() as stack:
        for script in scripts:
            stack.push_async_callback(script.aclose)
