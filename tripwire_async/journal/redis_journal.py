"""Journal in Redis, for workers on any number of machines."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, final

from tripwire_async._concurrency.patience import within
from tripwire_async._redis.errors import is_reply, kind, lacks_command, mistake, outage
from tripwire_async._redis.replies import MalformedReplyError, decoding, text
from tripwire_async._redis.script import RedisScript, close_all
from tripwire_async._redis.source import ScriptSource
from tripwire_async._secrets.keys import hide
from tripwire_async.errors import ConfigurationError, JournalError
from tripwire_async.middleware.rate_limit.redis_pages import RedisPages

from ._outcomes import outcomes_of_chunk
from ._redis_codec import (
    decode_entries,
    decode_reply,
    decode_run,
    decode_summary,
    encode_ask,
    encode_new,
    stored_format,
)
from .protocol import CHUNK_SIZE, FORMAT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Generator
    from types import TracebackType

    from redis.asyncio import Redis, RedisCluster

    from tripwire_async._secrets.secret import Secret
    from tripwire_async.deliveries import TestOutcome
    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, PageReply, WindowAsk, WindowReply

    from .protocol import JournalAsk, JournalReply, NewRun, Run, RunSummary, Segment

T = TypeVar("T")

_NAME: Final = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_SOURCE: Final = ScriptSource("tripwire_async.journal", "redis_journal.lua")
_PERMISSIONS: Final = "+eval +evalsha +@read +@write +time +info"
_PARTS: Final = ("run", "log", "chunks", "endpoints", "positions", "counts", "workers", "asks")
_INDEX: Final = "tripwire:journal:runs"
_PATIENCE: Final = 10.0
_READ_ATTEMPTS: Final = 30
_READ_PAUSE: Final = 1.0
_POSITIONS: Final = _PARTS.index("positions")
_CHUNKS: Final = 400
_MALFORMED: Final = "It sent a malformed reply. Check that its URL is that of a Redis, and that the keys are intact"
_ENTRIES: Final = 100
"""Entries of the log per request; each holds the records of one exchange."""


@final
class RedisJournal:
    """Journal of a run in Redis 7.0 or later, for workers on any number of machines; requires the extra ``redis``.

    A worker holds its endpoints for *lease* seconds and renews them each third of that time. If it is killed, other
    workers take them over when the lease has run out. All times are from the clock of the Redis server.

    Redis must keep its data: set ``appendonly yes``, and ``maxmemory-policy noeviction`` if its memory is limited.
    A finished run is deleted after *keep* seconds; a run that is not finished never expires. A journal that is closed
    can be used again only by entering it.

    Wrong credentials or permissions, a server that is absent, too old, full or a read-only replica, and one that may
    evict the run raise `JournalError` before any request to the API.

    Args:
        url: URL of the Redis server: ``redis://``, ``rediss://`` (TLS) or ``unix://``, with options of redis-py.
        client: Your own ``redis.asyncio`` client instead, for example of a Sentinel or a cluster. You close it. It
            belongs to one event loop.
        run: Name of the run: letters, digits, ``_``, ``.``, ``:`` and ``-``.
        lease: Seconds for which a worker holds its endpoints without a renewal.
        keep: Seconds for which a finished run is kept; infinity keeps it until `drop`.

    Raises:
        ConfigurationError: The package redis is missing, or an argument is invalid.
    """

    patience: ClassVar[float] = 0.25
    """Seconds after which a worker stops waiting for a shared page, and reads for itself."""

    __slots__ = ("_has_worked", "_is_closed", "_keep", "_lease", "_name", "_pages", "_run_id", "_script")

    def __init__(
        self,
        url: str | Secret | None = None,
        *,
        client: Redis | RedisCluster | None = None,
        run: str = "default",
        lease: float = 30.0,
        keep: float = 604800.0,
    ) -> None:
        # At once, so that no exception of this function holds the password in its frame.
        url = None if url is None else hide(url)
        if not _NAME.fullmatch(run):
            msg = f"run must be 1 to 100 letters, digits, '_', '.', ':' or '-', not {run!r}"
            raise ConfigurationError(msg)
        if not 0 < lease < math.inf:
            msg = f"lease must be a positive number of seconds, not {lease!r}"
            raise ConfigurationError(msg)
        if not keep > 0:
            msg = f"keep must be a positive number of seconds, not {keep!r}"
            raise ConfigurationError(msg)
        self._script = RedisScript("RedisJournal", url, client, keys=_keys(run), source=_SOURCE)
        self._pages = RedisPages("RedisJournal", url, client, _prefix(run))
        self._name = run
        self._lease = lease
        self._keep = keep
        self._run_id: str | None = None
        self._has_worked = False
        self._is_closed = False

    async def begin(self, new: NewRun | None, /) -> Run:
        """Create the run *new*, or find the run of that name; see `Journal`."""
        reply = await self._require("begin", *(() if new is None else encode_new(new, self._keep)))
        with self._decoding():
            run = self._decode_run(reply)
        await self._require("SADD", _INDEX, self._name, is_command=True)
        self._run_id = run.id
        return run

    def _decode_run(self, reply: Any) -> Run:
        """Return the run in a *reply*; raise an error if there is none, or if the server is unsuitable."""
        status = text(reply[0])
        if status == "missing":
            msg = f"There is no run {self._name!r} in Redis at {self._script.location}. Check the name of the run."
            raise JournalError(msg, is_missing=True)
        if status == "old":
            raise self._error(f"Redis {text(reply[1])} is too old. Use Redis 7.0 or later")
        if status == "evicts":
            raise self._error(
                f"Redis may delete the run, because its maxmemory-policy is {text(reply[1])}. Set it to noeviction"
            )
        if stored_format(reply) > FORMAT:
            raise self._error("A newer version of this library has written the run. Update this one")
        return decode_run(self._name, reply, self._lease)

    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        """Append, renew, end and claim in one step; see `Journal`."""
        run_id = self._run_id or (await self.begin(None)).id
        reply = await self._call("exchange", *encode_ask(ask, run_id), timeout=self._lease / 3)
        with self._decoding():
            return decode_reply(self._check(reply))

    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        """Share a page of events with the other workers of the run; see `SharedPages`."""
        return await self._result(self._opened(self._pages).exchange_page(ask), timeout=_PATIENCE)

    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        """Share the window of sends with the other workers of the run; see `SharedWindow`."""
        return await self._result(self._opened(self._pages).exchange_window(ask), timeout=_PATIENCE)

    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        """Yield the records in the order of the appends; see `Journal`."""
        if self._run_id is None:
            await self.begin(None)
        start = "-" if after is None else f"({after}"
        while entries := await self._read(start):
            with self._decoding():
                segments = decode_entries(entries)
                start, last = f"({text(entries[-1][0])}", start
                if start == last:
                    # The log would be read forever.
                    raise MalformedReplyError
            for segment in segments:
                yield segment

    async def outcomes(self) -> AsyncIterator[TestOutcome]:
        """Yield the outcomes of the run that are known so far, in the order of the endpoints.

        The log is read once for each 20,000 endpoints, so that memory is bounded.

        Raises:
            JournalError: There is no such run, or it cannot be read.
        """
        run = await self.begin(None)
        for first in range(0, math.ceil(run.endpoints / CHUNK_SIZE), _CHUNKS):
            # Chunks are claimed in the order of their numbers.
            position = await self._require("HGET", _keys(self._name)[_POSITIONS], first, is_command=True)
            if position is None:
                return
            batches: dict[int, list[bytes]] = {}
            with self._decoding():
                start = text(position)
            async for segment in self.read(start):
                if first <= segment.chunk < first + _CHUNKS:
                    batches.setdefault(segment.chunk, []).append(segment.batch)
            for chunk in sorted(batches):
                for outcome in outcomes_of_chunk(batches[chunk]):
                    yield outcome

    async def runs(self) -> tuple[RunSummary, ...]:
        """Return the summaries of all runs in this Redis, by name; runs that have expired are left out."""
        members = await self._require("SMEMBERS", _INDEX, is_command=True)
        with self._decoding():
            names = sorted(map(text, members))
        summaries: list[RunSummary] = []
        for name in names:
            reply = await self._require("begin", keys=_keys(name))
            with self._decoding():
                found = decode_summary(name, reply) if text(reply[0]) == "found" else None
            if found is not None:
                summaries.append(found)
            else:
                await self._require("SREM", _INDEX, name, is_command=True)
        return tuple(summaries)

    async def pause(self) -> None:
        """Ask all workers of the run to leave; the next one that starts continues it."""
        reply = await self._require("pause")
        with self._decoding():
            self._check(reply)

    async def drop(self) -> None:
        """Delete the run. Workers that still test it end with a `JournalError`."""
        reply = await self._require("drop")
        with self._decoding():
            self._check(reply)
        await self._require("SREM", _INDEX, self._name, is_command=True)
        self._run_id = None

    async def aclose(self) -> None:
        """Close the connections of the running event loop; closing twice is fine."""
        self._is_closed = True
        await close_all(self._script, self._pages.script)

    async def __aenter__(self) -> RedisJournal:
        """Return the journal, which connects on first use; a closed journal is open again."""
        self._is_closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the journal."""
        await self.aclose()

    def __repr__(self) -> str:
        return f"<RedisJournal {self._name!r} at {self._script.location}>"

    def _opened(self, part: T) -> T:
        """Return a *part* of the journal, unless it is closed."""
        if self._is_closed:
            msg = f"{self!r} is closed: create a new one, or enter it again with 'async with'"
            raise JournalError(msg)
        return part

    async def _read(self, start: str) -> Any:
        """Return entries of the log from *start*; wait while Redis is restarted or fails over."""
        for _ in range(_READ_ATTEMPTS - 1):
            try:
                return await self._call("read", start, _ENTRIES)
            except OSError:
                await asyncio.sleep(_READ_PAUSE)
        return await self._require("read", start, _ENTRIES)

    async def _require(self, *arguments: Any, keys: list[str] | None = None, is_command: bool = False) -> Any:
        """Run a step of the script, or a command; an absent server is a `JournalError`."""
        try:
            return await self._call(*arguments, keys=keys, is_command=is_command)
        except OSError as error:
            failure = JournalError(str(error))
        raise failure

    async def _call(
        self,
        *arguments: Any,
        keys: list[str] | None = None,
        is_command: bool = False,
        timeout: float = _PATIENCE,
    ) -> Any:
        """Run a step of the script, or a command; OSError if Redis may be able to run it later."""
        script = self._opened(self._script)
        call = script.command(*arguments) if is_command else script.run(*arguments, keys=keys)
        return await self._result(call, timeout=min(timeout, _PATIENCE))

    async def _result(self, call: Awaitable[T], *, timeout: float) -> T:
        """Return the result of *call*, and translate its errors."""
        try:
            reply = await within(timeout, call)
        except self._script.errors as error:
            failure = self._translate(error)
        except OSError as error:
            failure = self._translate(error)
        else:
            self._has_worked = True
            return reply
        # Outside of the handler: the context would be the error of redis-py, whose text can contain secrets.
        raise failure

    @contextlib.contextmanager
    def _decoding(self) -> Generator[None]:
        try:
            with decoding():
                yield
        except MalformedReplyError:
            raise self._error(_MALFORMED) from None

    def _translate(self, error: Exception) -> Exception:
        """Return the exception to raise instead of *error*, without its text: that can contain secrets."""
        if isinstance(error, MalformedReplyError):
            return self._error(_MALFORMED)
        advice = mistake(error, permissions=_PERMISSIONS)
        passing = outage(error)
        if advice is not None and not (self._has_worked and passing):
            return self._error(advice)
        if passing is not None:
            return OSError(str(self._error(passing)))
        if lacks_command(error):
            return self._error("Redis lacks a command that journals need. Use Redis 7.0 or later")
        if is_reply(error):
            return self._error(
                f"Redis replied with an error ({kind(error)}). Check that the keys of the run are intact"
            )
        return OSError(str(self._error(f"It does not respond ({kind(error)}). Start Redis, or correct its URL")))

    def _check(self, reply: Any) -> Any:
        """Return *reply*, or raise an error if the run was dropped or replaced."""
        status = text(reply[0])
        if status == "missing":
            advice = (
                "The run does not exist any more: it was dropped, has expired, or Redis has lost its data. Before you"
                " start it again, check which tests were sent"
            )
            raise JournalError(str(self._error(advice)), is_missing=True)
        if status == "replaced":
            raise self._error("The run was dropped and started again. Start this worker again to join the new run")
        if status == "late":
            raise self._error("A worker repeated an ask that is not its last. Give each worker another id")
        return reply

    def _error(self, advice: str) -> JournalError:
        return JournalError(f"The journal of run {self._name!r} in Redis at {self._script.location} fails. {advice}.")


def _prefix(run: str) -> str:
    # The braces keep the keys on the same node of a cluster.
    return f"tripwire:journal:{{{run}}}"


def _keys(run: str) -> list[str]:
    return [f"{_prefix(run)}:{part}" for part in _PARTS]
