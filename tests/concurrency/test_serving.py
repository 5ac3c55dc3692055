"""Servers that are cancelled while they start."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from tests.support.redis_server import free_port
from tripwire_async.receiver import WebhookResponse
from tripwire_async.receiver.aiohttp_web import listen
from tripwire_async.testing import RecordingProxy, TripwireServer

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import TypeAlias

    Server: TypeAlias = Callable[[int, Path], contextlib.AbstractAsyncContextManager[object]]


async def accept(body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
    return WebhookResponse(200)


SERVERS: dict[str, Server] = {
    "listen": lambda port, folder: listen(accept, host="127.0.0.1", port=port),
    "TripwireServer": lambda port, folder: TripwireServer(port=port),
    "RecordingProxy": lambda port, folder: RecordingProxy("http://127.0.0.1:1", folder / "file", port=port),
}


@pytest.mark.parametrize("everything", [False, True], ids=["its task", "all tasks"])
@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_that_is_cancelled_while_it_starts_leaves_no_socket(
    name: str, everything: bool, tmp_path: Path
) -> None:
    """In every turn of the loop, also when all tasks of the loop are cancelled, as `asyncio.run` does at its end."""
    port, turns, entered = free_port(), 0, asyncio.Event()

    async def run() -> None:
        async with SERVERS[name](port, tmp_path):
            entered.set()
            await asyncio.Event().wait()

    while not entered.is_set():
        task = asyncio.create_task(run())
        for _ in range(turns):
            await asyncio.sleep(0)
        for each in asyncio.all_tasks() - {asyncio.current_task()} if everything else [task]:
            each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        assert {asyncio.current_task()} == asyncio.all_tasks()
        socket.create_server(("127.0.0.1", port)).close()
        turns += 1
    assert turns > 2


@pytest.mark.parametrize("cancellations", [1, 3, "all tasks"])
@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_that_is_cancelled_while_it_stops_has_stopped(
    name: str, cancellations: int | str, tmp_path: Path
) -> None:
    """The cleanup ends before the cancellation continues, also with a connection that is kept alive."""
    port, entered, stop = free_port(), asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with SERVERS[name](port, tmp_path):
            entered.set()
            await stop.wait()

    before = asyncio.all_tasks()
    task = asyncio.create_task(run())
    await entered.wait()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 ")
    stop.set()
    for _ in range(cancellations if isinstance(cancellations, int) else 1):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for each in [task] if isinstance(cancellations, int) else asyncio.all_tasks() - before:
            each.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    await asyncio.wait_for(reader.read(), 5)
    writer.close()
    socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize("name", SERVERS)
async def test_a_port_that_is_in_use_is_an_error(name: str, tmp_path: Path) -> None:
    """The error names the port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=str(port)):
            async with SERVERS[name](port, tmp_path):
                pass
    assert {asyncio.current_task()} == asyncio.all_tasks()
