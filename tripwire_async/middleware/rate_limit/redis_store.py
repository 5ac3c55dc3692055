"""Keep a rate limit in Redis, for all the processes that use one key."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import importlib
import re
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Protocol, final
from urllib.parse import urlsplit

import msgspec

from tripwire_async.errors import ConfigurationError

from .store import SlotGrant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from .store import FinishedRequest, SlotRequest

_NAME: Final = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_SCHEMES: Final = frozenset({"redis", "rediss", "unix"})
_CONNECTIONS: Final = 8
_MICRO: Final = 1_000_000
_LONGEST: Final = 1e9
"""Seconds beyond which one number is as good as another; the script's numbers have 53 bits."""


class _Redis(Protocol):
    """What is used of redis-py's client, which is not typed to the end."""

    def execute_command(self, *args: object) -> Awaitable[Any]: ...

    async def aclose(self) -> None: ...


@final
class RedisStore:
    """A shared limit in Redis, for `RateLimit`; needs the extra ``redis``.

    Processes that use the same key give the same *name*, and those that use another key another one. The key itself
    never goes to Redis. Time is the Redis server's, so that the processes' clocks need not agree.

    A store is used by any number of rate limits and event loops; each loop has connections of its own, made on first
    use. They are closed by `aclose`, by whoever made the store; a client does not close it.

    Args:
        url: Where Redis is: ``redis://``, ``rediss://`` (TLS) or ``unix://``.
        name: What the limit is called: letters, digits, ``_``, ``.``, ``:`` and ``-``.

    Raises:
        ConfigurationError: The package redis is missing, or an argument cannot be used.
    """

    __slots__ = ("_clients", "_keys", "_location", "_name", "_redis", "_url")

    def __init__(self, url: str, *, name: str = "default") -> None:
        try:
            # Here rather than in the first call, which has no time to lose.
            self._redis = importlib.import_module("redis.exceptions")
            importlib.import_module("redis.asyncio")
        except ImportError:
            msg = "RedisStore needs the package redis; install it with: pip install 'tripwire-async[redis]'"
            raise ConfigurationError(msg) from None
        if not _NAME.fullmatch(name):
            msg = f"name must be 1 to 100 letters, digits, '_', '.', ':' or '-', not {name!r}"
            raise ConfigurationError(msg)
        self._name = name
        self._location = _location(url)
        self._url = url
        # The braces keep the keys together where Redis is a cluster.
        self._keys = [f"tripwire:{{{name}}}:{part}" for part in ("state", "slots", "clients", "asks")]
        self._clients: dict[asyncio.AbstractEventLoop, _Redis] = {}

    async def exchange(self, request: SlotRequest, /) -> SlotGrant:
        """Run the script on the server; see `RateLimitStore`."""
        arguments = (len(self._keys), *self._keys, msgspec.json.encode(_encode_request(request)))
        client = self._client()
        try:
            try:
                reply: Sequence[int] = await client.execute_command("EVALSHA", _digest(), *arguments)
            except self._redis.NoScriptError:
                # The server is new or was flushed; it remembers what it was sent once.
                reply = await client.execute_command("EVAL", _source(), *arguments)
        except self._redis.RedisError as error:
            # Its own words may hold the address; what kind it is, under redis-py's wrapping, says enough.
            raise ConnectionError(type(error.__cause__ or error).__name__) from None
        granted, wait, limit, window, cooldown, unsettled, others = reply
        return SlotGrant(
            granted=granted,
            wait=wait / _MICRO,
            limit=limit if limit > 0 else None,
            window=window / _MICRO if window > 0 else None,
            cooldown=cooldown / _MICRO,
            unsettled=bool(unsettled),
            others=others,
        )

    async def aclose(self) -> None:
        """Close the running loop's connections; the store may be used again, and closed twice."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def __repr__(self) -> str:
        return f"<RedisStore {self._name!r} at {self._location}>"

    def _client(self) -> _Redis:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            # What a loop that is gone left open cannot be closed any more, only dropped.
            self._clients = {loop: kept for loop, kept in self._clients.items() if not loop.is_closed()}
            client = self._clients[loop] = _connect(self._url)
        return client


def _connect(url: str) -> _Redis:
    from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an extra
    from redis.asyncio.retry import Retry  # noqa: PLC0415 - an extra
    from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra

    # The caller retries by itself and meanwhile applies a limit of its own, so redis-py must not retry. Without a bound
    # there could be a hundred connections for a few concurrent requests. Protocol 2 connects in one round trip less.
    pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - its arguments are untyped
        url, max_connections=_CONNECTIONS, timeout=None, retry=Retry(NoBackoff(), 0), protocol=2
    )
    return Redis.from_pool(pool)


@functools.cache
def _source() -> str:
    return (
        resources.files("tripwire_async.middleware.rate_limit").joinpath("redis_store.lua").read_text(encoding="utf-8")
    )


@functools.cache
def _digest() -> str:
    return hashlib.sha1(_source().encode(), usedforsecurity=False).hexdigest()


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


def _encode_request(request: SlotRequest) -> dict[str, object]:
    """Return *request* as the script reads it: microseconds before now, and nothing that is not known."""
    return {
        "client": request.client,
        "number": request.number,
        "interactive": request.interactive,
        "bulk": request.bulk,
        **_without_none(limit=request.limit, window=_micro(request.window)),
        "finished": [_encode_finished(finished, request.now) for finished in request.finished],
    }


def _encode_finished(ended: FinishedRequest, now: float) -> dict[str, object]:
    return {
        "serial": ended.serial,
        "slot": ended.slot,
        "sent_ago": _micro(now - ended.sent),
        "ended_ago": _micro(now - ended.at),
        "outcome": ended.outcome,
        "hold": _micro(ended.hold),
        **_without_none(limit=ended.limit, count=ended.count, retry_after=_micro(ended.retry_after)),
    }


def _without_none(**values: int | None) -> dict[str, int]:
    return {name: value for name, value in values.items() if value is not None}


def _micro(seconds: float | None) -> int | None:
    return None if seconds is None else round(min(seconds, _LONGEST) * _MICRO)
