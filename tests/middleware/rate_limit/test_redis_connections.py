"""Tests of the arguments and connections of the Redis store."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import pytest
import redis.asyncio

from tests.support.redis_server import RedisServer
from tests.support.store_process import Process
from tripwire_async._redis import script
from tripwire_async._redis.source import ScriptSource
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import RedisStore
from tripwire_async.middleware.rate_limit.store import StoreReplyError

SOURCE = ScriptSource("tripwire_async.middleware.rate_limit", "redis_store.lua")


def test_one_store_serves_one_run_after_the_other(server: RedisServer) -> None:
    """Each event loop has its own connections; closing twice is fine, and so is use after it."""
    store = RedisStore(server.url, name="runs")

    async def main(client: str, *, close: bool) -> int:
        process = Process(store, client)
        granted = (await process.ask(single=1)).granted
        if close:
            await store.aclose()
            await store.aclose()
            granted += (await process.ask(single=1)).granted
            await store.aclose()
        return granted

    assert [2, 2] == [asyncio.run(main(client, close=True)) for client in ("one", "two")]


async def test_there_are_few_connections(server: RedisServer, raw: Any) -> None:
    """However many ask at once."""
    store = RedisStore(server.url, name="many")
    await asyncio.gather(*(Process(store, f"client{number}").ask() for number in range(50)))
    connected = [client for client in await raw.client_list() if client["cmd"] in {"evalsha", "eval"}]
    assert 1 <= len(connected) <= 8
    await store.aclose()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:hunter2@redis.example:6379/3", "redis://redis.example:6379/3"),
        ("rediss://:hunter2@redis.example?password=hunter2", "rediss://redis.example"),
        ("unix:///run/redis.sock?password=hunter2", "unix:///run/redis.sock"),
    ],
)
def test_a_password_is_not_printed(url: str, shown: str) -> None:
    """The password can be before the host or in the options."""
    assert f"<RedisStore 'default' at {shown}>" == repr(RedisStore(url))


@pytest.mark.parametrize("url", ["", "http://user:hunter2@x", "redis://", "redis://x:hunter2", "//hunter2"])
def test_an_address_that_is_none_is_refused_and_not_shown(url: str) -> None:
    """It may be a password, pasted to the wrong place."""
    with pytest.raises(ConfigurationError, match="url must look like redis://") as caught:
        RedisStore(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "two words", "{x}", "x" * 101, "ä"])
def test_a_name_that_would_make_odd_keys_is_refused(name: str) -> None:
    """Letters, digits and a few signs, and not too long."""
    with pytest.raises(ConfigurationError, match="name must be"):
        RedisStore("redis://127.0.0.1", name=name)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is raised by the constructor, not in the middle of a run."""

    def refuse(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(ConfigurationError, match=r"pip install 'tripwire-async\[redis\]'"):
        RedisStore("redis://127.0.0.1")


async def test_a_wrong_password_is_an_error_that_does_not_show_it() -> None:
    """The message names the cause."""
    with RedisServer("--requirepass", "swordfish") as server:
        store = RedisStore(f"{server.url}?password=hunter2")
        with pytest.raises(ConfigurationError, match="rejects the credentials") as caught:
            await Process(store, "one").ask()
        right = RedisStore(f"{server.url}?password=swordfish")
        assert (await Process(right, "one").ask(single=1)).granted == 1
        await right.aclose()
        await store.aclose()
    assert "hunter2" not in str(caught.value)


async def test_a_server_that_is_not_there_is_an_error(tmp_path: Any) -> None:
    """Of a kind that the scheduler knows."""
    store = RedisStore(f"unix://{tmp_path}/nothing")
    with pytest.raises(OSError, match=r"^ConnectionError$"):
        await Process(store, "one").ask()
    await store.aclose()


@pytest.mark.parametrize("arguments", [{}, {"url": "redis://127.0.0.1", "client": redis.asyncio.Redis()}])
def test_either_a_url_or_a_client_is_given(arguments: dict[str, Any]) -> None:
    """Both or none cannot be meant."""
    with pytest.raises(ConfigurationError, match="either url or client"):
        RedisStore(**arguments)


def test_the_default_patience() -> None:
    """The documentation promises it."""
    assert RedisStore("redis://localhost").patience == 0.08


@pytest.mark.parametrize("patience", [0.0, -1.0, float("inf"), float("nan")])
def test_patience_is_a_positive_number(patience: float) -> None:
    """Without time, or with any amount of it, the store would be useless or block calls."""
    with pytest.raises(ConfigurationError, match="patience must be"):
        RedisStore("redis://127.0.0.1", patience=patience)


@pytest.mark.parametrize("option", ["hunter2=1", "health_check_interval=hunter2", "protocol=hunter2"])
def test_an_option_that_redis_does_not_accept_is_rejected_at_once(option: str) -> None:
    """The error is raised by the constructor, and its text does not contain the value."""
    with pytest.raises(ConfigurationError, match="url has an option") as caught:
        RedisStore(f"redis://127.0.0.1?{option}")
    assert "hunter2" not in str(caught.value)


async def test_an_error_of_the_script_is_not_a_mistake_of_the_user(store: RedisStore, raw: Any, key: str) -> None:
    """It is logged as an error, and calls continue."""
    await raw.set(f"{key}:state", "not a hash")
    with pytest.raises(StoreReplyError, match="ResponseError"):
        await Process(store, "one").ask(single=1)


class HangingClient:
    """Client of redis-py whose server does not respond."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.is_closed = False

    async def execute_command(self, *args: object) -> None:
        del args
        self.asked.set()
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        self.is_closed = True


async def test_closing_a_store_does_not_cancel_the_calls_that_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told that there is no connection, as when the server is not there."""
    client = HangingClient()
    monkeypatch.setattr(script, "connect", lambda url: client)
    used = script.RedisScript("RedisStore", "redis://x", None, keys=["k"], source=SOURCE)
    asking = [asyncio.create_task(used.run()) for _ in range(2)]
    await client.asked.wait()
    await used.aclose()
    assert ["ConnectionError"] * 2 == [
        type(each).__name__ for each in await asyncio.gather(*asking, return_exceptions=True)
    ]


async def test_a_cancelled_attempt_to_connect_is_made_again(server: RedisServer) -> None:
    """By the next call: whoever cancels all tasks of a loop does not cancel those that come later."""
    used = script.RedisScript("RedisStore", server.url, None, keys=["k"], source=SOURCE)
    asking = asyncio.create_task(used.run(b""))
    for _ in range(2):
        await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await used.run(b"")
    await used.aclose()


@pytest.mark.parametrize("steps", range(1, 7))
async def test_connections_are_closed_when_the_loop_ends_in_the_middle(
    monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """At its end, `asyncio.run` cancels all tasks: the one that closes the store, and those that this one started."""
    clients: list[HangingClient] = []

    def connect(url: object) -> HangingClient:
        del url
        clients.append(HangingClient())
        return clients[-1]

    monkeypatch.setattr(script, "connect", connect)
    scripts = [script.RedisScript("RedisStore", "redis://x", None, keys=["k"], source=SOURCE) for _ in range(2)]
    asking = [asyncio.create_task(each.run()) for each in scripts]
    await asyncio.sleep(0)
    await asyncio.gather(*(client.asked.wait() for client in clients))
    closing = asyncio.create_task(script.close_all(*scripts))
    for _ in range(steps):
        await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.wait([closing, *asking])
    assert [True, True] == [client.is_closed for client in clients]
