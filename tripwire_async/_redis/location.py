"""Validation of the URL of a Redis server, and connections to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tripwire_async.errors import ConfigurationError

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool

    from tripwire_async._secrets.secret import Secret

    from .link import RedisClient

_SCHEMES: Final = frozenset({"redis", "rediss", "unix"})
_CONNECTIONS: Final = 8


def printable(url: Secret) -> str:
    """Return *url* without its user, password and options; a `ConfigurationError` if it is not a URL of a Redis."""
    shown = _without_credentials(url.reveal())
    if shown is None:
        msg = "url must look like redis://host:6379/0, rediss://host:6379/0 or unix:///path/to/redis.sock"
        raise ConfigurationError(msg)
    return shown


def _without_credentials(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not (host or parts.scheme == "unix"):
        return None
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


def check_options(url: Secret) -> None:
    """Reject options of *url* that redis-py does not accept, before the first call."""
    # Raised outside of the handler: the frames and the text of the exception of redis-py can contain a password.
    if not _is_accepted(url):
        msg = "url has an option that the package redis does not accept, or an option with an invalid value"
        raise ConfigurationError(msg)


def _is_accepted(url: Secret) -> bool:
    try:
        pool = _pool(url)
        pool.connection_class(**pool.connection_kwargs)
    except Exception:  # noqa: BLE001 - for some values redis-py up to version 7 raises an UnboundLocalError
        return False
    return True


def connect(url: Secret) -> RedisClient:
    """Return a client for the running event loop; it connects on first use."""
    from redis.asyncio import Redis  # noqa: PLC0415 - an extra

    return Redis.from_pool(_pool(url))


def _pool(url: Secret) -> BlockingConnectionPool:
    from redis.asyncio import BlockingConnectionPool  # noqa: PLC0415 - an extra
    from redis.asyncio.retry import Retry  # noqa: PLC0415 - an extra
    from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra

    # The callers retry by themselves, so redis-py must not retry. Its timeouts
    # use `asyncio.wait_for`, which can lose a cancellation in Python 3.11. Without a bound there could be a hundred
    # connections for a few concurrent requests. Protocol 2 connects in one round trip less.
    return BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - its arguments are untyped
        url.reveal(),
        max_connections=_CONNECTIONS,
        timeout=None,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        socket_timeout=None,
        socket_connect_timeout=None,
    )
