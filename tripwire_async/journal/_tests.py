"""Tests of one worker in a recorded run: what comes next, and what is written down."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, final

import attrs

from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.deliveries.test_source import AbandonedTestError
from tripwire_async.errors import (
    AuthenticationError,
    JournalError,
    PermissionDeniedError,
    TransportError,
    TripwireError,
)

from ._hooks import RecordedSend
from ._queue import EntryQueue
from ._writer import COMMIT_LATER, COMMIT_NOW, COMMIT_SOON
from .records import HANDED, NewOutcome, Sending, Sent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.deliveries import PendingDelivery
    from tripwire_async.deliveries.endpoint_test import EndpointTest
    from tripwire_async.deliveries.outcomes import TestState
    from tripwire_async.deliveries.run_record import RunRecord
    from tripwire_async.deliveries.sender import Sender
    from tripwire_async.models import Event

    from ._chunks import Entry, HeldChunk
    from ._handover import Handover
    from ._recovery import Recovery
    from ._writer import Writer


@attrs.frozen
class Takeover:
    """A chunk that was taken over, and the events that were read for its tests in doubt.

    Attributes:
        page: The newest test events of the organization.
        at: When the chunk was taken over, on the clock.
        time: The same on the journal's clock.
    """

    page: Sequence[Event]
    at: float
    time: float


@final
class RecordedTests:
    """Tests of one worker, for the pool of tasks and for the hooks of the sends.

    Args:
        record: The tests in progress.
        writer: Commits the records.
        sender: Makes the handles of deliveries, and knows the service's time.
        recovery: Finds tests that another worker may have sent.
        clock: Measures the waits.
        capacity: Number of tests in flight, at most.
        baseline: Time of the service's clock before the first send, for as long as its time is not known better.
        on_outcome: Called after each outcome.
    """

    def __init__(
        self,
        record: RunRecord,
        writer: Writer,
        sender: Sender,
        recovery: Recovery,
        clock: Clock,
        *,
        capacity: int,
        baseline: float,
        handover: Handover,
        on_outcome: Callable[[], object],
    ) -> None:
        self.queue = EntryQueue(capacity)
        self.is_paused = False
        self._record = record
        self._writer = writer
        self._sender = sender
        self._recovery = recovery
        self._clock = clock
        self._baseline = baseline
        self._handover = handover
        self._on_outcome = on_outcome
        self._entries: dict[str, Entry] = {}
        self._takeovers: dict[HeldChunk, Takeover] = {}
        self._on_wire: set[Entry] = set()
        self._fatal: Exception | None = None
        self._quiet = asyncio.Event()

    def add(self, chunk: HeldChunk, takeover: Takeover | None = None) -> None:
        """Queue the endpoints of a chunk, and offer the outcomes that were not consumed."""
        if takeover is not None:
            self._takeovers[chunk] = takeover
        for entry in chunk.entries:
            if entry.is_done and not entry.is_handed:
                self._offer(entry)
        self.queue.put(entry for entry in chunk.entries if not entry.is_done)
        if chunk.left == 0:
            self._writer.end(chunk)

    def suspect(self, chunk: HeldChunk, page: Sequence[Event], since: float) -> None:
        """Record tests that the journal has no record of, but that *page* has an event of, as in doubt.

        Events before *since*, a time of the service's clock, do not belong to the run.
        """
        events = {
            delivery.endpoint_id
            for event in page
            for delivery in event.webhook_deliveries
            if event.created_at.timestamp() >= since
        }
        for entry in chunk.entries:
            if entry.endpoint_id in events and entry.phase is None and not entry.is_done:
                self._write(entry, Sending(since, self._writer.time), within=COMMIT_NOW)

    def lose(self, chunk: HeldChunk) -> None:
        """Note that another worker holds a chunk."""
        chunk.is_lost = True
        for entry in chunk.entries:
            self._release(entry)
        self._forget(chunk)

    async def pause(self, within: float) -> None:
        """Send nothing more; return when no send is on the wire, or after *within* seconds."""
        self.is_paused = True
        self.queue.close()
        timer = self._clock.call_at(self._clock.now() + within, self._quiet.set)
        try:
            if self._on_wire:
                await self._quiet.wait()
        finally:
            timer.cancel()

    def hand_over(self, entry: Entry) -> None:
        """Record that the consumer has received an outcome."""
        if not entry.is_handed:
            entry.hand_over()
            self._writer.append(entry, HANDED, within=COMMIT_LATER)
            if entry.chunk.left == 0:
                self._writer.end(entry.chunk)
                self._forget(entry.chunk)

    # -- for the pool of tasks --------------------------------------------------------------------------------------

    async def next(self) -> EndpointTest | None:
        """Return the next test; None when this worker has no more part in the run."""
        entry = self.queue.get_nowait() or await self.queue.get()
        if entry is None:
            return None
        test = self._record.start(entry.endpoint_id)
        self._entries[entry.endpoint_id] = entry
        if entry.sent is not None:
            self._record.accept(test, self._resume(entry.sent))
        else:
            test.before_wire = RecordedSend(self, entry)
            if entry.sending is not None:
                test.recover = functools.partial(self._recover, entry, entry.sending)
        return test

    def leave(self, test: EndpointTest) -> None:  # noqa: ARG002 - the signature of the protocol
        """Note that a test does not count as in flight any more."""
        self.queue.leave()
        if self.queue.room > 0:
            self._writer.claim()

    def accept(self, test: EndpointTest, pending: PendingDelivery) -> None:
        """Record that the service has accepted *test*."""
        entry = self._entries[test.endpoint_id]
        self._note_response(entry)
        self._record.accept(test, pending)
        sent = self._service_time() if pending.latest is None else pending.latest.created_at.timestamp()
        self._write(entry, Sent(pending.to_token(), sent, pending.request_id), within=COMMIT_SOON)
        if entry.chunk.is_lost:
            self._release(entry)

    def finish(self, test: EndpointTest, state: TestState, error: Exception | None = None) -> None:
        """Record the outcome of *test*, and offer it to the consumer."""
        entry = self._entries.pop(test.endpoint_id)
        self._note_response(entry)
        outcome = self._record.finish(test, state, error)
        if not entry.chunk.is_lost:
            self._write(entry, NewOutcome(outcome, entry.sent), state, within=COMMIT_LATER)
            self._handover.add(entry, outcome)
            self._on_outcome()

    def abandon(self, test: EndpointTest, error: Exception) -> bool:
        """Return True, and forget *test*, if another worker has it or the run is paused."""
        entry = self._entries[test.endpoint_id]
        if not (isinstance(error, AbandonedTestError) or entry.chunk.is_lost):
            return False
        self._note_response(entry)
        del self._entries[test.endpoint_id]
        self._record.drop(test)
        return True

    def ends_run(self, test: EndpointTest, error: Exception) -> bool:
        """Return True for an error that concerns the worker and not the endpoint.

        A journal that cannot be used, a key that is not valid or lacks a scope, and events that cannot be read.
        """
        if isinstance(error, JournalError) or error is self._fatal:
            return True
        is_rejected = isinstance(error, AuthenticationError) or (
            isinstance(error, PermissionDeniedError) and (error.code or "").startswith("auth.")
        )
        entry = self._entries[test.endpoint_id]
        if is_rejected and entry in self._on_wire:
            # The service has not processed it, so no other worker needs to look for it.
            self._note_response(entry)
            self._write(entry, Sending(self._not_before(entry), self._writer.time, 0), within=COMMIT_NOW)
        return is_rejected

    # -- for the hooks of the sends ---------------------------------------------------------------------------------

    @property
    def is_fresh(self) -> bool:
        """True if the chunks of the worker are certainly its own."""
        return self._writer.is_fresh

    def record_send(self, entry: Entry, deadline: float) -> Awaitable[None]:
        """Make a record of the next send of an endpoint durable."""
        sends = 1 if entry.sending is None else entry.sending.sends + 1
        self._write(entry, Sending(self._not_before(entry), self._writer.time, sends), within=COMMIT_NOW)
        return self._writer.commit(deadline)

    def refresh(self, deadline: float) -> Awaitable[None]:
        """Return when the chunks of the worker are certainly its own."""
        return self._writer.refresh(deadline)

    def note_wire(self, entry: Entry) -> None:
        """Note that a test is sent now."""
        self._on_wire.add(entry)

    # -- details ----------------------------------------------------------------------------------------------------

    def _write(
        self, entry: Entry, record: Sending | Sent | NewOutcome, state: str | None = None, *, within: float
    ) -> None:
        """Append a record, with the change of the counts that it makes."""
        before = entry.phase
        entry.apply(record)
        self._writer.append(entry, record, (before, state or entry.phase), within=within)

    def _offer(self, entry: Entry) -> None:
        self._handover.add_recorded(entry)
        self._on_outcome()

    def _release(self, entry: Entry) -> None:
        """Let the event of a test be found again: this worker may get back the chunk without a record of it."""
        sent = entry.sent
        event_id = entry.event_id if sent is None else DeliveryReference.from_token(sent.token).event_id
        if event_id is not None:
            self._sender.reconciler.release(event_id)

    def _forget(self, chunk: HeldChunk) -> None:
        self._takeovers.pop(chunk, None)
        self._record.forget(entry.endpoint_id for entry in chunk.entries)

    def _note_response(self, entry: Entry) -> None:
        self._on_wire.discard(entry)
        if self.is_paused and not self._on_wire:
            self._quiet.set()

    def _service_time(self) -> float | None:
        return self._sender.reconciler.server_clock.earliest(self._clock.now())

    def _not_before(self, entry: Entry) -> float:
        if entry.sending is not None:
            return entry.sending.not_before
        now = self._service_time()
        return self._baseline if now is None else now

    def _resume(self, sent: Sent) -> PendingDelivery:
        """Return the handle of a test that was accepted earlier, also by another worker."""
        now, service_now = self._clock.now(), self._service_time()
        # Without either time, that of the token counts.
        sent_at = None if sent.sent is None or service_now is None else now - max(0.0, service_now - sent.sent)
        return self._sender.pending(
            DeliveryReference.from_token(sent.token), request_id=sent.request_id, sent_at=sent_at
        )

    async def _recover(self, entry: Entry, sending: Sending) -> PendingDelivery | None:
        takeover = self._takeovers[entry.chunk]
        try:
            return await self._recovery.find(
                entry, sending, takeover.page, taken_over=takeover.at, age=takeover.time - sending.time
            )
        except TripwireError as error:
            if not (isinstance(error, TransportError) and error.maybe_sent and error.attempts == 0):
                self._fatal = error
            raise
