"""Tests of waiting for the rate limit: order, deadlines, cancellation and keys."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from tests.support import requests
from tests.support.limited_server import LimitedServer
from tests.support.rate_limits import Wire, call, limited, now, settle, start
from tripwire_async._http.messages import CallStats, Request, Response
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, RequestTimeoutError
from tripwire_async.middleware.rate_limit import RateLimit


@pytest.mark.virtual_time
async def test_waiters_are_served_in_order() -> None:
    """First come, first served."""
    served: list[int] = []
    limit = RateLimit(max_in_flight=1)

    async def handler(request: Request) -> Response:
        await asyncio.sleep(0.1)
        return limited(1000, 500)

    async def one(index: int) -> None:
        await limit(call(), handler)
        served.append(index)

    await asyncio.gather(*(one(index) for index in range(50)))
    assert list(range(50)) == served


@pytest.mark.virtual_time
async def test_no_more_than_max_in_flight_are_on_the_wire() -> None:
    """The slots bound the sockets, whatever the limit."""
    server = LimitedServer(10_000, 60.0, latency=(0.1, 0.5))
    limit = RateLimit(max_in_flight=7)
    await asyncio.gather(*(limit(call(), server) for _ in range(100)))
    assert server.most_in_flight == 7
    assert limit.state().in_flight == 0


def test_at_least_one_must_be_allowed_in_flight() -> None:
    """A limit that lets nothing through would hang every call."""
    with pytest.raises(ValueError, match="max_in_flight"):
        RateLimit(max_in_flight=0)


@pytest.mark.virtual_time
@pytest.mark.parametrize("turns", range(4))
async def test_cancelling_a_waiter_in_any_turn_blocks_no_other_call(turns: int) -> None:
    """If it had received its permit and not run yet, the next call gets its slot."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    first, second, third = start(limit, wire, call(), call(), call())
    await settle()
    wire.sent[0].set_result(limited(10, 9))
    for _ in range(turns):
        await asyncio.sleep(0)
    second.cancel()
    await settle()
    wire.sent[-1].set_result(limited(10, 8))
    assert (await third).status == 200
    assert (await first).status == 200
    assert second.cancelled()
    assert limit.state().in_flight == limit.state().waiting == 0


@pytest.mark.virtual_time
@pytest.mark.parametrize("turns", range(4))
async def test_only_what_was_sent_is_counted_when_a_waiter_is_cancelled_in_any_turn(turns: int) -> None:
    """A permit that is not used is not a request."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    rejected = limited(10, 0, 429, **{"retry-after": "2"})
    responses = [*(limited(10, 9 - index) for index in range(10)), rejected, limited(10, 9)]

    async def respond(_: Request) -> Response:
        return responses.pop(0)

    for _ in range(11):
        await limit(call(), respond)
    await asyncio.sleep(5)
    await limit(call(), respond)
    _, second = start(limit, wire, call(), call())
    await settle()
    wire.sent[0].set_result(limited(10, 8))
    for _ in range(turns):
        await asyncio.sleep(0)
    second.cancel()
    await settle()
    assert second.cancelled()
    assert 9 - len(wire.sent) == limit.state().remaining


@pytest.mark.virtual_time
async def test_a_wait_that_is_known_to_pass_the_deadline_fails_at_once() -> None:
    """The end is known, so the error is raised at once and reports the wait."""
    limit = RateLimit()
    await limit(call(), requests.Script([limited(10, 0, 429, **{"Retry-After": "60"})]))
    request = call(deadline=30.0)
    request.stats.attempts = 2
    request.stats.client_request_id = "ours"
    with pytest.raises(RequestTimeoutError, match=r"60\.0 s\. Allow a longer deadline") as caught:
        await limit(request, requests.Script([limited(10, 9)]))
    assert now() == 0
    assert caught.value.maybe_sent is False
    assert caught.value.retry_after == 60.0
    assert caught.value.attempts == 2
    assert caught.value.client_request_id == "ours"


@pytest.mark.virtual_time
async def test_a_cooldown_that_begins_during_a_wait_ends_those_that_cannot_outlast_it() -> None:
    """A waiter whose deadline comes first fails as soon as that is known; the others wait on."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    impatient, patient = start(limit, wire, call(deadline=30.0), call(deadline=90.0))
    await settle()
    wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "60"}))
    with pytest.raises(RequestTimeoutError) as caught:
        await impatient
    assert now() == 0
    assert caught.value.retry_after == 60.0
    await asyncio.sleep(61)
    wire.sent[1].set_result(limited(10, 9))
    assert (await patient).status == 200


@pytest.mark.virtual_time
async def test_a_cooldown_that_begins_as_a_waiter_is_cancelled_leaves_it_cancelled() -> None:
    """A waiter can have two reasons to go at once; the caller's own counts."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    (waiter,) = start(limit, wire, call(deadline=30.0))
    await settle()
    wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "60"}))
    waiter.cancel()
    await settle()
    assert waiter.cancelled()
    assert limit.state().waiting == 0


@pytest.mark.virtual_time
async def test_an_unknown_wait_ends_at_the_deadline() -> None:
    """With all slots in use the end is unknown, so the call waits until its deadline."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    request = call(deadline=30.0)
    with pytest.raises(RequestTimeoutError, match="deadline") as caught:
        await limit(request, wire)
    assert now() == 30.0
    assert caught.value.retry_after is None
    assert request.stats.rate_limit_wait == 30.0
    assert limit.state().waiting == 0


@pytest.mark.virtual_time
async def test_a_call_after_its_deadline_is_not_sent() -> None:
    """A deadline that has passed leaves no time for an attempt that must wait."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await asyncio.sleep(1)
    with pytest.raises(RequestTimeoutError):
        await limit(call(deadline=0.5), wire)
    assert len(wire.sent) == 1


@pytest.mark.virtual_time
async def test_the_seconds_waited_are_added_to_the_trace() -> None:
    """A call shows where its time went."""
    limit = RateLimit()
    await limit(call(), requests.Script([limited(10, 0, 429, **{"Retry-After": "3"})]))
    request = call()
    request.stats.rate_limit_wait = 1.0
    await limit(request, requests.Script([limited(10, 9)]))
    assert request.stats.rate_limit_wait == pytest.approx(4.0)


@pytest.mark.virtual_time
async def test_a_token_of_a_calls_own_has_a_limit_of_its_own() -> None:
    """A rejected Gate poll delays calls with the same token only."""
    limit = RateLimit()
    good = requests.Script([limited(10, 9)])
    polls = [
        replace(
            requests.request(authority="poll_token", bearer=Secret(f"gtpoll_{name}"), deadline=30.0), stats=CallStats()
        )
        for name in ("a", "a", "b")
    ]
    await limit(polls[0], requests.Script([limited(10, 0, 429, **{"Retry-After": "60"})]))
    await limit(call(), good)
    await limit(polls[2], good)
    with pytest.raises(RequestTimeoutError):
        await limit(polls[1], good)
    assert now() == 0


@pytest.mark.virtual_time
async def test_tokens_that_come_and_go_do_not_pile_up() -> None:
    """The state of idle tokens is dropped; the limit of the client's key and cooldowns are kept."""
    limit = RateLimit()

    def poll(index: int) -> Request:
        return requests.request(authority="poll_token", bearer=Secret(f"gtpoll_{index}"), deadline=30.0)

    await limit(call(), requests.Script([limited(77, 76)]))
    await limit(poll(0), requests.Script([limited(10, 0, 429, **{"Retry-After": "60"})]))
    for index in range(1, 1000):
        await limit(poll(index), requests.Script([limited(10, 9)]))
    assert limit.statistics().keys <= 256
    assert limit.state().limit == 77
    with pytest.raises(RequestTimeoutError):
        await limit(poll(0), requests.Script([limited(10, 9)]))


@pytest.mark.virtual_time
async def test_calls_of_all_keys_share_the_slots_by_turns() -> None:
    """A burst for one key does not block another key."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    mine = [call() for _ in range(3)]
    other = requests.request(authority="poll_token", bearer=Secret("gtpoll_a"))
    tasks = start(limit, wire, *mine, other)
    for index in range(4):
        await settle()
        wire.sent[index].set_result(limited(10, 5))
    await asyncio.gather(*tasks)
    assert other in wire.requests[1:3]


@pytest.mark.virtual_time
async def test_sends_and_polls_take_turns() -> None:
    """Neither priority starves the other, however many wait in it."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    tasks = start(limit, wire, *(call("send") for _ in range(10)), *(call("poll") for _ in range(4)))
    for index in range(len(tasks)):
        await settle()
        wire.sent[index].set_result(limited(1000, 500))
    await asyncio.gather(*tasks)
    priorities = [request.priority for request in wire.requests]
    assert (
        priorities == ["send", *["send", "poll"] * 4, *["send"] * 5]
        or priorities == ["send", "poll"] * 4 + ["send"] * 6
    )


@pytest.mark.virtual_time
async def test_interactive_calls_go_first_and_do_not_starve_others() -> None:
    """Three of four calls are interactive while all priorities wait."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    tasks = start(limit, wire, *(call("send") for _ in range(4)), *(call() for _ in range(6)))
    for index in range(len(tasks)):
        await settle()
        wire.sent[index].set_result(limited(1000, 500))
    await asyncio.gather(*tasks)
    initials = "".join(request.priority[0] for request in wire.requests)
    assert initials == "siiisiiiss"


@pytest.mark.virtual_time
async def test_the_waits_of_one_client_end_when_it_is_closed() -> None:
    """Those of another client that shares the limit go on."""
    limit, wire = RateLimit(max_in_flight=1), Wire()
    first, closed, other = start(limit, wire, call(), replace(call(), owner=1), replace(call(), owner=2))
    await settle()
    limit.end_waits(1)
    with pytest.raises(ConfigurationError):
        await closed
    for index in range(2):
        wire.accept(index)
        await settle()
    assert [200, 200] == [(await first).status, (await other).status]
