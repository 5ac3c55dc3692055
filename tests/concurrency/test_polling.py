"""One stream of reads for any number of waiters, on virtual time."""

from __future__ import annotations

import asyncio
import gc
import random
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import virtual_time
from tripwire_async._concurrency.polling import PollSchedule, PollTimeout, SharedPoller

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.virtual_time

STEADY = PollSchedule(jitter=0.0)


@attrs.define
class Counter:
    """Something to read: a number that grows by one with each read, and the times at which it was read."""

    takes: float = 0.0
    error: Exception | None = None
    value: int = 0
    times: list[float] = attrs.field(factory=list)
    limits: list[float | None] = attrs.field(factory=list)

    async def read(self, limit: float | None) -> int | None:
        self.times.append(asyncio.get_running_loop().time())
        self.limits.append(limit)
        await asyncio.sleep(self.takes)
        if self.error is not None:
            raise self.error
        self.value += 1
        return self.value


def at_least(number: int) -> Callable[[int], bool]:
    return lambda value: value >= number


def poll(latest: int | None = 0, schedule: PollSchedule = STEADY) -> SharedPoller[int]:
    return SharedPoller(latest=latest, schedule=schedule)


async def test_what_is_done_already_is_not_read() -> None:
    """A wait for a known state returns it without a request."""
    counter = Counter()
    assert 7 == await poll(latest=7).until(counter.read, at_least(7), timeout=None)
    assert [] == counter.times


async def test_the_first_read_comes_after_half_a_second_then_each_pause_is_longer_by_half_up_to_the_longest() -> None:
    """The schedule: 0.5 s first, 1.5 times longer each time, up to 10 s."""
    counter = Counter()
    await poll().until(counter.read, at_least(12), timeout=None)
    pauses = [after - before for before, after in zip([0.0, *counter.times], counter.times, strict=False)]
    assert pytest.approx([min(10.0, 0.5 * 1.5**number) for number in range(12)]) == pauses
    assert 10.0 == pytest.approx(pauses[-1])


async def test_where_nothing_is_known_the_first_read_comes_at_once() -> None:
    """Only a missing state is read without a pause."""
    counter = Counter()
    await poll(latest=None).until(counter.read, at_least(1), timeout=None)
    assert [0.0] == counter.times


async def test_jitter_lengthens_pauses_and_never_shortens_them() -> None:
    """With a jitter of a tenth, the half second is at most 0.55 s."""
    counter = Counter()
    shared: SharedPoller[int] = SharedPoller(latest=0, schedule=PollSchedule(jitter=0.1), rng=lambda: 1.0)
    await shared.until(counter.read, at_least(1), timeout=None)
    assert [pytest.approx(0.55)] == counter.times


async def test_any_number_of_waiters_share_the_reads() -> None:
    """Fifty waiters cost as many reads as one."""
    counter = Counter(takes=0.1)
    shared = poll()
    waits = [asyncio.create_task(shared.until(counter.read, at_least(3), timeout=None)) for _ in range(50)]
    assert [3] * 50 == await asyncio.gather(*waits)
    assert 3 == len(counter.times)


async def test_waiters_may_want_different_things() -> None:
    """Each wait ends when its own condition is true, and the others continue."""
    counter = Counter()
    shared = poll()
    early = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None))
    late = asyncio.create_task(shared.until(counter.read, at_least(4), timeout=None))
    assert 1 == await early
    assert not late.done()
    assert 4 == await late
    assert 4 == len(counter.times)


async def test_cancelling_the_leader_in_its_pause_moves_no_read() -> None:
    """The next waiter leads on, and the read comes when it was due anyway."""
    counter = Counter()
    shared = poll()
    leader = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None))
    follower = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None))
    await asyncio.sleep(0.3)
    leader.cancel()
    assert 1 == await follower
    assert leader.cancelled()
    assert [pytest.approx(0.5)] == counter.times


async def test_cancelling_the_leader_in_its_read_lets_the_next_read_at_once() -> None:
    """A read that is cancelled with its task is made again for the other waits."""
    counter = Counter(takes=1.0)
    shared = poll()
    leader = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None))
    follower = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None))
    await asyncio.sleep(0.7)
    leader.cancel()
    assert 1 == await follower
    assert [pytest.approx(0.5), pytest.approx(0.7)] == counter.times


async def test_a_lonely_wait_that_is_cancelled_in_its_read_does_not_hurry_the_next_one() -> None:
    """A task that waits repeatedly with short timeouts must not cause a stream of requests."""
    counter = Counter(takes=1.0)
    shared = poll()
    wait = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None))
    await asyncio.sleep(0.7)
    wait.cancel()
    await asyncio.wait([wait])
    await shared.until(counter.read, at_least(1), timeout=None)
    assert [pytest.approx(0.5), pytest.approx(0.7 + 0.75)] == counter.times


async def test_a_wait_ends_at_its_timeout_and_another_goes_on() -> None:
    """The leader's end is its own: the follower takes over and sees the read that the leader had not time for."""
    counter = Counter()
    shared = poll()
    leader = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=0.2))
    follower = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=5.0))
    with pytest.raises(PollTimeout):
        await leader
    assert pytest.approx(0.2) == asyncio.get_running_loop().time()
    assert 1 == await follower
    assert [pytest.approx(0.5)] == counter.times


async def test_a_follower_ends_at_its_timeout_while_the_leader_reads() -> None:
    """A follower does not hang on a read that takes longer than it has."""
    counter = Counter(takes=60.0)
    shared = poll()
    leader = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None))
    await asyncio.sleep(0)
    with pytest.raises(PollTimeout):
        await shared.until(counter.read, at_least(1), timeout=2.0)
    assert pytest.approx(2.0) == asyncio.get_running_loop().time()
    assert 1 == await leader


async def test_a_read_receives_the_remaining_time_of_the_wait() -> None:
    """The retries inside a read must end with the wait."""
    counter = Counter()
    with pytest.raises(PollTimeout):
        await poll().until(counter.read, at_least(9), timeout=2.0)
    assert [pytest.approx(1.5), pytest.approx(0.75)] == counter.limits


async def test_a_wait_without_time_reads_nothing() -> None:
    """A timeout of zero returns the known state only."""
    counter = Counter()
    with pytest.raises(PollTimeout):
        await poll(latest=None).until(counter.read, at_least(1), timeout=0)
    assert [] == counter.times


async def test_an_error_ends_every_wait_with_one_read() -> None:
    """A thousand waiters must not send a thousand rejected requests."""
    counter = Counter(error=ValueError("refused"))
    shared = poll()
    waits = [asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None)) for _ in range(20)]
    outcomes = await asyncio.gather(*waits, return_exceptions=True)
    assert [counter.error] * 20 == outcomes
    assert 1 == len(counter.times)


async def test_an_error_that_comes_with_the_end_of_a_wait_leaves_that_wait_its_end() -> None:
    """Both at the same time: the timeout was first, and no exception is reported as never retrieved."""
    counter = Counter(takes=1.0, error=ValueError("refused"))
    shared = poll()
    leader = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=None))
    # Less than the loop's resolution after the read's end: both come in one turn of the loop, the read's end first.
    follower = asyncio.create_task(shared.until(counter.read, at_least(1), timeout=1.5 + 5e-10))
    outcomes = await asyncio.gather(leader, follower, return_exceptions=True)
    assert counter.error is outcomes[0]
    assert isinstance(outcomes[1], PollTimeout)


async def test_after_an_error_a_new_wait_reads_again_in_its_turn() -> None:
    """An error is not remembered."""
    counter = Counter(error=ValueError("refused"))
    shared = poll()
    with pytest.raises(ValueError, match="refused"):
        await shared.until(counter.read, at_least(1), timeout=None)
    counter.error = None
    assert 1 == await shared.until(counter.read, at_least(1), timeout=None)


async def test_nothing_yet_leaves_what_is_known() -> None:
    """A read without a result changes nothing, and the wait continues."""
    answers: list[int | None] = [None, None, 5]

    async def read(_: float | None) -> int | None:
        return answers.pop(0)

    assert 5 == await poll(latest=None).until(read, at_least(5), timeout=None)


@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([0.0, 0.05, 0.4, 3.0]))
def test_a_cancelled_wait_does_not_affect_the_others(seed: int, waiters: int, takes: float) -> None:
    """Random cancels and timeouts block and end no other wait, and leave no task and no waiter behind."""

    async def main() -> None:
        rng = random.Random(seed)  # noqa: S311 - rng, not secrecy
        counter = Counter(takes=takes)
        shared = poll(latest=rng.choice([None, 0]), schedule=PollSchedule(first=0.5, longest=2.0))
        waits: dict[asyncio.Task[int], tuple[int, float | None]] = {}
        for _ in range(waiters):
            wish, timeout = rng.randint(1, 4), rng.choice([None, rng.uniform(0, 20)])
            waits[asyncio.create_task(shared.until(counter.read, at_least(wish), timeout=timeout))] = wish, timeout
            await asyncio.sleep(rng.choice([0, rng.uniform(0, 1)]))
            if rng.random() < 0.5:
                rng.choice(list(waits)).cancel()
        await asyncio.wait(waits, timeout=3600)
        for wait, (wish, timeout) in waits.items():
            assert wait.done()
            if wait.cancelled():
                continue
            error = wait.exception()
            assert error is None or (timeout is not None and isinstance(error, PollTimeout))
            assert error is not None or wait.result() >= wish
        assert {"leaders": 0, "followers": 0} == shared.statistics()
        assert {asyncio.current_task()} == asyncio.all_tasks()

    virtual_time.run(main())


async def test_a_thousand_waiters_with_random_cancels_leave_nothing_behind() -> None:
    """Half of a thousand are cancelled at random moments; the rest end, with few reads, and nothing stays."""
    rng = random.Random(7)  # noqa: S311 - rng, not secrecy
    counter = Counter(takes=0.2)
    shared = poll()
    waits = [asyncio.create_task(shared.until(counter.read, at_least(5), timeout=None)) for _ in range(1000)]

    async def cancel_some() -> None:
        for wait in rng.sample(waits, 500):
            await asyncio.sleep(0.01)
            wait.cancel()

    await cancel_some()
    outcomes = await asyncio.gather(*waits, return_exceptions=True)
    assert {5} == {outcome for outcome in outcomes if not isinstance(outcome, BaseException)}
    assert all(isinstance(outcome, (int, asyncio.CancelledError)) for outcome in outcomes)
    assert {"leaders": 0, "followers": 0} == shared.statistics()
    assert {asyncio.current_task()} == asyncio.all_tasks()
    assert len(counter.times) < 60


def test_reads_at_the_ages_of_the_schedule_follow_it() -> None:
    """The pause after a read depends on the age alone, so a read that came early or late changes little."""
    schedule, age = PollSchedule(first=2.0, factor=1.25, longest=9.0), 0.0
    for reads in range(12):
        assert schedule.pause(reads) == pytest.approx(schedule.pause_at(age))
        age += schedule.pause_at(age)


def test_a_poll_goes_on_in_another_event_loop() -> None:
    """Also if the first loop was closed in the middle of a wait."""
    counter, shared = Counter(), poll()

    async def start() -> None:
        waits = [asyncio.ensure_future(shared.until(counter.read, at_least(1), timeout=9.0)) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert {"leaders": 1, "followers": 2} == shared.statistics()
        assert not any(wait.done() for wait in waits)

    loop = virtual_time.VirtualTimeLoop()
    loop.set_exception_handler(lambda _, context: None)
    loop.run_until_complete(start())
    loop.close()
    del loop
    assert 1 == virtual_time.run(shared.until(counter.read, at_least(1), timeout=9.0))
    gc.collect()
    assert 2 == virtual_time.run(shared.until(counter.read, at_least(2), timeout=9.0))


@pytest.mark.parametrize(
    "wrong", [{"first": 0}, {"factor": 0.5}, {"longest": 0}, {"jitter": -0.1}, {"jitter": 1.5}], ids=str
)
def test_a_schedule_that_cannot_work_is_refused(wrong: dict[str, float]) -> None:
    """No pause of nothing, none that shrinks, and no jitter that shortens or doubles."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PollSchedule(**wrong)


def test_the_longest_pause_is_kept_however_many_reads_there_were() -> None:
    """No overflow after thousands of reads."""
    assert 10.0 == PollSchedule().pause(100_000)
