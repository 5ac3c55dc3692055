"""Pages of events that the workers of a run share through its journal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import attrs
import pytest
import redis.asyncio

from tests.support.delivery_service import ORGANIZATION, Service, webhooks
from tests.support.journal_runs import Worker, recorded_run, sends_per_endpoint
from tests.support.kills import Scenario, run
from tests.support.memory_journal import MemoryStorage
from tests.support.memory_pages import MemoryPages
from tests.support.processes_on_pages import process
from tests.support.redis_server import RedisServer
from tests.support.runs import assert_no_task_left, states
from tests.support.sharing_journal import SharingJournal
from tripwire_async.errors import JournalError
from tripwire_async.journal import SqliteJournal
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, SharedPage, WindowAsk

if TYPE_CHECKING:
    from pathlib import Path

    from tripwire_async._http.messages import Request
    from tripwire_async.middleware.rate_limit.shared_pages import PageReply


def journals(count: int, pages: MemoryPages, storage: MemoryStorage | None = None) -> list[SharingJournal]:
    """Return the journals of a number of workers of one run."""
    storage = storage or MemoryStorage(lease=30.0)
    return [SharingJournal(storage, pages=pages) for _ in range(count)]


async def outcomes_of(service: Service, workers: list[SharingJournal], count: int) -> Any:
    """Have the workers test a number of endpoints; return the outcomes of the run."""
    results = await asyncio.gather(*(recorded_run(service, journal, count) for journal in workers))
    assert {1: count} == sends_per_endpoint(service)
    return results[0]


def shared_in(pages: MemoryPages) -> list[PageAsk | WindowAsk]:
    """Return the requests of workers that test; the others select the worker that creates the run."""
    return [ask for ask in pages.asks if ask.scope != "creation"]


# -- one page for all ---------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_eight_workers_of_a_run_make_one_read_for_fifty_sends() -> None:
    """Together 1,200 tests: no more reads than 2 % of the sends, and no more tests in flight than the page holds."""
    service = Service(takes=2.0)
    outcomes = await outcomes_of(service, journals(8, MemoryPages(delay=0.001)), 1200)
    assert {"succeeded": 1200} == states(outcomes)
    assert 0 == service.count("retrieveEvent")
    assert service.reads <= 0.02 * 1200


@pytest.mark.serial
async def test_three_processes_of_a_run_share_their_reads_through_a_file(tmp_path: Path) -> None:
    """One read per process for the time of the service, and a few pages for all."""
    path = tmp_path / "run.db"
    async with SqliteJournal(path) as observer:
        # Of another run. The files are kept as long as it is present.
        await observer.exchange_window(WindowAsk(worker="observer", width=1, used=0, wanted=1))
        result = await run(
            Scenario(journal=str(path), endpoints=150, kills=0, latency=0.0, settling=0.7, in_flight=150)
        )
        sizes = [each.stat().st_size for each in (tmp_path / "run.db-workers").glob("*.shared")]
        assert max(sizes) > 10_000
    assert ([], {}) == (result.errors, result.others)
    assert result.reads <= 10


@pytest.mark.serial
async def test_three_processes_of_a_run_share_their_reads_through_redis() -> None:
    """A real server: one read per process for the time of the service, and a few pages for all."""
    with RedisServer() as server:
        result = await run(
            Scenario(journal=server.url, endpoints=150, kills=0, latency=0.0, settling=0.7, in_flight=150)
        )
        async with redis.asyncio.Redis.from_url(server.url, decode_responses=True) as client:
            keys = await client.keys("tripwire:journal:{default}:pages:*")
            assert any([await client.hexists(key, "body") for key in keys])
    assert ([], {}) == (result.errors, result.others)
    assert result.reads <= 10


@pytest.mark.virtual_time
async def test_a_worker_that_is_alone_has_the_whole_window_from_its_first_send_on() -> None:
    """It does not know how many tests the others leave to it, also if it has few in flight at once."""
    service, pages = Service(takes=0.5), MemoryPages()
    (journal,) = journals(1, pages)
    assert {"succeeded": 100} == states(await recorded_run(service, journal, 100, in_flight=20))
    wanted = [ask.wanted for ask in shared_in(pages) if isinstance(ask, WindowAsk)]
    assert ({200}, 0) == (set(wanted[:-1]), wanted[-1])


@pytest.mark.virtual_time
async def test_a_store_that_shares_pages_is_used_instead_of_the_journal() -> None:
    """Processes of other runs use it as well."""
    service, stored, pages = Service(takes=2.0), MemoryPages(), MemoryPages()
    clients = [process(service, stored) for _ in range(2)]
    ids = [f"we_{number:032x}" for number in range(100)]
    runs = [
        client.send_tests(ORGANIZATION, ids, journal=journal)
        for client, journal in zip(clients, journals(2, pages), strict=True)
    ]
    await asyncio.gather(*runs)
    assert ([], True) == (shared_in(pages), bool(stored.asks))


@pytest.mark.virtual_time
async def test_a_run_that_reads_nothing_shares_nothing() -> None:
    """Its tests end when they are sent."""
    service, pages = Service(), MemoryPages()
    (journal,) = journals(1, pages)
    await recorded_run(service, journal, 60, until="sent")
    assert [] == shared_in(pages)


@pytest.mark.virtual_time
async def test_a_delivery_outside_of_the_run_is_awaited_after_its_end() -> None:
    """The wait uses the pages during the run, and not the journal that may be closed afterwards."""
    service, pages = Service(takes=lambda number: 30.0 if number == 0 else 2.0), MemoryPages()
    client, (journal,) = webhooks(service), journals(1, pages)
    sent = await client.send_test(ORGANIZATION, "we_" + 32 * "f")
    waiting = asyncio.create_task(sent.settled(60))
    ids = [f"we_{number:032x}" for number in range(100)]
    await client.send_tests(ORGANIZATION, ids, journal=journal)
    asked = len(pages.asks)
    assert asked
    assert "succeeded" == (await waiting).status
    assert asked == len(pages.asks)
    assert_no_task_left()


@pytest.mark.virtual_time
async def test_a_page_that_is_read_while_the_run_is_left_is_not_published() -> None:
    """Deliveries outside of the run read it, and the journal may be closed when it arrives."""
    reading = asyncio.Event()

    def note(request: Request, when: str) -> None:
        if request.url.query.get("limit") == "200":
            reading.set()

    service, pages = Service(takes=8.0, latency=(0.6, 0.6), fault=note), MemoryPages()
    client, (journal,) = webhooks(service), journals(1, pages)
    sent = await asyncio.gather(*(client.send_test(ORGANIZATION, f"we_{number:032x}") for number in range(5)))
    waiting = asyncio.gather(*(handle.settled(600) for handle in sent))
    ids = [f"we_{number:032x}" for number in range(100, 120)]
    async with client.send_tests(ORGANIZATION, ids, journal=journal) as tests:
        testing = asyncio.ensure_future(anext(aiter(tests)))
        await asyncio.sleep(2.0)
        reading.clear()
        await reading.wait()
        testing.cancel()
    asked = len(pages.asks)
    assert asked
    assert 5 == len(await waiting)
    assert asked == len(pages.asks)


@pytest.mark.virtual_time
async def test_two_runs_on_one_event_loop_share_the_pages_of_the_first() -> None:
    """They have the same poller, which reads for both."""
    service, first, second = Service(takes=2.0), MemoryPages(), MemoryPages()
    client = webhooks(service)
    ids = [f"we_{number:032x}" for number in range(120)]
    (one,), (two,) = journals(1, first), journals(1, second)
    await asyncio.gather(
        client.send_tests(ORGANIZATION, ids[:60], journal=one), client.send_tests(ORGANIZATION, ids[60:], journal=two)
    )
    assert {1: 120} == sends_per_endpoint(service)
    assert not [ask for ask in shared_in(second) if isinstance(ask, PageAsk)]


# -- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.parametrize("error", [ConnectionError(), JournalError("the run was dropped")])
async def test_workers_whose_journal_shares_nothing_any_more_read_for_themselves(error: Exception) -> None:
    """No outcome is lost, whatever the error."""

    def fail(ask: PageAsk | WindowAsk) -> None:
        if asyncio.get_running_loop().time() > 1.0:
            raise error

    service = Service(takes=2.0)
    outcomes = await outcomes_of(service, journals(3, MemoryPages(fail=fail)), 300)
    assert {"succeeded": 300} == states(outcomes)


@pytest.mark.virtual_time
async def test_a_journal_that_does_not_respond_delays_a_read_by_its_patience() -> None:
    """The exchange of pages hangs; the records are not concerned."""
    service = Service(takes=2.0)
    outcomes = await outcomes_of(service, journals(2, MemoryPages(delay=1000.0)), 100)
    assert {"succeeded": 100} == states(outcomes)
    assert asyncio.get_running_loop().time() < 8.0


@pytest.mark.virtual_time
async def test_a_worker_that_dies_while_it_reads_is_replaced_after_its_lease() -> None:
    """The others read the page after five seconds, and take over its endpoints."""
    service, storage, pages = Service(takes=2.0), MemoryStorage(lease=30.0), MemoryPages()
    dying: asyncio.Future[SharingJournal] = asyncio.get_running_loop().create_future()

    @attrs.define
    class Reader(SharingJournal):
        async def exchange_page(self, ask: PageAsk, /) -> PageReply:
            reply = await super().exchange_page(ask)
            if reply.is_reader and not dying.done():
                dying.set_result(self)
                self.is_dead = True
                await asyncio.get_running_loop().create_future()
            return reply

    workers = [Worker(service, storage, 200, journal=Reader(storage, pages=pages)) for _ in range(3)]
    journal = await dying
    (dead,) = [worker for worker in workers if worker.journal is journal]
    await dead.kill()
    outcomes = await next(worker.task for worker in workers if worker is not dead)
    await asyncio.gather(*(worker.task for worker in workers if worker is not dead))
    assert {"succeeded": 200} == states(outcomes)
    assert {1: 200} == sends_per_endpoint(service)
    assert asyncio.get_running_loop().time() < 20.0


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b'{"format": 2, "events": []}',
        b'[{"wevt_%032x": [["wdlv_1", "we_other", "succeeded", 1, 200, 0, 0]]}, [], false, 0, 0]' % 0x999,
    ],
)
async def test_a_page_of_another_version_or_organization_settles_nothing(body: bytes) -> None:
    """Its events are not those of the run, or it cannot be decoded. Each outcome is that of its own delivery."""

    @attrs.define
    class Misleading(MemoryPages):
        async def exchange_page(self, ask: PageAsk, /) -> PageReply:
            reply = await super().exchange_page(ask)
            is_first = asyncio.get_running_loop().time() < 4.0
            return attrs.evolve(reply, page=SharedPage(reply.time, body), is_reader=False) if is_first else reply

    service = Service(takes=lambda number: 1.0 if number % 2 else 3.0)
    outcomes = await outcomes_of(service, journals(2, Misleading()), 60)
    assert {"succeeded": 60} == states(outcomes)
    for outcome in outcomes:
        assert outcome.delivery is not None
        assert outcome.delivery.endpoint_id == outcome.endpoint_id
