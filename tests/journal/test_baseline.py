"""The time of the service before the first send of a run, which is frozen when the run is created."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.support.delivery_service import BEGINNING, Service, now
from tests.support.journal_runs import Worker, recorded_run, sends_per_endpoint
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.memory_pages import MemoryPages
from tests.support.runs import states
from tests.support.sharing_journal import SharingJournal
from tripwire_async.journal.records import Sending, decode_batch
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response
    from tripwire_async.journal import NewRun, Run

pytestmark = pytest.mark.virtual_time


@attrs.define
class Counting(Service):
    """Service that counts the requests for its time, which are those for the newest test event alone."""

    asked: int = 0

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.fault = self._count

    def _count(self, request: Request, when: str) -> Response | None:
        self.asked += when == "before" and request.url.query.get("limit") == "1"
        return None


def first_sends(storage: MemoryStorage) -> list[Sending]:
    """Return the records of sends in the journal."""
    batches = [segment.batch for segment in storage.runs["default"].log]
    return [record for batch in batches for _, record in decode_batch(batch) if isinstance(record, Sending)]


@pytest.mark.parametrize("dates", [True, False])
async def test_workers_that_start_together_ask_for_the_time_once(dates: bool) -> None:
    """The worker that creates the run does, also if the responses of the service have no dates."""
    service, storage = Counting(dates=dates), MemoryStorage(lease=30.0)
    workers = [Worker(service, storage, 500) for _ in range(4)]
    await asyncio.gather(*(worker.task for worker in workers))
    assert {1: 500} == sends_per_endpoint(service)
    # Each of them may find that there is no run yet.
    assert 1 <= service.asked <= 4
    asked = service.asked
    storage.runs.clear()
    first = Worker(service, storage, 500)
    await asyncio.sleep(0.2)
    later = [Worker(service, storage, 500) for _ in range(3)]
    await asyncio.gather(first.task, *(worker.task for worker in later))
    assert asked + 1 == service.asked


async def test_of_workers_that_start_in_the_same_instant_one_creates_the_run() -> None:
    """Through a journal that shares pages. The others wait for it."""
    service, storage, pages = Counting(), MemoryStorage(lease=30.0), MemoryPages(delay=0.01)
    workers = [Worker(service, storage, 500, journal=SharingJournal(storage, pages=pages)) for _ in range(8)]
    await asyncio.gather(*(worker.task for worker in workers))
    assert ({1: 500}, 1) == (sends_per_endpoint(service), service.asked)


@pytest.mark.parametrize(("delay", "seconds"), [(0.0, 2.5), (1000.0, 1.0)])
async def test_a_worker_that_dies_before_it_has_created_the_run_delays_the_others(delay: float, seconds: float) -> None:
    """By two seconds; a journal whose pages do not respond delays them by its patience."""
    service, storage, pages = Counting(), MemoryStorage(lease=30.0), MemoryPages(delay=delay)
    await asyncio.wait(
        [asyncio.ensure_future(pages.exchange_page(PageAsk(worker="dead", after=0.0, scope="creation")))], timeout=0.01
    )
    workers = [Worker(service, storage, 20, journal=SharingJournal(storage, pages=pages)) for _ in range(2)]
    await asyncio.gather(*(worker.task for worker in workers))
    assert {1: 20} == sends_per_endpoint(service)
    first = min(when for name, when in service.requests if name == "sendTestWebhook")
    assert first < seconds


async def test_the_first_sends_of_another_worker_have_the_baseline_of_the_run() -> None:
    """It has no response yet. A worker that finds these records adopts what has arrived."""
    service, storage = Counting(takes=1.0), MemoryStorage(lease=30.0)
    first = Worker(service, storage, 600, in_flight=100)
    await asyncio.sleep(2.5)
    second = Worker(service, storage, 600, in_flight=100)
    await asyncio.sleep(0.045)
    baseline = storage.runs["default"].run.baseline
    assert baseline is not None
    assert BEGINNING.timestamp() - 2.0 < baseline <= BEGINNING.timestamp() + 0.1
    assert baseline in {record.not_before for record in first_sends(storage) if record.time >= 2.5}
    await second.kill()
    await first.kill()
    assert 1 == service.asked
    outcomes = await recorded_run(service, MemoryJournal(storage), 600)
    assert ({"succeeded": 600}, {1: 600}) == (states(outcomes), sends_per_endpoint(service))


async def test_a_worker_that_joins_later_asks_for_the_time_itself() -> None:
    """An event since the baseline may be that of another program."""
    service, storage = Counting(takes=5.0), MemoryStorage(lease=30.0)
    first = Worker(service, storage, 200, in_flight=10)
    await asyncio.sleep(31.0)
    second = Worker(service, storage, 200, in_flight=10)
    await asyncio.gather(first.task, second.task)
    assert 2 == service.asked
    sent_later = [record.not_before for record in first_sends(storage) if record.time > 31.0]
    assert min(sent_later) > BEGINNING.timestamp() + 28.0
    assert now() > 40.0


async def test_a_journal_without_the_baseline_is_used_as_well() -> None:
    """Each worker asks for the time itself."""

    class WithoutBaseline(MemoryJournal):
        async def begin(self, new: NewRun | None, /) -> Run:
            return attrs.evolve(await super().begin(new), baseline=None)

    service, storage = Counting(), MemoryStorage(lease=30.0)
    first = Worker(service, storage, 300, journal=WithoutBaseline(storage))
    await asyncio.sleep(0.2)
    second = Worker(service, storage, 300, journal=WithoutBaseline(storage))
    await asyncio.gather(first.task, second.task)
    assert {1: 300} == sends_per_endpoint(service)
    assert 2 == service.asked
