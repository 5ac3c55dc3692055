"""Server, client and store for one scenario, and checks that a cancelled call leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import attrs
from aiohttp import web

import tripwire_async
from tests.support.recorded_answers import RecordedAnswers
from tripwire_async import TRIPWIRE, AsyncTripwire
from tripwire_async.middleware import Metrics, RateLimit, RedisStore, Tracing, default_middleware
from tripwire_async.testing import TripwireServer, WebhookSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AsyncExitStack
    from types import TracebackType

    from tripwire_async import Profile

_PACKAGE: Final = str(Path(tripwire_async.__file__).parent)
_TURNS: Final = 400


class RecordedServer:
    """Server that responds to every operation with its recorded response, after some milliseconds of the fast clock.

    Attributes:
        received: Number of requests that it has received.
    """

    def __init__(self) -> None:
        self.url = ""
        self.received = 0
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.01)
        self._answers = RecordedAnswers()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        self.received += 1
        await asyncio.sleep(0.02)
        answer = self._answers.find(request.method, request.path)
        headers = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "900", "X-RateLimit-Reset": "60"}
        return web.Response(status=answer.status, body=answer.content, headers=headers, content_type="application/json")


@attrs.define
class World:
    """Everything that a scenario works with.

    Attributes:
        recorded: Server with recorded responses.
        server: Test server.
        folder: Empty folder for files.
        redis: URL of a Redis server; None to keep the rate limit in the process.
        client: Client that is new for each cancellation, of the server that the scenario names.
        kept: Results of the preparation.
        observed: Tasks of the library whose suspensions are counted.
    """

    recorded: RecordedServer
    server: TripwireServer
    folder: Path
    redis: str | None = None
    client: AsyncTripwire = attrs.field(init=False)
    kept: dict[str, Any] = attrs.field(factory=dict)
    observed: weakref.WeakSet[asyncio.Task[Any]] = attrs.field(factory=weakref.WeakSet)
    _limit: RateLimit = attrs.field(init=False)
    _store: RedisStore | None = attrs.field(init=False)
    _number: int = 0

    def open(self, *, recorded: Profile | None) -> None:
        """Create a client."""
        self._number += 1
        self._store = None
        if self.redis is not None:
            self._store = RedisStore(self.redis, name=f"cancellation-{os.getpid()}-{self._number}", patience=50.0)
        self._limit = RateLimit(store=self._store)
        chain = [self._limit if isinstance(layer, RateLimit) else layer for layer in default_middleware()]
        profile = recorded or TRIPWIRE
        url = self.server.base_url if recorded is None else f"{self.recorded.url}/{profile.name}"
        self.client = AsyncTripwire(
            self.server.secret_key,
            profile=profile,
            base_url=url,
            middleware=[Metrics(), Tracing(), *chain],
            timeout=2000.0,
            deadline=20_000.0,
        )

    @property
    def organization(self) -> str:
        return self.server.organization_id

    @property
    def endpoints(self) -> list[str]:
        return list(self.server.state.endpoints)

    async def check_quiet(self) -> None:
        """Check that no task, request, permit, read or wait of the library is left, with the client open."""
        await self.until_none(self._left)

    async def close(self) -> None:
        """Close the client and its store."""
        await self.client.close()
        if self._store is not None:
            await self._store.aclose()

    async def until_none(self, left: Callable[[], list[object]], *, seconds: float = 0.0) -> None:
        """Check that *left* returns nothing after some turns of the loop, or after *seconds* of the fast clock."""
        end = asyncio.get_running_loop().time() + seconds
        for turn in range(_TURNS):
            if not left():
                return
            # Redis is another process, and needs real time to respond.
            await asyncio.sleep(0.1 if self.redis is not None and turn > 20 else 0)
        for _ in range(_TURNS):
            if not left() or asyncio.get_running_loop().time() >= end:
                break
            await asyncio.sleep(0.5)
        assert [] == left()

    def _left(self) -> list[object]:
        state = self._limit.state()
        in_flight = self.client._connection.transport.statistics().in_flight  # noqa: SLF001 - not public
        left: list[object] = [
            f"{task!r}" for task in tasks() if task in self.observed or is_of_library(task.get_coro())
        ]
        left += [f"{name}: {count}" for name, count in _counts(self.client, self.organization).items() if count]
        if state.in_flight or state.waiting or in_flight:
            left.append(f"limiter: {state.in_flight} in flight, {state.waiting} waiting; transport: {in_flight}")
        return left


def tasks() -> set[asyncio.Task[Any]]:
    """Return all tasks but the current one."""
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type] - there is a current task


def is_of_library(coroutine: Any) -> bool:
    """Return whether *coroutine* is one of the library, or of aiohttp's client, rather than of a test server."""
    path = getattr(getattr(coroutine, "cr_code", None), "co_filename", "")
    if path.startswith(_PACKAGE):
        return not path.startswith(f"{_PACKAGE}/testing")
    return "/aiohttp/" in path and "/web" not in path


def _counts(client: AsyncTripwire, organization: str) -> dict[str, int]:
    sender = client.webhooks._sender  # noqa: SLF001 - the statistics are not public
    counts: dict[str, int] = sender.poller(organization).statistics()
    return counts


def timers() -> set[int]:
    """Return the ids of the timers that are scheduled on the running loop."""
    scheduled: Iterable[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined] # noqa: SLF001 - not public
    return {id(timer) for timer in scheduled if not timer.cancelled()}


def descriptors() -> int:
    """Return the number of open file descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))


async def new_world(stack: AsyncExitStack, redis: str | None) -> World:
    """Start the servers."""
    recorded = await stack.enter_async_context(RecordedServer())
    settings = WebhookSettings(delay=0.01, backoff=0.01)
    server = await stack.enter_async_context(TripwireServer(webhooks=settings, limit=100_000))
    for number in range(6):
        server.add_endpoint(f"https://example.com/hook{number}")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    return World(recorded, server, folder, redis)
