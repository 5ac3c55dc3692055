"""Exchanges of one worker with its journal: records are gathered and committed together."""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias, final

from tripwire_async.errors import JournalError

from .protocol import Append, JournalAsk
from .records import encode_batch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from tripwire_async._concurrency.clock import Clock, Timer

    from ._chunks import Entry, HeldChunk
    from .protocol import Journal, JournalReply
    from .records import NewRecord

COMMIT_NOW: Final = 0.01
"""Seconds for which records are gathered that a send waits for. Shorter waits cost more hand-overs between threads."""

COMMIT_SOON: Final = 0.05
COMMIT_LATER: Final = 0.25

_IDLE: Final = 1.0
"""Seconds between two exchanges of a worker that has nothing to report."""

_CLAIM_INTERVAL: Final = 0.5
"""The same while it has room and waits for a chunk of another worker."""

_PATIENCE: Final = 300.0
"""Seconds for which a journal that cannot be reached is tried."""

_LEAVE_SECONDS: Final = 5.0

Change: TypeAlias = "tuple[str | None, str | None]"
"""Counts of the run from which and to which a record moves a test."""


_Wait: TypeAlias = "tuple[asyncio.Future[None], float]"
"""Wait for an exchange, and the time at which it ends without one."""


@final
class Writer:
    """Commits the records of one worker, renews its leases and claims chunks.

    Args:
        journal: The journal.
        lease: The lease of the run in seconds.
        clock: Measures the waits.
        wanted: Returns for how many endpoints the worker has room.
        on_reply: Called with each reply, before the sends that wait for the commit continue.
    """

    def __init__(
        self,
        journal: Journal,
        lease: float,
        clock: Clock,
        *,
        wanted: Callable[[], int],
        on_reply: Callable[[JournalReply], None],
    ) -> None:
        self.worker = secrets.token_hex(8)
        self._journal = journal
        self._lease = lease
        self._clock = clock
        self._wanted = wanted
        self._on_reply = on_reply
        self._number = 0
        self._epoch = ""
        self._is_intact = True
        self._records: dict[int, tuple[list[tuple[int, NewRecord]], list[Change]]] = {}
        self._ended: list[int] = []
        self._wake = asyncio.Event()
        self._timer: Timer | None = None
        self._timer_at = self._timer_within = math.inf
        self._uncommitted: list[_Wait] = []
        self._committing: list[_Wait] = []
        self._stale: list[_Wait] = []
        self._loop = asyncio.get_running_loop()
        self._deadline_timer: Timer | None = None
        self._next_deadline = math.inf
        self._held_until = -math.inf
        self._time = 0.0
        self._time_at = 0.0
        self._is_leaving = False
        self._may_claim = True

    @property
    def time(self) -> float:
        """The journal's time now, estimated from its last reply."""
        return self._time + self._clock.now() - self._time_at

    @property
    def is_fresh(self) -> bool:
        """True if the leases of the worker are certainly still its own: the journal responded in half of their time."""
        return self._held_until == math.inf or self._clock.now() < self._held_until

    def append(self, entry: Entry, record: NewRecord, change: Change | None = None, *, within: float) -> None:
        """Add a record, to be committed *within* seconds, and its change of the counts of the run.

        The records of a chunk that another worker holds are dropped.
        """
        chunk = entry.chunk
        if not chunk.is_lost:
            added = self._records.get(chunk.number)
            if added is None:
                added = self._records[chunk.number] = [], []
            added[0].append((entry.index, record))
            if change is not None:
                added[1].append(change)
            if within < self._timer_within:
                self.ask(within)

    def end(self, chunk: HeldChunk) -> None:
        """Note that a chunk has ended."""
        if not chunk.is_lost:
            self._ended.append(chunk.number)
            self.ask(COMMIT_LATER)

    def ask(self, within: float) -> None:
        """Make an exchange within a number of seconds."""
        # A timer that was set earlier, for the same time or less, comes first.
        if within < self._timer_within:
            when = self._clock.now() + within
            if when < self._timer_at:
                self._cancel_timer()
                self._timer_at, self._timer_within = when, within
                self._timer = self._clock.call_at(when, self._on_timer)

    def claim(self) -> None:
        """Make an exchange soon if the worker has room for a chunk, and the journal may have a free one."""
        if self._may_claim and self._timer_within > COMMIT_NOW and self._wanted():
            self.ask(COMMIT_NOW)

    def commit(self, deadline: float) -> Awaitable[None]:
        """Return when all records so far are durable.

        Raises:
            JournalError: The *deadline* has passed, or the journal cannot be used.
        """
        return self._wait(self._uncommitted, deadline)

    async def refresh(self, deadline: float) -> None:
        """Return when the leases are certainly the worker's own; raise as `commit` does."""
        while not self.is_fresh:
            self.ask(0.0)
            await self._wait(self._stale, deadline)

    async def run(self) -> None:
        """Exchange with the journal until `leave`; raise JournalError if that is not possible."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                is_last = self._is_leaving
                await self._exchange(is_last=is_last)
                if is_last:
                    return
        except JournalError as error:
            self._fail(error)
            # If the journal still accepts this, the other workers do not wait for the end of the lease.
            with contextlib.suppress(JournalError, OSError):
                await self._journal.exchange(JournalAsk(worker=self.worker, number=self._number + 1, lease=0.0))
            raise
        finally:
            self._cancel_timer()
            self._cancel_deadline_timer()

    def leave(self) -> None:
        """Make `run` commit the remaining records, give back all chunks and return."""
        self._is_leaving = True
        self._wake.set()

    async def _exchange(self, *, is_last: bool) -> None:
        records, self._records = self._records, {}
        ended, self._ended = self._ended, []
        self._committing, self._uncommitted = self._uncommitted, []
        self._number += 1
        ask = JournalAsk(
            worker=self.worker,
            number=self._number,
            lease=0.0 if is_last else self._lease,
            appends=tuple(
                Append(number, encode_batch(batch, is_short=self._is_intact), _totals(changes))
                for number, (batch, changes) in records.items()
            ),
            ended=tuple(ended) if self._is_intact else (),
            wanted=0 if is_last else self._wanted(),
            epoch=self._epoch,
        )
        asked, reply = await self._ask(ask)
        self._held_until = asked + self._lease / 2
        self._time, self._time_at = reply.time, self._clock.now()
        if reply.epoch != self._epoch:
            # Records of the chunks that this worker holds may be lost, so it must not end any of them, and its
            # outcomes must not refer to those records.
            self._is_intact = self._number == 1
            self._epoch = reply.epoch
        if ask.wanted:
            # With less than it asked for, the worker has all chunks that were free.
            self._may_claim = sum(len(claim.endpoint_ids) for claim in reply.claims) >= ask.wanted
        self._on_reply(reply)
        committed, self._committing = self._committing, []
        stale, self._stale = self._stale, []
        for turn, _ in (*committed, *stale):
            if not turn.done():
                turn.set_result(None)
        self.ask(min(_CLAIM_INTERVAL if self._wanted() else _IDLE, self._lease / 3))

    async def _ask(self, ask: JournalAsk) -> tuple[float, JournalReply]:
        """Return the reply to *ask*, and when it was first sent; repeat it if the journal cannot be reached."""
        started, delay = self._clock.now(), 0.1
        while True:
            try:
                # A repeated ask renews nothing if the first one was received.
                return started, await self._journal.exchange(ask)
            except OSError as error:
                seconds = _LEAVE_SECONDS if self._is_leaving else _PATIENCE
                if self._clock.now() - started >= seconds:
                    msg = f"the journal could not be reached for {seconds:g} seconds: {error}"
                    raise JournalError(msg) from error
            await self._clock.sleep(delay)
            delay = min(2.0, 2 * delay)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._timer_at = self._timer_within = math.inf

    def _on_timer(self) -> None:
        self._timer = None
        self._timer_at = self._timer_within = math.inf
        self._wake.set()

    def _wait(self, waiting: list[_Wait], deadline: float) -> asyncio.Future[None]:
        """Return a future that ends with the next exchange, or with an error at the *deadline*."""
        turn: asyncio.Future[None] = self._loop.create_future()
        waiting.append((turn, deadline))
        # One timer for all: nearly always, the exchange comes first.
        if deadline < self._next_deadline:
            self._start_deadline_timer(deadline)
        return turn

    def _cancel_deadline_timer(self) -> None:
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
        self._deadline_timer, self._next_deadline = None, math.inf

    def _start_deadline_timer(self, deadline: float) -> None:
        self._cancel_deadline_timer()
        self._next_deadline = deadline
        self._deadline_timer = self._clock.call_at(deadline, self._on_deadline)

    def _on_deadline(self) -> None:
        # An event loop may run a timer slightly early.
        now = max(self._clock.now(), self._next_deadline)
        waits = [wait for wait in self._waits() if not wait[0].done()]
        for turn, deadline in waits:
            if deadline <= now:
                msg = "the journal did not respond before the deadline of the call; the test was not sent"
                turn.set_exception(JournalError(msg))
        self._deadline_timer, self._next_deadline = None, math.inf
        if later := [deadline for _, deadline in waits if deadline > now]:
            self._start_deadline_timer(min(later))

    def _waits(self) -> list[_Wait]:
        return [*self._committing, *self._uncommitted, *self._stale]

    def _fail(self, error: JournalError) -> None:
        for turn, _ in self._waits():
            if not turn.done():
                turn.set_exception(error)


def _totals(changes: Iterable[Change]) -> dict[str, int]:
    """Return what *changes* add to each count."""
    totals: dict[str, int] = {}
    for (before, after), number in Counter(changes).items():
        if before != after:
            if before is not None:
                totals[before] = totals.get(before, 0) - number
            if after is not None:
                totals[after] = totals.get(after, 0) + number
    return totals
