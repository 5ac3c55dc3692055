"""Part of one worker in a run that a journal keeps."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, final

import attrs

from tripwire_async.deliveries.estimates import TestCounts, make_progress
from tripwire_async.deliveries.run_record import RunRecord
from tripwire_async.deliveries.run_work import PAUSE_SECONDS
from tripwire_async.deliveries.sharing import Sharing
from tripwire_async.deliveries.worker_pool import WorkerPool

from ._chunks import HeldChunk
from ._handover import Handover
from ._outcomes import read_outcomes
from ._recovery import Recovery
from ._run_start import RunStart
from ._tests import RecordedTests, Takeover
from ._writer import Writer
from .protocol import CHUNK_SIZE, GAUGES
from .records import decode_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.deliveries import Progress, TestOutcome
    from tripwire_async.deliveries.estimates import Conditions
    from tripwire_async.deliveries.outcomes import TestState, Until
    from tripwire_async.deliveries.run_options import RunOptions
    from tripwire_async.deliveries.sender import Sender
    from tripwire_async.models import Event

    from ._chunks import Entry
    from .protocol import Claim, Journal, JournalReply, Run

T = TypeVar("T")

_LEAVE_SECONDS: Final = 10.0
"""Seconds that leaving may take, in which everything that is known is recorded."""

_LONGEST_LEASE: Final = 60.0
"""Bound in seconds on the lease for the wait after a loss; journals without leases name infinity."""

_GRACE: Final = 0.4
"""Seconds for which sends on the wire may finish when the time of the worker is up; the run waits slightly longer."""


@final
class JournalRun:
    """Work of one worker in a run that a journal keeps.

    Args:
        journal: The journal.
        sender: Sends the tests.
        call: Lists endpoints and reads events.
        options: Options of the run; its organization and *until* count only if *starts*.
        base_url: The URL of the API.
        ids: The endpoints; None for all active ones, or for those of the run that exists.
        starts: Whether the run is created if it does not exist.
        clock: Measures the waits.
    """

    def __init__(
        self,
        journal: Journal,
        sender: Sender,
        call: Caller,
        options: RunOptions,
        *,
        base_url: str,
        ids: tuple[str, ...] | None,
        starts: bool,
        clock: Clock,
    ) -> None:
        self.options = options
        self.record = RunRecord(None, clock)
        self.pool: WorkerPool | None = None
        self._journal = journal
        self._sender = sender
        self._call = call
        learn_time = sender.reconciler.learn_time
        self._start_of_run = RunStart(
            journal, call, options, base_url=base_url, ids=ids, creates=starts, learn_time=learn_time, clock=clock
        )
        self._clock = clock
        self._run: Run | None = None
        self._handover = Handover(self._on_handed, self._complete)
        self._chunks: dict[int, HeldChunk] = {}
        self._loading = 0
        self._loads: set[asyncio.Task[Any]] = set()
        self._reply: JournalReply | None = None
        self._epoch = ""
        self._has_joined = False
        self._rejoins = False
        self._is_leaving = False
        self._page_after_loss: asyncio.Task[Sequence[Event]] | None = None
        self._done_before = 0
        self._tests: RecordedTests | None = None
        self._writer: Writer | None = None
        self._recovery: Recovery | None = None
        self._stopped: asyncio.Future[None] | None = None

    @property
    def is_listed(self) -> bool:
        """True once the run exists."""
        return self._run is not None

    @property
    def is_stored(self) -> bool:
        """True: the outcomes are in the journal."""
        return True

    @property
    def first(self) -> int:
        """Position of the first outcome that is still kept for iteration."""
        return self._handover.first

    async def count(self, deadline: float | None) -> int:
        """Return the number of endpoints, of the run if it exists; create nothing."""
        return await self._start_of_run.count(deadline)

    async def run(self, end: float, on_outcome: Callable[[], object]) -> None:
        """Work on the run until it is finished, or *end*, or it is paused; then give back the chunks."""
        self._rejoins = True
        while self._rejoins:
            self._rejoins = False
            await self._take_part(end, on_outcome)

    async def _take_part(self, end: float, on_outcome: Callable[[], object]) -> None:
        """Work on the run as one worker."""
        run = await self._begin(None if end == math.inf else max(0.0, end - self._clock.now()))
        if run.finished is not None:
            await self._offer_all(on_outcome)
            return
        baseline = await self._start_of_run.baseline(run)
        self._is_leaving = False
        self._stopped = asyncio.get_running_loop().create_future()
        self._writer = writer = Writer(
            self._journal, run.lease, self._clock, wanted=self._wanted, on_reply=self._on_reply
        )
        self._recovery = Recovery(self._sender, self._call, run.organization_id, self._clock)
        if self._epoch:
            self._page_after_loss = self._start(self._read_after_loss())
        self._tests = tests = RecordedTests(
            self.record,
            writer,
            self._sender,
            self._recovery,
            self._clock,
            capacity=self.options.in_flight,
            baseline=baseline,
            handover=self._handover,
            on_outcome=on_outcome,
        )
        # The end of this worker's part is not the end of a test, which another worker continues.
        options = attrs.evolve(self.options, timeout=None)
        sharing = Sharing(self._journal, run.base_url)
        self.pool = WorkerPool(
            self._sender, options, self.record, tests, end=math.inf, clock=self._clock, sharing=sharing
        )
        timer = None
        if end != math.inf:
            timer = self._clock.call_at(end, lambda: self._is_leaving or self._start(self._pause(_GRACE)))
        try:
            await self._work(self.pool, writer, min(options.in_flight, run.endpoints))
        finally:
            if timer is not None:
                timer.cancel()
        if self._rejoins:
            for chunk in self._chunks.values():
                tests.lose(chunk)
            self._chunks.clear()
            self._handover.drop_unreceived()
            # Also those of chunks that had ended, and are open again.
            self._sender.reconciler.release_all()

    async def _work(self, pool: WorkerPool, writer: Writer, count: int) -> None:
        """Let *count* tasks of the pool work until they have ended, or `_stop` is called."""
        stopped = cast("asyncio.Future[None]", self._stopped)
        writing = asyncio.create_task(writer.run())
        writing.add_done_callback(self._on_ended)
        writer.ask(0.0)
        working = asyncio.create_task(pool.run(count))
        try:
            await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            try:
                await asyncio.wait([working])
            finally:
                await self._leave(writer, writing)
        # The error of a test comes first: the journal may have failed afterwards, while the worker left.
        if stopped.done() and (working.cancelled() or working.exception() is None):
            stopped.result()
        else:
            working.result()

    async def pause(self, within: float) -> None:
        """Take no further endpoint; return when no send is on the wire, or after *within* seconds."""
        if self._tests is not None:
            await self._tests.pause(within)

    def give_up(self) -> None:
        """Record nothing: leaving a run is pausing it."""

    def outcome_at(self, position: int) -> TestOutcome | None:
        """Return an outcome of this worker by its position; those before it have been received."""
        return self._handover.get(position)

    def expect_no_consumer(self) -> None:
        """Count each outcome as received as soon as it is recorded."""
        self._handover.expect_no_consumer()

    async def outcomes(self) -> Sequence[TestOutcome]:
        """Return the outcomes of the run that are known, of all workers, in the order of the endpoints."""
        return [self._complete(outcome) for outcome in await read_outcomes(self._journal)]

    def progress(self, conditions: Conditions, *, is_over: bool) -> Progress:
        """Return how far the whole run has come, as of the last reply of the journal."""
        run, reply = self._run, self._reply
        totals: Mapping[str, int] = {} if run is None else run.counts if reply is None else reply.counts
        states = Counter({state: count for state, count in totals.items() if count and state not in GAUGES})
        counts = TestCounts(
            sending=totals.get("sending", 0),
            pending=totals.get("pending", 0),
            states=cast("Counter[TestState]", states),
        )
        return make_progress(
            None if run is None else run.endpoints,
            counts,
            self.record.seconds,
            conditions,
            is_over=is_over,
            workers=0 if reply is None else reply.workers,
            done_before=self._done_before,
        )

    # -- start and end ------------------------------------------------------------------------------------------------

    async def _begin(self, deadline: float | None) -> Run:
        run = self._run = await self._start_of_run.begin(deadline)
        self.options = attrs.evolve(self.options, organization_id=run.organization_id, until=cast("Until", run.until))
        self._done_before = sum(count for state, count in run.counts.items() if state not in GAUGES)
        return run

    async def _offer_all(self, on_outcome: Callable[[], object]) -> None:
        """Offer the outcomes of a run that is finished, if they are iterated."""
        if not self._handover.is_awaited:
            for outcome in await self.outcomes():
                self._handover.add_finished(outcome)
            on_outcome()

    async def _leave(self, writer: Writer, writing: asyncio.Task[None]) -> None:
        """Commit the remaining records and give back the chunks; end all reads, and begin no other."""
        self._is_leaving = True
        for load in self._loads:
            load.cancel()
        writer.leave()
        try:
            await asyncio.wait([writing, *self._loads], timeout=_LEAVE_SECONDS)
        finally:
            writing.cancel()

    def _stop(self, error: BaseException | None) -> None:
        """End the work of this worker, with *error* or without."""
        stopped = cast("asyncio.Future[None]", self._stopped)
        with contextlib.suppress(asyncio.InvalidStateError):  # the first end counts
            if error is None:
                stopped.set_result(None)
            else:
                stopped.set_exception(error)
                stopped.exception()  # it is raised only if nothing else ends the run first

    def _on_ended(self, task: asyncio.Task[Any]) -> None:
        self._loads.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._stop(error)

    # -- replies of the journal ---------------------------------------------------------------------------------------

    def _wanted(self) -> int:
        """Return for how many endpoints to claim chunks: no more than are tested soon, and this worker's share."""
        tests, reply = cast("RecordedTests", self._tests), self._reply
        # With the first ask it is not known how many workers there are.
        chunks = 1 if reply is None else max(1, reply.chunks_open // max(1, reply.workers))
        return max(0, min(tests.queue.room - self._loading, chunks * CHUNK_SIZE))

    def _on_reply(self, reply: JournalReply) -> None:
        tests = cast("RecordedTests", self._tests)
        self._reply = reply
        # A chunk that has ended here is not among them any more.
        for number in reply.refused & self._chunks.keys():
            tests.lose(self._chunks.pop(number))
        if self._is_leaving:
            return
        workers = max(1, reply.workers)
        tests.queue.capacity = max(1, self.options.in_flight // workers)
        cast("WorkerPool", self.pool).share_window(workers)
        if reply.epoch != self._epoch:
            self._epoch = reply.epoch
            self._page_after_loss = self._start(self._read_after_loss())
            if self._has_joined and reply.chunks_open:
                # As another worker, which knows the run from the journal and from the events.
                self._rejoins = tests.is_paused = True
                self._start(self._pause(PAUSE_SECONDS))
        self._has_joined = True
        if self._rejoins:
            return
        self._take(reply.claims)
        tests.queue.dispatch()
        if reply.chunks_open == 0:
            tests.queue.close()
        elif reply.paused and not tests.is_paused:
            self._start(self._pause(PAUSE_SECONDS))

    def _take(self, claims: Sequence[Claim]) -> None:
        taken_over: list[tuple[HeldChunk, str | None]] = []
        for claim in claims:
            chunk = self._chunks[claim.chunk] = HeldChunk.of(claim)
            if claim.position is None and self._page_after_loss is None:
                cast("RecordedTests", self._tests).add(chunk)
            else:
                taken_over.append((chunk, claim.position))
        if taken_over:
            self._start(self._take_over(taken_over))

    async def _take_over(self, chunks: Sequence[tuple[HeldChunk, str | None]]) -> None:
        """Read the records of chunks that other workers have held, and continue from there."""
        tests, at = cast("RecordedTests", self._tests), self._clock.now()
        time = cast("Writer", self._writer).time
        held = {chunk.number: chunk for chunk, _ in chunks}
        count = sum(len(chunk.entries) for chunk in held.values())
        self._loading += count
        try:
            # Chunks are claimed first in the order of their numbers, so the records of the others come later.
            in_order = sorted(chunks, key=lambda taken: taken[0].number)
            if positions := [position for _, position in in_order if position is not None]:
                async for segment in self._journal.read(positions[0]):
                    if segment.chunk in held:
                        held[segment.chunk].replay(decode_batch(segment.batch))
            page: Sequence[Event] = ()
            if self._page_after_loss is not None:
                page = await asyncio.shield(self._page_after_loss)
                since = self._service_start()
                for chunk in held.values():
                    tests.suspect(chunk, page, since)
            if any(chunk.has_doubts for chunk in held.values()):
                page = [*page, *await cast("Recovery", self._recovery).read_page()]
        finally:
            self._loading -= count
        for chunk in [chunk for chunk in held.values() if not chunk.is_lost]:
            tests.add(chunk, Takeover(page, at, time))

    async def _read_after_loss(self) -> Sequence[Event]:
        """Return the newest events after the journal may have lost records, once its workers have noticed that.

        A worker whose claim is lost sends no more than half of its lease after its last reply.
        """
        await self._clock.sleep(min(cast("Run", self._run).lease, _LONGEST_LEASE) / 2)
        return await cast("Recovery", self._recovery).read_page()

    def _service_start(self) -> float:
        """Return the time of the service's clock at the start of the run."""
        now = self._sender.reconciler.server_clock.earliest(self._clock.now())
        age = cast("Writer", self._writer).time - cast("Run", self._run).created
        return math.inf if now is None else now - age

    async def _pause(self, within: float) -> None:
        await cast("RecordedTests", self._tests).pause(within)
        self._stop(None)

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._loads.add(task)
        task.add_done_callback(self._on_ended)
        return task

    def _on_handed(self, entry: Entry) -> None:
        tests = cast("RecordedTests", self._tests)
        tests.hand_over(entry)
        if entry.chunk.left == 0:
            self._chunks.pop(entry.chunk.number, None)

    def _complete(self, outcome: TestOutcome) -> TestOutcome:
        """Return an outcome from the journal with a handle that can be awaited."""
        pending = outcome.pending
        if pending is None:
            return outcome
        handle = self._sender.pending(pending.reference, latest=pending.latest, request_id=pending.request_id)
        return attrs.evolve(outcome, pending=handle)
