"""Store that keeps a rate limit in Redis, for all processes that use the same key."""

from __future__ import annotations

import importlib
import math
import re
from typing import TYPE_CHECKING, Any, Final, final
from urllib.parse import urlsplit

from tripwire_async._concurrency.per_loop import PerLoop
from tripwire_async.errors import ConfigurationError

from ._redis_errors import kind, mistake
from ._redis_link import RedisClient, RedisLink
from ._redis_protocol import decode_grant, encode_request
from .store import DEFAULT_PATIENCE, StoreReplyError

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster

    from .store import SlotGrant, SlotRequest

_NAME: Final = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_SCHEMES: Final = frozenset({"redis", "rediss", "unix"})
_CONNECTIONS: Final = 8


@final
class RedisStore:
    """Shared limit in Redis, for `RateLimit`; requires the extra ``redis``.

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

    __slots__ = ("_client", "_has_worked", "_keys", "_links", "_location", "_name", "_patience", "_redis", "_url")

    def __init__(
        self,
        url: str | None = None,
        *,
        client: Redis | RedisCluster | None = None,
        name: str = "default",
        patience: float = DEFAULT_PATIENCE,
    ) -> None:
        try:
            # Imported here and not by the first call, which has little time.
            self._redis = importlib.import_module("redis.exceptions")
            importlib.import_module("redis.asyncio")
        except ImportError:
            msg = "RedisStore needs the package redis; install it with: pip install 'tripwire-async[redis]'"
            raise ConfigurationError(msg) from None
        if (url is None) is (client is None):
            msg = "RedisStore needs either url or client"
            raise ConfigurationError(msg)
        if not _NAME.fullmatch(name):
            msg = f"name must be 1 to 100 letters, digits, '_', '.', ':' or '-', not {name!r}"
            raise ConfigurationError(msg)
        if not 0 < patience < math.inf:
            msg = f"patience must be a positive number of seconds, not {patience!r}"
            raise ConfigurationError(msg)
        self._url = url
        self._client: Any = client
        self._name = name
        self._patience = patience
        self._location = f"a {type(client).__name__} client" if url is None else _location(url)
        if url is not None:
            _check_options(url)
        # The braces keep the keys on the same node of a cluster.
        self._keys = [f"tripwire:{{{name}}}:{part}" for part in ("state", "slots", "clients", "asks")]
        self._has_worked = False
        self._links: PerLoop[tuple[RedisLink, RedisClient]] = PerLoop(self._open_link)

    @property
    def patience(self) -> float:
        """Seconds after which a call stops waiting for Redis."""
        return self._patience

    async def exchange(self, request: SlotRequest, /) -> SlotGrant:
        """Run the script on the server; see `RateLimitStore`."""
        link, _ = self._links.get()
        try:
            reply = await link.run(encode_request(request))
        except (self._redis.RedisError, self._redis.RedisClusterException) as error:
            raise self._translate(error) from None
        self._has_worked = True
        return decode_grant(reply)

    async def aclose(self) -> None:
        """Close the connections of the running event loop; the store may be used again, and closed twice."""
        opened = self._links.pop()
        if opened is not None:
            link, client = opened
            await link.aclose()
            if self._url is not None:
                await client.aclose()

    def __repr__(self) -> str:
        return f"<RedisStore {self._name!r} at {self._location}>"

    def _open_link(self) -> tuple[RedisLink, RedisClient]:
        if self._url is None:
            if len(self._links):
                msg = (
                    "RedisStore(client=…) belongs to the event loop in which it was first used. "
                    "Create a store and a client for each event loop, or pass a url."
                )
                raise ConfigurationError(msg)
            client: RedisClient = self._client
        else:
            client = _connect(self._url)
        return RedisLink(client, self._keys, self._redis.NoScriptError), client

    def _translate(self, error: Exception) -> Exception:
        """Return the exception to raise instead of *error*, without its text: that can contain secrets."""
        advice = mistake(error)
        if advice is not None and not self._has_worked:
            return ConfigurationError(f"{self!r} cannot be used. {advice}.")
        if advice is not None or isinstance(error, self._redis.ResponseError):
            return StoreReplyError(kind(error))
        return ConnectionError(kind(error))


def _connect(url: str) -> RedisClient:
    from redis.asyncio import Redis  # noqa: PLC0415 - an extra

    return Redis.from_pool(_pool(url))


def _pool(url: str) -> BlockingConnectionPool:
    from redis.asyncio import BlockingConnectionPool  # noqa: PLC0415 - an extra
    from redis.asyncio.retry import Retry  # noqa: PLC0415 - an extra
    from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra

    # The rate limit retries by itself, with its own limit until then, so redis-py must not retry. Its timeouts
    # use `asyncio.wait_for`, which can lose a cancellation in Python 3.11. Without a bound there could be a hundred
    # connections for a few concurrent requests. Protocol 2 connects in one round trip less.
    return BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - its arguments are untyped
        url,
        max_connections=_CONNECTIONS,
        timeout=None,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        socket_timeout=None,
        socket_connect_timeout=None,
    )


def _check_options(url: str) -> None:
    """Reject options of *url* that redis-py does not accept, before the first call."""
    try:
        pool = _pool(url)
        pool.connection_class(**pool.connection_kwargs)
    except Exception:  # noqa: BLE001 - for some values redis-py up to version 7 raises an UnboundLocalError
        # The text of the exception can contain a password.
        msg = "url has an option that the package redis does not accept, or an option with an invalid value"
        raise ConfigurationError(msg) from None


def _location(url: str) -> str:
    """Return *url* without its user, password and options."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in _SCHEMES or not (host or parts.scheme == "unix"):
        msg = "url must look like redis://host:6379/0, rediss://host:6379/0 or unix:///path/to/redis.sock"
        raise ConfigurationError(msg)
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"
