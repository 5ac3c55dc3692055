"""Tests of the script of the Redis store: grants, learning and data. Times are seconds ago."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.store_process import Process

if TYPE_CHECKING:
    from tripwire_async.middleware import RedisStore


async def full(store: RedisStore, limit: int, window: float, *, ago: float = 0.0) -> Process:
    """Return a process that sent *limit* requests and a rejected one, *ago* seconds before."""
    process = Process(store, "full")
    for count in range(1, limit + 1):
        process.ended(sent=ago, at=ago, limit=limit, count=count)
    process.ended("", "rejected", sent=ago, at=ago, limit=limit, retry_after=window)
    await process.ask()
    return process


async def test_before_a_limit_is_known_the_asker_decides_how_to_open(store: RedisStore) -> None:
    """All requested slots are granted, and the other processes receive the result."""
    reply = await Process(store, "one").ask(single=1, bulk=2)
    assert (3, None, None, 0.0, True) == (reply.granted, reply.limit, reply.window, reply.cooldown, reply.unsettled)


async def test_one_process_shares_its_estimate(store: RedisStore) -> None:
    """The limit comes with a response; used slots are not granted to others."""
    one, two = Process(store, "one"), Process(store, "two")
    await one.ask(single=1)
    one.ended("1.1", limit=10, count=8)
    await one.ask()
    reply = await two.ask(bulk=5)
    assert (10, None, 2) == (reply.limit, reply.window, reply.granted)


async def test_a_limit_of_one_request_is_shared(store: RedisStore) -> None:
    """The smallest limit that a service can have."""
    process = Process(store, "one")
    process.ended(limit=1, count=1)
    reply = await process.ask(single=1)
    assert reply.limit == 1


async def test_a_refusal_holds_everybody_and_tells_the_length_of_the_window(store: RedisStore) -> None:
    """The window is as long as it takes from the first of the requests that count until one fits again."""
    process = Process(store, "one")
    for count in range(1, 11):
        process.ended(sent=0.5, at=0.5, limit=10, count=count)
    process.ended("", "rejected", sent=0.1, at=0.1, limit=10, retry_after=5.0, hold=5.0)
    await process.ask()
    reply = await Process(store, "two").ask(single=1)
    assert (0, True) == (reply.granted, reply.unsettled)
    assert reply.window is not None
    assert 5.4 <= reply.window <= 5.4 + process.late
    assert reply.cooldown == pytest.approx(4.9, abs=0.05)
    assert 0 < reply.wait <= 1.0  # it may end earlier


async def test_one_process_probes_a_full_window(store: RedisStore) -> None:
    """Only a rejection shows the length; other processes look again soon."""
    one, two = Process(store, "one"), Process(store, "two")
    one.ended(limit=10, count=10)
    assert (await one.ask(bulk=5)).granted == 1
    reply = await two.ask(single=1)
    assert (0, 0.02) == (reply.granted, reply.wait)


async def test_after_a_cooldown_one_goes_first(store: RedisStore) -> None:
    """A response to it releases the others; a lost probe is replaced by the next one."""
    await full(store, 10, 5.0, ago=20.0)
    one, two = Process(store, "one"), Process(store, "two")
    assert (await one.ask(bulk=3)).granted == 1
    assert (await two.ask(single=1)).granted == 0
    one.ended("1.1", "lost")
    await one.ask()
    assert (await two.ask(bulk=3)).granted == 1
    two.ended("2.1", limit=10, count=1)
    reply = await two.ask(bulk=3)
    assert (3, False) == (reply.granted, reply.unsettled)


async def test_a_probe_of_a_silent_client_is_released(store: RedisStore, raw: Any, key: str) -> None:
    """Its process may be gone."""
    await full(store, 10, 5.0, ago=20.0)
    one, two = Process(store, "one"), Process(store, "two")
    assert (await one.ask(single=1)).granted == 1
    assert (await two.ask(single=1)).granted == 0
    await silence(raw, key, "one")
    assert (await two.ask(single=1)).granted == 1


async def silence(raw: Any, key: str, client: str, seconds: float = 5.1) -> None:
    """Change the data so that the last request of *client* was *seconds* ago."""
    await raw.zadd(f"{key}:clients", {client: (time.time() - seconds) * 1e6})
    await raw.hset(f"{key}:state", "checked", 0)


async def opened(store: RedisStore, limit: int, window: float) -> Process:
    """Return a process that knows limit and window, with only its probe in the window."""
    before = await full(store, limit, window, ago=10 * window)
    process = Process(store, "one", late=before.late)
    await process.ask(single=1)
    process.ended("1.1", limit=limit, count=1)
    await process.ask()
    return process


async def test_no_more_are_granted_than_the_window_leaves(store: RedisStore) -> None:
    """Batches leave slots to others; then the wait lasts until the first request leaves."""
    one = await opened(store, 10, 5.0)
    granted = [await one.ask(bulk=20) for _ in range(4)]
    assert [4, 4, 1, 0] == [reply.granted for reply in granted]
    assert [0.005, 1.0] == [granted[0].wait, granted[3].wait]


async def test_a_slot_that_was_not_used_is_free_again(store: RedisStore) -> None:
    """Nothing reached the service."""
    one = await opened(store, 5, 5.0)
    assert (await one.ask(bulk=20)).granted == 4
    assert (await one.ask(bulk=1)).granted == 0
    one.ended("3.2", "unsent")
    assert (await one.ask(bulk=2)).granted == 1


async def test_the_wait_ends_when_the_first_ones_leave(store: RedisStore) -> None:
    """Several slots are granted at once, within a fiftieth of a second."""
    one = await opened(store, 60, 5.0)
    for ago in (4.9, 4.895, 4.5):
        one.ended(sent=ago, at=ago)
    for _ in range(56):
        one.ended(sent=1.0, at=1.0)
    reply = await one.ask(bulk=3)
    assert reply.granted == 0
    # The script runs later than the request was made, and knows a window that is as much too long.
    assert abs(reply.wait - (5.0035 - 4.9 + 0.02)) <= 0.001 + one.late


async def test_a_part_of_a_long_window_is_kept_for_single_calls(store: RedisStore) -> None:
    """A fiftieth, of limits from a hundred on."""
    one = await opened(store, 100, 60.0)
    for _ in range(96):
        one.ended(sent=1.0, at=1.0)
    assert (await one.ask(bulk=9)).granted == 1
    assert (await one.ask(bulk=9)).granted == 0
    assert (await one.ask(single=9)).granted == 2


async def test_those_who_wait_have_equal_parts(store: RedisStore) -> None:
    """A process that has used its part leaves the rest to waiting processes."""
    one = await opened(store, 20, 60.0)
    two = Process(store, "two")
    for _ in range(17):
        one.ended(sent=1.0, at=1.0)
    assert (await one.ask(bulk=4)).granted == 2
    assert (await two.ask(bulk=4)).others == 1
    one.ended("3.1", "unsent")
    one.ended("3.2", "unsent")
    one.asked = None
    assert (await one.ask(bulk=9)).granted == 0
    assert (await two.ask(bulk=9)).granted == 2


async def test_the_same_question_is_answered_once(store: RedisStore) -> None:
    """A repeated request is granted the same slots, and its report counts once."""
    one = await opened(store, 10, 5.0)
    one.ended(limit=10, count=2)
    assert [4, 4] == [(await one.ask(bulk=4)).granted, (await one.again()).granted]
    assert [4, 0] == [(await one.ask(bulk=4)).granted, (await one.ask(bulk=4)).granted]


async def test_requests_of_others_who_do_not_ask_are_left_room_for(store: RedisStore) -> None:
    """The service counts more than this store; it does so for a window at most."""
    one = await opened(store, 10, 5.0)
    one.ended(limit=10, count=9)
    assert (await one.ask(bulk=9)).granted == 1
    reply = await one.ask(bulk=9)
    assert (0, 1.0) == (reply.granted, reply.wait)


async def test_the_window_is_shortened_when_the_service_counts_fewer(store: RedisStore) -> None:
    """Of the probe and four more, the service counts one at most. One of the newest three has left, but no lost one."""
    one = await opened(store, 10, 10.0)
    for ago in (9.0, 8.0, 7.0, 6.0):
        one.ended(sent=ago, at=ago)
    one.ended("", "lost", sent=5.0, at=5.0)
    one.ended(sent=0.0, at=0.0, limit=10, count=2)
    window = (await one.ask()).window
    assert window is not None
    assert 7.0 <= window <= 7.0 + one.late


async def test_the_window_is_halved_at_most_and_once_per_window(store: RedisStore) -> None:
    """One measurement can be wrong, for example because the service does not count in a rolling window."""
    one = await opened(store, 10, 60.0)
    for ago in (9.0, 8.0, 7.0, 6.0):
        one.ended(sent=ago, at=ago)
    one.ended(sent=0.0, at=0.0, limit=10, count=2)
    first = (await one.ask()).window
    assert first is not None
    assert 30.0 <= first <= 30.0 + one.late
    one.ended(sent=0.0, at=0.0, limit=10, count=1)
    assert (await one.ask()).window == first


async def test_parts_of_a_window_need_a_known_window(store: RedisStore) -> None:
    """Without a length no part is ever used up: a process that has had slots is granted more when the count falls."""
    one, two = Process(store, "one"), Process(store, "two")
    one.ended(limit=8, count=1)
    await one.ask()
    for _ in range(6):
        granted = (await two.ask(single=20)).granted
        reply = await one.ask(single=1)
        assert (reply.granted, reply.others, reply.window) == (1, 1, None)
        one.ended(f"{one.number}.1", limit=8, count=1)
        for index in range(1, granted + 1):
            two.ended(f"{two.number}.{index}", "unsent")


async def test_a_refusal_that_nothing_explains_lengthens_the_window(store: RedisStore) -> None:
    """The length doubles at most; a second rejection of the same burst has no effect."""
    one = await opened(store, 4, 1.0)
    for ago in (3.3, 3.2, 3.1):
        one.ended(sent=ago, at=ago)
    for _ in range(2):
        one.ended("", "rejected", sent=0.5, at=0.4, limit=4, retry_after=0.5)
    window = (await one.ask()).window
    assert window is not None
    assert 2.0 <= window <= 2.0 + 2 * one.late


async def test_a_refusal_without_a_word_only_holds(store: RedisStore) -> None:
    """Without a limit and Retry-After, all processes wait for the hold of the rejected one."""
    one = Process(store, "one")
    one.ended("", "rejected", hold=3.0)
    reply = await one.ask(single=1)
    assert (0, None, None) == (reply.granted, reply.limit, reply.window)
    assert reply.cooldown == pytest.approx(3.0, abs=0.05)


async def test_a_single_refusal_tells_little_of_the_window(store: RedisStore) -> None:
    """The oldest request that counts is hardly one of ours; it is tried again after as long once more."""
    one = Process(store, "one")
    one.ended("", "rejected", sent=4.0, at=4.0, limit=10, retry_after=3.0, hold=3.0)
    assert ((await one.ask()).window, (await one.ask(single=1)).granted) == (None, 1)
    one.ended("2.1", limit=10, count=10)
    reply = await one.ask(single=1)
    assert (0, 1.0) == (reply.granted, reply.wait)


async def test_an_answer_to_an_older_request_does_not_replace_a_newer_one(store: RedisStore) -> None:
    """An older response does not change the limit, and its count only if it is higher."""
    one = Process(store, "one")
    one.ended(sent=0.5, at=0.1, limit=8, count=6)
    one.ended(sent=1.0, at=0.0, limit=10, count=3)
    reply = await one.ask(bulk=5)
    assert (8, 2) == (reply.limit, reply.granted)


async def test_a_store_that_has_forgotten_lets_one_go_first(store: RedisStore, raw: Any) -> None:
    """The process reports its limit, and the first response shows the count of the service."""
    await opened(store, 10, 5.0)
    await raw.flushall()
    late = Process(store, "late")
    reply = await late.ask(bulk=5, limit=10, window=5.0)
    assert (1, 10, 5.0, True) == (reply.granted, reply.limit, reply.window, reply.unsettled)
    late.ended("1.1", limit=10, count=7)
    assert (await late.ask(bulk=5)).granted == 3


async def test_a_server_that_has_lost_the_script_is_given_it_again(store: RedisStore, raw: Any) -> None:
    """As after a restart that kept the data."""
    one = await opened(store, 10, 5.0)
    await raw.script_flush()
    assert (await one.ask(bulk=2)).granted == 2


@pytest.mark.parametrize(("ahead", "granted"), [(0.5, 5), (100.0, 1)])
async def test_a_clock_that_is_set_back_does_not_stop_anything(
    store: RedisStore, raw: Any, key: str, ahead: float, granted: int
) -> None:
    """By a little, the time is kept; by more, the counted requests are dropped, and one probe goes."""
    one = await opened(store, 50, 5.0)
    await raw.hset(f"{key}:state", "last", str(int((time.time() + ahead) * 1e6)))
    reply = await one.ask(bulk=5)
    assert (granted, 50) == (reply.granted, reply.limit)


async def test_a_process_that_is_gone_is_forgotten(store: RedisStore, raw: Any, key: str) -> None:
    """The data of its requests does not accumulate."""
    await Process(store, "gone").ask()
    await raw.zadd(f"{key}:clients", {"gone": 1})
    await Process(store, "here").ask()
    assert [b"here"] == await raw.hkeys(f"{key}:asks")


async def test_everything_is_forgotten_in_a_day(store: RedisStore, raw: Any, key: str) -> None:
    """A name that is not used any more leaves nothing behind."""
    one = await opened(store, 10, 5.0)
    await one.ask(bulk=1)
    keys = await raw.keys(f"{key}*")
    assert len(keys) == 5
    ended = f"{key}:ended:one".encode()
    assert 50 < await raw.ttl(ended) <= 60
    assert {True} == {86_000 < await raw.ttl(key) <= 86_400 for key in keys if key != ended}


async def test_a_request_in_the_window_needs_less_than_a_fifth_of_a_kilobyte(
    store: RedisStore, raw: Any, key: str
) -> None:
    """The documentation names this figure for the size of the Redis server."""
    await full(store, 600, 60.0)
    used = sum([await raw.memory_usage(name, samples=0) for name in await raw.keys(f"{key}*")])
    assert 600 * 50 < used < 600 * 200


async def test_a_wait_without_end_is_a_long_one(store: RedisStore) -> None:
    """No number is too large for the script."""
    one = Process(store, "one")
    one.ended("", "rejected", limit=10, retry_after=1e300, hold=1e300)
    assert (await one.ask(single=1)).cooldown == pytest.approx(1e9, rel=0.01)
