"""Redis servers whose replies to the scripts of the rate limit and of journals are odd, damaged or cut off."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import itertools
import json
import random
import tempfile
from typing import TYPE_CHECKING, Any, Final

from tests.support.fast_time import FastLoop
from tests.support.redis_run import FOUND, VALUES
from tripwire_async.errors import JournalError, TripwireError
from tripwire_async.journal import JournalAsk, NewRun, RedisJournal
from tripwire_async.middleware import RateLimit, RedisStore
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, WindowAsk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

_ENDPOINT: Final = "we_" + 32 * "0"
_CODES: Final = "ERR NOSCRIPT OOM LOADING READONLY MASTERDOWN NOAUTH NOPERM BUSY MISCONF CLUSTERDOWN TRYAGAIN MOVED ASK"
_TEXTS: Final = (*(f"{code} no" for code in _CODES.split()), "", "MOVED", "MOVED 1 127.0.0.1:1")
_ERRORS: Final = tuple(map(RuntimeError, _TEXTS))
_VALUES: Final[tuple[Any, ...]] = (
    *(None, 0, -1, 2, 2**31, 2**62, 10**30, b"", b"x", b"-1", b"1e999", b"nan", b"\xff", b"12", b"{}", b"[]", b"null"),
    *(b"[" * 5000, [], [[]], [None], [1, [2, [b"x"]]], [b"found", b"{}"], [b"ok"], *_ERRORS),
)
_FOUND: Final = [FOUND[0], json.dumps({**VALUES, "chunk_size": "50"}).encode(), *FOUND[2:]]
_ENTRIES: Final = [[b"1-0", [b"0", b"[]"]]]
_REPLIES: Final[dict[str, Any]] = {
    "begin": _FOUND,
    "exchange": [
        *(b"done", [b"1"], [[b"0", json.dumps([_ENDPOINT]).encode(), b""]], 1, 1, 0),
        *([b"sending", b"1"], b"1774382400000", b"1"),
    ],
    "read": [],
    "pause": [b"done"],
    "drop": [b"done"],
    "SMEMBERS": [b"run"],
    "HGET": b"1-0",
    "SADD": 1,
    "SREM": 1,
    "page": [1774382400000000, 1774382400000000, b"[]", 1, 1, 1, 1],
    "window": [20, 1000, 1],
    "slots": [1, 0, 600, 60000000, 0, 0, 1],
}
"""Valid replies, by the step of the script or by the command."""


def _encode(value: Any) -> bytes:
    """Return *value* in the protocol of Redis."""
    if isinstance(value, RuntimeError):
        return f"-{value}\r\n".encode("latin-1")
    if isinstance(value, list):
        return b"*%d\r\n" % len(value) + b"".join(map(_encode, value))
    if isinstance(value, bytes):
        return b"$%d\r\n%s\r\n" % (len(value), value)
    return b"$-1\r\n" if value is None else b":%d\r\n" % value


def _damaged(reply: Any, generator: random.Random) -> Any:
    """Return *reply* with one change at a random place."""
    if not isinstance(reply, list) or not reply or generator.random() < 0.2:
        return copy.copy(generator.choice(_VALUES))
    index = generator.randrange(len(reply))
    changed = [_damaged(reply[index], generator)] if generator.random() < 0.85 else reply[:index] * 2
    return [*reply[:index], *changed, *reply[index + 1 :]]


async def _command(reader: asyncio.StreamReader) -> list[bytes]:
    count = int((await reader.readline())[1:])
    parts: list[bytes] = []
    for _ in range(count):
        size = int((await reader.readline())[1:])
        parts.append((await reader.readexactly(size + 2))[:-2])
    return parts


def _step(command: list[bytes]) -> str | None:
    """Return the name of the reply to *command*; None if the value of the reply does not matter."""
    name = command[0].decode()
    if not name.startswith("EVAL"):
        return name if name in _REPLIES else None
    keys = int(command[2])
    arguments = command[3 + keys :]
    if arguments == [b""]:
        return None
    step = arguments[0].decode("latin-1")
    if step.startswith("{"):
        return "slots"
    return step


async def _serving(data: bytes, use: Callable[[str], Awaitable[object]]) -> None:
    """Run *use* with the URL of a server whose replies are damaged as *data* says."""
    generator = random.Random(data)  # noqa: S311 - a choice, not a secret
    reads = itertools.count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
            while True:
                step = _step(await _command(reader))
                reply: Any = [] if step is None else _REPLIES[step]
                if step == "read" and next(reads) % 2 == 0:
                    reply = _ENTRIES
                if step is not None and generator.random() < 0.4:
                    reply = _damaged(reply, generator)
                encoded = _encode(reply)
                if step is not None and generator.random() < 0.1:
                    # Something else than a Redis, or a connection that is cut.
                    writer.write(data if generator.random() < 0.5 else encoded[: generator.randrange(len(encoded))])
                    break
                writer.write(encoded)
        writer.close()

    tasks: list[asyncio.Task[None]] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(serve(reader, writer)))

    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.start_unix_server(accept, f"{folder}/socket")
        try:
            await use(f"unix://{folder}/socket")
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def run_on_fast_clock(work: Coroutine[Any, Any, object]) -> None:
    """Run *work*, which must end within some seconds."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        runner.run(asyncio.wait_for(work, 3000.0))


async def _share(store: RedisStore | RedisJournal) -> None:
    """Exchange a page and a part of the window of sends."""
    with contextlib.suppress(OSError, TripwireError):
        page = await store.exchange_page(PageAsk(worker="worker", after=0.0))
        assert min(page.others, page.awaited, page.overdue, page.time) >= 0
        assert page.page is None or isinstance(page.page.body, bytes)
    with contextlib.suppress(OSError, TripwireError):
        window = await store.exchange_window(WindowAsk(worker="worker", width=200, used=0, wanted=20))
        assert min(window.part, window.others, window.oldest) >= 0


def fuzz_store(data: bytes, call: Callable[[RateLimit], Awaitable[object]]) -> None:
    """Make calls with a limit in such a Redis: each succeeds without it, or the configuration is wrong."""

    async def use(url: str) -> None:
        store = RedisStore(url, patience=500.0)
        limit = RateLimit(store=store)
        try:
            for _ in range(3):
                with contextlib.suppress(TripwireError):
                    await call(limit)
            await _share(store)
        finally:
            await store.aclose()
        assert 0 == limit.state().in_flight

    run_on_fast_clock(_serving(data, use))


def fuzz_journal(data: bytes) -> None:
    """Use a journal in such a Redis: each step raises a `JournalError`, or an `OSError` after which it is repeated."""
    new = NewRun(
        id="r1",
        organization_id="org_" + 26 * "0",
        base_url="https://api.example",
        until="settled",
        endpoint_ids=(_ENDPOINT,),
    )
    ask = JournalAsk(worker="worker", number=1, appends=(), ended=(), wanted=1, lease=600.0)

    async def use(url: str) -> None:
        async with RedisJournal(url, run="run", lease=600.0) as journal:

            async def read() -> None:
                _ = [segment.batch async for segment in journal.read()]

            async def outcomes() -> None:
                _ = [outcome.state async for outcome in journal.outcomes()]

            steps: tuple[Callable[[], Awaitable[object]], ...] = (
                lambda: journal.begin(new),
                lambda: journal.exchange(ask),
                lambda: _share(journal),
                read,
                outcomes,
                journal.runs,
                journal.pause,
                journal.drop,
            )
            for step in steps:
                with contextlib.suppress(JournalError, OSError):
                    await step()

    run_on_fast_clock(_serving(data, use))
