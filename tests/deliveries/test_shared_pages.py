"""Pages of events that several processes share through a store, on virtual time."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint
from tests.support.event_store import EventStore, constant, heavy_tailed, send
from tests.support.memory_pages import MemoryPages
from tests.support.processes_on_pages import BASE_URL, process, run_all
from tests.support.runs import states
from tests.support.virtual_time import now, run
from tripwire_async._http.messages import Response
from tripwire_async.errors import ConfigurationError, DeliveryTimeoutError
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, PageReply, SharedPage, WindowAsk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.delivery_service import Sent
    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import PendingDelivery
    from tripwire_async.resources.webhooks import Webhooks


async def settle(handles: Sequence[PendingDelivery], timeout: float = 60.0) -> list[float]:
    """Wait for all; return how long after the start each wait has ended."""

    async def one(handle: PendingDelivery) -> float:
        assert "succeeded" == (await handle.settled(timeout)).status
        return now()

    return list(await asyncio.gather(*(one(handle) for handle in handles)))


async def sent_by(clients: Sequence[Webhooks], count: int) -> list[list[PendingDelivery]]:
    """Have each process send *count* tests; return the handles of each."""
    return [await send(client, count) for client in clients]


@attrs.define
class Contents(Service):
    """Service whose deliveries have a response body and an error, and one of whose events may be broken for a time.

    Attributes:
        broken: Number of an event that cannot be decoded in the first second.
    """

    broken: int | None = None

    def delivery(self, one: Sent) -> dict[str, Any]:
        """Return the delivery with contents."""
        attempts = "x" if one.number == self.broken and now() < 1.0 else 1
        contents = {"response_body": f"body of {one.number}", "error": "classified"}
        return {**super().delivery(one), **contents, "attempts": attempts}


# -- one page for all ---------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_processes_share_the_pages_that_they_read() -> None:
    """Four processes that wait for the same time read as many pages as one."""
    alone = EventStore(constant(3.0))
    await settle([handle for sent in await sent_by([process(alone, None)], 40) for handle in sent])
    service, pages = EventStore(constant(3.0)), MemoryPages()
    sent = await sent_by([process(service, pages) for _ in range(4)], 10)
    started = now()
    ended = await asyncio.gather(*(settle(handles) for handles in sent))
    assert service.pages <= alone.pages + 1
    assert 0 == service.singles
    assert max(when for each in ended for when in each) - started < 4.5


@pytest.mark.virtual_time
async def test_processes_of_another_organization_or_service_do_not_share() -> None:
    """Their pages have other events. The scope is a hash of both."""
    service, pages = EventStore(constant(1.0)), MemoryPages()
    clients = [process(service, pages), process(service, pages, "https://other.example")]
    sent = await sent_by(clients, 5)
    await asyncio.gather(*(settle(handles) for handles in sent))
    scopes = {ask.scope for ask in pages.asks}
    assert 2 == len(scopes)
    assert all(ORGANIZATION not in scope and "example" not in scope for scope in scopes)


@pytest.mark.virtual_time
async def test_eight_runs_make_one_read_for_fifty_sends() -> None:
    """Together 1,200 tests: no more reads than 2 % of the sends, and no more tests on the page than it holds."""
    service, pages = EventStore(constant(2.0)), MemoryPages(delay=0.001)
    outcomes = await run_all([process(service, pages) for _ in range(8)], 150)
    assert {"succeeded": 1200} == states(outcomes)
    assert len(service.reads) <= 0.02 * 1200
    assert 0 == service.singles


@pytest.mark.virtual_time
async def test_waits_end_as_they_do_without_sharing() -> None:
    """With deliveries of very different durations, none times out that had ended."""
    service, pages = EventStore(heavy_tailed, seed=3), MemoryPages(delay=0.001)
    outcomes = await run_all([process(service, pages) for _ in range(4)], 100)
    for outcome in outcomes:
        assert outcome.pending is not None
        event = service.events[int(outcome.pending.event_id[5:], 16)]
        assert outcome.state == ("timed_out" if event.ends == math.inf else "succeeded")


@pytest.mark.virtual_time
async def test_a_process_learns_the_durations_from_the_pages_of_others() -> None:
    """It has seen no end itself, and reads its first delivery when that has probably ended."""
    service, pages = EventStore(constant(8.0)), MemoryPages()
    first, second = process(service, pages), process(service, pages)
    early = asyncio.create_task(settle(await send(first, 50)))
    await asyncio.sleep(6.0)
    late = await send(second, 3)
    waiting = asyncio.create_task(settle(late))
    await early
    before = service.pages + service.singles
    await waiting
    assert service.pages + service.singles - before <= 3


@pytest.mark.virtual_time
async def test_a_page_from_before_a_send_does_not_place_it_beyond_the_page() -> None:
    """Two hundred newer events are on it, and the new one is not beyond the page."""
    service, pages = EventStore(constant(5.0)), MemoryPages()
    first, second = process(service, pages), process(service, pages)
    waiting = asyncio.create_task(settle(await send(first, 250)))
    await asyncio.sleep(1.2)
    sent = await send(second, 4)
    await asyncio.gather(waiting, settle(sent))
    new = {int(handle.event_id[5:], 16) for handle in sent}
    assert not new & {number for _, number in service.reads}


# -- contents of pages ----------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_the_store_receives_no_contents_and_no_names() -> None:
    """No response body, no error, no organization and no URL; only ids, status and times."""
    service, pages = Contents(takes=1.0), MemoryPages()
    await run_all([process(service, pages) for _ in range(2)], 10)
    published = [ask.publish for ask in pages.asks if isinstance(ask, PageAsk) and ask.publish is not None]
    assert published
    text = repr(pages.asks) + "".join(page.body.decode() for page in published)
    for secret in ("classified", "body of", ORGANIZATION, BASE_URL):
        assert secret not in text


@pytest.mark.virtual_time
async def test_a_failed_delivery_is_read_by_its_own_process() -> None:
    """Its outcome has the response body and the error, which are not shared."""
    service = Contents(takes=1.0, end="failed")
    outcomes = await run_all([process(service, MemoryPages()) for _ in range(3)], 10)
    assert {"failed": 30} == states(outcomes)
    bodies = {outcome.delivery.response_body for outcome in outcomes if outcome.delivery is not None}
    assert {f"body of {number}" for number in range(30)} == bodies
    assert now() < 10.0


@pytest.mark.virtual_time
async def test_an_event_that_another_process_cannot_decode_is_read_by_its_own() -> None:
    """The page says that the event is listed, and nothing else about it."""
    service, pages = Contents(takes=2.0), MemoryPages()
    sent = await sent_by([process(service, pages) for _ in range(2)], 5)
    service.broken = 5
    ended = await asyncio.gather(*(settle(handles) for handles in sent))
    assert max(ended[0] + ended[1]) < 6.0


@pytest.mark.virtual_time
async def test_a_page_that_is_too_large_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process reads for itself."""
    monkeypatch.setattr("tripwire_async.deliveries._shared_events.MAX_BODY", 100)
    service, pages = EventStore(constant(1.0)), MemoryPages()
    sent = await sent_by([process(service, pages) for _ in range(2)], 5)
    await asyncio.gather(*(settle(handles) for handles in sent))
    assert not any(isinstance(ask, PageAsk) and ask.publish for ask in pages.asks)


@pytest.mark.virtual_time
@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'[{"wevt_1": 3}, [], true, 0, 0]'])
async def test_a_page_that_cannot_be_read_is_ignored(body: bytes) -> None:
    """The process reads for itself, and the next page counts."""

    class Garbage(MemoryPages):
        async def exchange_page(self, ask: PageAsk, /) -> PageReply:
            reply = await super().exchange_page(ask)
            return with_page(reply, page=SharedPage(reply.time, body)) if now() < 1.0 else reply

    service = EventStore(constant(3.0))
    ended = await settle(await send(process(service, Garbage()), 5))
    assert max(ended) < 5.0


def with_page(reply: PageReply, page: SharedPage) -> PageReply:
    """Return *reply* with another page."""
    return PageReply(time=reply.time, page=page, is_reader=False, others=1)


# -- leases -------------------------------------------------------------------------------------------------------


def hanging(until: float = math.inf, count: int = 1) -> Callable[[Request], None]:
    """Return a handler of reads that hangs for the first *count* of them."""
    left = [count]

    def hang(request: Request) -> None:
        if request.operation.id == "listEvents" and left[0] and now() < until:
            left[0] -= 1
            raise HangError

    return hang


class HangError(Exception):
    """This request has no response."""


def with_hangs(service: EventStore, hang: Callable[[Request], None]) -> Callable[[Request], object]:
    """Return *service*, some of whose requests hang until they are cancelled or time out."""

    async def handle(request: Request) -> Response:
        try:
            hang(request)
        except HangError:
            request.stats.attempts += 1
            service.reads.append((now(), None))
            await asyncio.sleep(max(0.0, min(request.timeout, request.deadline - now())))
            return Response(503, {}, b"{}")
        return await service(request)

    return handle


@pytest.mark.virtual_time
async def test_a_read_that_hangs_delays_the_other_processes_by_a_lease() -> None:
    """Five seconds; then one of them reads."""
    service, pages = EventStore(constant(1.0)), MemoryPages()
    slow = process(with_hangs(service, hanging()), pages)  # type: ignore[arg-type] - a handler
    other = process(service, pages)
    sent = await sent_by([slow, other], 5)
    ended = await asyncio.gather(*(settle(handles) for handles in sent))
    assert max(ended[1]) < 8.0
    # All but the one that reads.
    assert sorted(ended[0])[-2] < 8.0


@pytest.mark.virtual_time
async def test_the_last_read_of_a_wait_is_not_delayed_by_the_lease_of_another_process() -> None:
    """The wait ends within the lease, and the process reads for itself."""
    service, pages = EventStore(constant(1.0)), MemoryPages()
    slow = process(with_hangs(service, hanging()), pages)  # type: ignore[arg-type] - a handler
    other = process(service, pages)
    sent = await sent_by([slow, other], 5)
    waiting = asyncio.create_task(settle(sent[0]))
    await settle(sent[1], timeout=3.0)
    await waiting


@pytest.mark.virtual_time
async def test_a_read_that_fails_gives_the_lease_to_another_process_at_once() -> None:
    """A process that cannot reach the service does not hold up the others."""
    service, pages = EventStore(constant(1.0)), MemoryPages()

    async def broken(request: Request) -> Response:
        is_read = request.operation.id == "listEvents"
        return Response(503, {}, b"{}") if is_read else await service(request)

    sent = await sent_by([process(broken, pages), process(service, pages)], 5)
    ended = await asyncio.gather(*(settle(handles) for handles in sent))
    assert max(max(each) for each in ended) < 4.0


@pytest.mark.virtual_time
async def test_a_cancelled_read_is_made_by_another_wait_or_another_process() -> None:
    """The waits of the process that held the lease are cancelled in the middle of its read."""
    service, pages = EventStore(constant(1.0)), MemoryPages()
    slow = process(with_hangs(service, hanging()), pages)  # type: ignore[arg-type] - a handler
    sent = await sent_by([slow, process(service, pages)], 5)
    doomed = [asyncio.create_task(handle.settled()) for handle in sent[0][:3]]
    await asyncio.sleep(0.55)
    others = asyncio.gather(settle(sent[0][3:]), settle(sent[1]))
    await asyncio.sleep(0.2)
    for task in doomed:
        task.cancel()
    ended = await others
    assert max(max(each) for each in ended) < 8.0


@pytest.mark.virtual_time
async def test_the_lease_is_kept_while_its_read_waits_for_the_rate_limit() -> None:
    """No other process queues a read as well, however long that takes."""
    service, pages = EventStore(constant(1.0)), MemoryPages()
    gate = asyncio.Event()

    async def queued(request: Request) -> Response:
        if request.operation.id == "listEvents":
            before = now()
            await gate.wait()
            request.stats.rate_limit_wait += now() - before
        return await service(request)

    sent = await sent_by([process(queued, pages) for _ in range(3)], 5)
    asyncio.get_running_loop().call_later(20.0, gate.set)
    ended = await asyncio.gather(*(settle(handles) for handles in sent))
    assert 1 == sum(when < 20.5 for when, _ in service.reads)
    assert max(max(each) for each in ended) < 23.0


# -- without the store --------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.parametrize("error", [ConnectionError(), TimeoutError(), ConfigurationError("wrong password")])
async def test_without_the_store_each_process_reads_for_itself(error: Exception) -> None:
    """As if there were none."""

    def fail(ask: PageAsk | WindowAsk) -> None:
        raise error

    service, pages = EventStore(constant(2.0)), MemoryPages(fail=fail)
    outcomes = await run_all([process(service, pages) for _ in range(3)], 20)
    assert {"succeeded": 60} == states(outcomes)
    assert now() < 5.0


@pytest.mark.virtual_time
async def test_a_store_that_hangs_delays_a_read_by_its_patience() -> None:
    """It is tried again after pauses that grow to two seconds."""
    service, pages = EventStore(constant(2.0)), MemoryPages(delay=1000.0)
    ended = await settle(await send(process(service, pages), 5))
    assert max(ended) < 3.5
    assert len(pages.asks) <= 7


@pytest.mark.virtual_time
async def test_pages_are_shared_again_once_the_store_is_back() -> None:
    """It was away for the first three seconds."""

    def fail(ask: PageAsk | WindowAsk) -> None:
        if now() < 3.0:
            raise ConnectionError

    service, pages = EventStore(constant(8.0)), MemoryPages(fail=fail)
    sent = await sent_by([process(service, pages) for _ in range(4)], 10)
    await asyncio.gather(*(settle(handles) for handles in sent))
    assert sum(when > 5.0 for when, _ in service.reads) <= 6


@pytest.mark.virtual_time
async def test_a_wait_without_an_end_and_a_short_one_use_the_store() -> None:
    """The end of a wait is the limit of its exchange."""
    service, pages = EventStore(constant(2.0)), MemoryPages(delay=0.03)
    handles = await send(process(service, pages), 5)
    with pytest.raises(DeliveryTimeoutError):
        await handles[0].settled(0.04)
    endless = asyncio.gather(*(handle.settled(None) for handle in handles))
    assert all("succeeded" == delivery.status for delivery in await endless)


@pytest.mark.virtual_time
async def test_a_page_that_is_read_during_an_exchange_is_published_by_the_next() -> None:
    """The read takes 0.13 s, and a look begins after 0.1 s and takes 0.06 s."""
    service, pages = EventStore(constant(1.0), latency=(0.13, 0.13)), MemoryPages(delay=0.03)
    sent = await sent_by([process(service, pages) for _ in range(2)], 5)
    ended = await asyncio.gather(*(settle(handles) for handles in sent))
    assert max(max(each) for each in ended) < 2.5
    published = [ask.publish for ask in pages.asks if isinstance(ask, PageAsk) and ask.publish is not None]
    assert service.pages == len(set(published))


def test_nothing_is_left_when_the_waits_have_ended() -> None:
    """No task and no timer, in any process."""

    async def main() -> None:
        service, pages = EventStore(constant(1.0)), MemoryPages(delay=0.01)
        await run_all([process(service, pages) for _ in range(3)], 10)
        assert {asyncio.current_task()} == asyncio.all_tasks()

    run(main())


@pytest.mark.virtual_time
async def test_a_store_that_cannot_share_is_not_asked() -> None:
    """The protocols are optional."""

    class LimitOnly:
        """A store without pages and window."""

    service = EventStore(constant(1.0))
    outcomes = await run_all([process(service, LimitOnly())], 10)
    assert {"succeeded": 10} == states(outcomes)
    assert endpoint(3) == outcomes[3].endpoint_id
