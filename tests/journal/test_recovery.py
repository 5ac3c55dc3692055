"""Tests in doubt: what a worker finds of the sends of another one; on virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import BEGINNING, Service, now, stamp, webhooks
from tests.support.journal_runs import Worker, ids_of, recorded_run, sends_per_endpoint
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.runs import SEND, outcomes_of, states
from tripwire_async._http.messages import Response
from tripwire_async.errors import ResponseDecodeError, ServerError, TransportError
from tripwire_async.journal.protocol import Append, JournalAsk, NewRun
from tripwire_async.journal.records import Sending, encode_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Request

pytestmark = pytest.mark.virtual_time


async def left_by_a_dead_worker(
    storage: MemoryStorage, count: int, *, sends: int = 1, not_before: float | None = None, age: float = 0.0
) -> None:
    """Create a run of *count* endpoints whose worker has died with all of them being sent."""
    journal = MemoryJournal(storage)
    await journal.begin(
        NewRun(
            id="run",
            organization_id="org_" + 26 * "0",
            base_url="",
            until="settled",
            endpoint_ids=tuple(ids_of(count)),
        )
    )
    ask = JournalAsk(worker="dead", number=1, lease=float("inf"), wanted=count)
    await journal.exchange(ask)
    first = BEGINNING.timestamp() + now() - 0.5 if not_before is None else not_before
    record = Sending(first, now() - age, sends)
    batch = encode_batch((index, record) for index in range(count))
    append = Append(0, batch, {"sending": count})
    await journal.exchange(JournalAsk(worker="dead", number=2, lease=float("inf"), appends=(append,)))
    storage.die("dead")


async def test_a_test_that_arrived_is_adopted_from_one_page() -> None:
    """One request for all of them, and no second send."""
    service, storage = Service(takes=0.0), MemoryStorage()
    for endpoint_id in ids_of(50):
        service.take(endpoint_id)
    await left_by_a_dead_worker(storage, 50)
    outcomes = await webhooks(service).resume_tests(MemoryJournal(storage))
    assert {"succeeded": 50} == states(outcomes)
    assert (0, {1: 50}) == (service.count(SEND), sends_per_endpoint(service))
    assert service.count("listEvents") <= 4


async def test_a_test_that_did_not_arrive_is_sent_after_three_looks() -> None:
    """The last look is five seconds after the record and three after the takeover, and the first bound is kept.

    A record from the future was written before the clock of the journal was set back.
    """
    for age, seconds in ((0.0, 5.0), (4.0, 3.0), (100.0, 3.0), (-3600.0, 5.0)):
        service, storage = Service(takes=0.0), MemoryStorage()
        started = now()
        await left_by_a_dead_worker(storage, 2, age=age)
        outcomes = await webhooks(service).resume_tests(MemoryJournal(storage))
        assert {"succeeded": 2} == states(outcomes)
        sent = [when - started for name, when in service.requests if name == SEND]
        assert all(seconds <= when < seconds + 0.5 for when in sent)
        records = b"".join([segment.batch async for segment in MemoryJournal(storage).read()])
        assert 2 == records.count(b",2]]")
        assert 1 == len({part.split(b",")[0] for part in records.split(b",1,[")[1:]})


async def test_an_event_that_appears_late_is_found_by_a_look() -> None:
    """The service may show it a few seconds after the send."""
    service, storage = Service(takes=0.0, lag=4.0), MemoryStorage()
    service.take(ids_of(1)[0])
    await left_by_a_dead_worker(storage, 1)
    assert {"succeeded": 1} == states(await webhooks(service).resume_tests(MemoryJournal(storage)))
    assert {1: 1} == sends_per_endpoint(service)


async def test_an_older_event_is_not_adopted() -> None:
    """It belongs to an earlier test of the endpoint."""
    service, storage = Service(takes=0.0), MemoryStorage()
    service.take(ids_of(1)[0])
    await asyncio.sleep(10.0)
    await left_by_a_dead_worker(storage, 1)
    assert {"succeeded": 1} == states(await webhooks(service).resume_tests(MemoryJournal(storage)))
    assert {2: 1} == sends_per_endpoint(service)


async def test_an_event_of_the_same_second_leaves_the_test_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that writes whole seconds does not date it exactly. The test is never sent again."""
    service, storage = Service(takes=0.0), MemoryStorage()
    monkeypatch.setattr(
        "tests.support.delivery_service.stamp", lambda time, ahead=0.0: stamp(float(int(time)), ahead=ahead)
    )
    await asyncio.sleep(10.2)
    service.take(ids_of(1)[0])
    await left_by_a_dead_worker(storage, 1, not_before=BEGINNING.timestamp() + 10.5)
    (outcome,) = await webhooks(service).resume_tests(MemoryJournal(storage))
    assert "unknown" == outcome.state
    assert isinstance(outcome.error, TransportError)
    assert "may be older" in outcome.reason
    assert {1: 1} == sends_per_endpoint(service)


@pytest.mark.parametrize(("sends", "state", "count"), [(2, "succeeded", 1), (3, "unknown", 0)])
async def test_the_third_worker_that_dies_with_a_test_leaves_it_unknown(sends: int, state: str, count: int) -> None:
    """The test itself may be what ends them."""
    service, storage = Service(takes=0.0), MemoryStorage()
    await left_by_a_dead_worker(storage, 1, sends=sends)
    (outcome,) = await webhooks(service).resume_tests(MemoryJournal(storage))
    assert (state, count) == (outcome.state, len(service.sent))


async def test_the_third_death_does_not_hide_a_test_that_arrived() -> None:
    """Its events are searched first."""
    service, storage = Service(takes=0.0), MemoryStorage()
    service.take(ids_of(1)[0])
    await left_by_a_dead_worker(storage, 1, sends=3)
    assert {"succeeded": 1} == states(await webhooks(service).resume_tests(MemoryJournal(storage)))


def failing(seconds: float, status: int) -> Callable[[Request, str], Response | None]:
    """Return a fault that fails all reads of events for some time."""

    def fail(request: Request, when: str) -> Response | None:
        if request.operation.id != "listEvents" or now() > seconds:
            return None
        if status == 0:
            raise TransportError("no connection", maybe_sent=False)
        return Response(status, {}, b"{}")

    return fail


@pytest.mark.parametrize("status", [0, 500])
async def test_events_that_cannot_be_read_for_some_time_are_read_later(status: int) -> None:
    """The test waits until then."""
    service, storage = Service(takes=0.0, dates=True), MemoryStorage()
    service.take(ids_of(1)[0])
    await left_by_a_dead_worker(storage, 1)
    service.fault = failing(30.0, status)
    client = webhooks(service)
    await client.list_endpoints("org_" + 26 * "0")
    client._sender.reconciler.server_clock.note(0.0, 0.1, BEGINNING)  # noqa: SLF001 - a client that has been used
    assert {"succeeded": 1} == states(await client.resume_tests(MemoryJournal(storage)))
    assert {1: 1} == sends_per_endpoint(service)


@pytest.mark.parametrize(("status", "error"), [(500, ServerError), (200, ResponseDecodeError)])
async def test_events_that_cannot_be_read_at_all_end_the_worker(status: int, error: type[Exception]) -> None:
    """The run stays resumable: the test is not given up."""
    service, storage = Service(takes=0.0), MemoryStorage()
    await left_by_a_dead_worker(storage, 1)
    service.fault = failing(1000.0, status)
    client = webhooks(service)
    client._sender.reconciler.server_clock.note(0.0, 0.1, BEGINNING)  # noqa: SLF001 - a client that has been used
    with pytest.raises(error):
        await client.resume_tests(MemoryJournal(storage))
    service.fault = lambda request, when: None
    assert {"succeeded": 1} == states(await webhooks(service).resume_tests(MemoryJournal(storage)))


async def test_a_service_without_dates_is_dated_by_its_newest_event() -> None:
    """Until the first response of a send has a date."""
    service, storage = Service(takes=0.0, dates=False), MemoryStorage()
    service.take(ids_of(3)[2])
    await asyncio.sleep(3.0)
    assert {"succeeded": 2} == states(await recorded_run(service, MemoryJournal(storage), 2))
    batches = [segment.batch async for segment in MemoryJournal(storage).read()]
    assert b"[[0,1,[%.1f" % (BEGINNING.timestamp() + 1) == batches[0][:19]


async def test_a_worker_that_lost_its_chunks_sends_nothing_of_them() -> None:
    """Its journal responds after its lease, when another worker has the chunks: its records are rejected."""
    service, storage = Service(limit=50, window=10.0), MemoryStorage(lease=4.0)
    slow, fast = MemoryJournal(storage), MemoryJournal(storage)
    first = asyncio.create_task(outcomes_of(recorded_run(service, slow, 150)))
    await asyncio.sleep(5.0)
    slow.delay = 7.0
    second = asyncio.create_task(outcomes_of(recorded_run(service, fast, 150)))
    await asyncio.sleep(30.0)
    slow.delay = 0.0
    results = await asyncio.gather(first, second)
    assert [150, 150] == [len(result) for result in results]
    assert {1: 150} == sends_per_endpoint(service)
    assert any(storage.rejected)


async def test_a_failover_that_loses_records_sends_nothing_twice() -> None:
    """Tests without a record are found on the newest page, before anything is sent."""
    service, storage = Service(takes=0.5, limit=120, window=5.0), MemoryStorage(lease=4.0)
    worker = Worker(service, storage, 300)
    await asyncio.sleep(4.0)
    assert 100 < len(service.sent) < 200
    await worker.kill()
    storage.fail_over(keep=2)
    assert {"succeeded": 300} == states(await recorded_run(service, MemoryJournal(storage), 300))
    assert {1: 300} == sends_per_endpoint(service)
