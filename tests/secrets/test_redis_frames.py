"""No exception of a Redis store holds the password of its URL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.raw_server import listening
from tests.support.redis_server import RedisServer
from tests.support.secret_scanner import exposed
from tests.support.store_process import Process
from tripwire_async import Secret
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import RedisStore

if TYPE_CHECKING:
    from tests.support.raw_server import Connection

PASSWORD = "canary0123456789"


async def accept_silently(connection: Connection) -> None:
    await connection.gone()


async def accept_late(connection: Connection) -> None:
    """Accept the first connection, with its login and its script, and no other."""
    if connection.number == 1:
        for _ in range(20):
            await connection.reader.read(65536)
            await connection.say(b"+OK\r\n" * 3)
    await connection.gone()


async def garble(connection: Connection) -> None:
    await connection.reader.read(65536)
    await connection.say(f"-ERR wrong {PASSWORD}\r\n".encode())


@pytest.mark.parametrize("talk", [accept_silently, accept_late, garble])
@pytest.mark.parametrize("way", [str, Secret])
async def test_a_call_that_is_cancelled_in_the_handshake_shows_no_password(talk: object, way: type) -> None:
    """The frames of redis-py hold the password while it connects, also in the task that connects in the background."""
    async with listening(talk) as server:  # type: ignore[arg-type] - the three functions above
        store = RedisStore(way(server.url.replace("http://", f"redis://user:{PASSWORD}@")))
        errors: list[BaseException] = []
        for _ in range(3):
            try:
                async with asyncio.timeout(0.05):
                    await Process(store, "one").ask()
            except Exception as error:  # noqa: BLE001 - the exceptions are the result
                errors.append(error)
        await store.aclose()
    assert errors
    assert not [place for error in errors for place in exposed(error, PASSWORD)]


async def test_a_rejected_password_is_not_in_the_error() -> None:
    """The server answers WRONGPASS."""
    with RedisServer("--requirepass", "swordfish") as server:
        store = RedisStore(f"{server.url}?password={PASSWORD}")
        with pytest.raises(ConfigurationError, match="rejects the credentials") as caught:
            await Process(store, "one").ask()
        await store.aclose()
    assert not exposed(caught.value, PASSWORD)


@pytest.mark.parametrize(
    "url",
    [
        f"redis://user:{PASSWORD}@host?nonsense=1",
        f"http://user:{PASSWORD}@host",
        f"redis://user:{PASSWORD}@host:port",
        f"redis://:{PASSWORD}@host?health_check_interval={PASSWORD}",
    ],
)
@pytest.mark.parametrize("way", [str, Secret])
def test_a_url_that_is_rejected_is_not_in_the_error(url: str, way: type) -> None:
    """The constructor hides it before anything can fail."""
    with pytest.raises(ConfigurationError) as caught:
        RedisStore(way(url))
    assert not exposed(caught.value, PASSWORD)


def test_an_invalid_name_does_not_show_the_url() -> None:
    """The other arguments of the constructor fail in the frame that holds the URL."""
    with pytest.raises(ConfigurationError) as caught:
        RedisStore(f"redis://user:{PASSWORD}@host", name="two words")
    assert not exposed(caught.value, PASSWORD)
