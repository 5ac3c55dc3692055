"""Store that keeps a rate limit in Redis, for all processes that use the same key."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, TypeVar, final

from tripwire_async._redis.errors import is_reply, kind, mistake
from tripwire_async._redis.script import RedisScript, close_all
from tripwire_async._redis.source import ScriptSource
from tripwire_async._secrets.keys import hide
from tripwire_async.errors import ConfigurationError

from ._redis_protocol import decode_grant, encode_request
from .redis_pages import RedisPages
from .store import DEFAULT_PATIENCE, StoreReplyError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from redis.asyncio import Redis, RedisCluster

    from tripwire_async._secrets.secret import Secret

    from .shared_pages import PageAsk, PageReply, WindowAsk, WindowReply
    from .store import SlotGrant, SlotRequest

T = TypeVar("T")

_NAME: Final = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_SOURCE: Final = ScriptSource("tripwire_async.middleware.rate_limit", "redis_store.lua")
_PERMISSIONS: Final = "+eval +evalsha +@read +@write +@hash +@sortedset +time"


@final
class RedisStore:
    """Shared limit in Redis, for `RateLimit`; requires the extra ``redis``.

    Waits for deliveries and runs of `send_tests` share pages of events and the window of sends through it as well.

    Processes with the same API key use the same *name*; another key needs another name. The API key itself is never
    sent to Redis. All times are from the clock of the Redis server.

    One store may be used by any number of rate limits and event loops. Each event loop has its own connections, made in
    the background on first use. Close them with `aclose`; a client does not close the store.

    Wrong credentials or permissions, and a kind of server that cannot work, raise `ConfigurationError` from the first
    calls. Once the store has worked, such errors are logged. Then, and while Redis cannot be reached, calls use the
    limit of their process.

    Args:
        url: URL of the Redis server: ``redis://``, ``rediss://`` (TLS) or ``unix://``, with options of redis-py.
        client: Your own ``redis.asyncio`` client instead, for example of a Sentinel or a cluster. You close it. It
            belongs to one event loop.
        name: Name of the limit: letters, digits, ``_``, ``.``, ``:`` and ``-``.
        patience: Seconds after which a call stops waiting for Redis. A request takes one round trip, so a Redis that is
            farther away than the default 0.08 s needs more.

    Raises:
        ConfigurationError: The package redis is missing, or an argument is invalid.
    """

    __slots__ = ("_has_worked", "_keys", "_name", "_pages", "_patience", "_script")

    def __init__(
        self,
        url: str | Secret | None = None,
        *,
        client: Redis | RedisCluster | None = None,
        name: str = "default",
        patience: float = DEFAULT_PATIENCE,
    ) -> None:
        url = None if url is None else hide(url)
        # The braces keep the keys on the same node of a cluster.
        prefix = f"tripwire:{{{name}}}"
        self._keys = [f"{prefix}:{part}" for part in ("state", "slots", "clients", "asks", "ended")]
        self._script = RedisScript("RedisStore", url, client, keys=self._keys, source=_SOURCE)
        if not _NAME.fullmatch(name):
            msg = f"name must be 1 to 100 letters, digits, '_', '.', ':' or '-', not {name!r}"
            raise ConfigurationError(msg)
        if not 0 < patience < math.inf:
            msg = f"patience must be a positive number of seconds, not {patience!r}"
            raise ConfigurationError(msg)
        self._pages = RedisPages("RedisStore", url, client, prefix)
        self._name = name
        self._patience = patience
        self._has_worked = False

    @property
    def patience(self) -> float:
        """Seconds after which a call stops waiting for Redis."""
        return self._patience

    async def exchange(self, request: SlotRequest, /) -> SlotGrant:
        """Run the script on the server; see `RateLimitStore`."""
        keys = [*self._keys[:-1], f"{self._keys[-1]}:{request.client}"]
        return decode_grant(await self._result(self._script.run(encode_request(request), keys=keys)))

    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        """Run the script of shared pages on the server; see `SharedPages`."""
        return await self._result(self._pages.exchange_page(ask))

    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        """Run the script of shared pages on the server; see `SharedWindow`."""
        return await self._result(self._pages.exchange_window(ask))

    async def aclose(self) -> None:
        """Close the connections of the running event loop; the store may be used again, and closed twice."""
        await close_all(self._script, self._pages.script)

    async def _result(self, reply: Awaitable[T]) -> T:
        try:
            result = await reply
        except self._script.errors as error:
            failure = self._translate(error)
        else:
            self._has_worked = True
            return result
        # Outside of the handler: the context would be the error of redis-py, whose text can contain secrets.
        raise failure

    def __repr__(self) -> str:
        return f"<RedisStore {self._name!r} at {self._script.location}>"

    def _translate(self, error: Exception) -> Exception:
        """Return the exception to raise instead of *error*, without its text: that can contain secrets."""
        advice = mistake(error, permissions=_PERMISSIONS)
        if advice is not None and not self._has_worked:
            return ConfigurationError(f"{self!r} cannot be used. {advice}.")
        if advice is not None or is_reply(error):
            return StoreReplyError(kind(error))
        return ConnectionError(kind(error))
