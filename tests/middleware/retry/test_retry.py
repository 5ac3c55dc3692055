"""Retry: when it sends again, how long it waits, when it stops, and what it tells."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.requests import Script, answer, request
from tests.support.virtual_time import run
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, TransportError
from tripwire_async.middleware import Retry, RetryDetails, RetryQuota

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response

pytestmark = pytest.mark.virtual_time

REFUSED = TransportError("refused", maybe_sent=False)
LOST = TransportError("lost", maybe_sent=True)
LATE = RequestTimeoutError("late", maybe_sent=True)
GOOD = answer(200)


def retry(chance: float = 0.5, **options: object) -> Retry:
    """Make a Retry whose chance is fixed, so that its waits are known."""
    return Retry(random=lambda: chance, **options)  # type: ignore[arg-type] - options are named by the tests


def elapsed() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("status", [200, 202, 204, 304])
async def test_a_good_answer_is_handed_on_as_it_is(status: int) -> None:
    """One attempt, no wait."""
    handler = Script([answer(status)])
    assert await retry()(request(), handler) is handler.outcomes[0]
    assert len(handler.seen) == 1


async def test_a_call_that_succeeds_never_meets_tenacity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does one that fails for good: tenacity costs a fifth of a whole call."""
    monkeypatch.delattr("tenacity.AsyncRetrying")
    assert await retry()(request(), Script([GOOD])) is GOOD
    assert (await retry()(request(), Script([answer(404)]))).status == 404
    with pytest.raises(TransportError):
        await retry()(request("POST"), Script([LOST]))


@pytest.mark.parametrize("failure", [answer(503), LOST, LATE, REFUSED])
async def test_a_failure_that_passes_is_not_seen(failure: Response | TransportError) -> None:
    """The answer that comes in the end is the only one that the caller gets."""
    handler = Script([failure, failure, GOOD])
    assert await retry()(request(), handler) is GOOD
    assert len(handler.seen) == 3


@pytest.mark.parametrize("failure", [answer(500), answer(503), LOST, LATE])
async def test_a_post_is_not_repeated_when_it_may_have_been_worked_on(failure: Response | TransportError) -> None:
    """After a lost answer, a timeout or a bare 5xx, a second test webhook might be sent."""
    handler = Script([failure, GOOD])
    if isinstance(failure, TransportError):
        with pytest.raises(type(failure)) as raised:
            await retry()(request("POST"), handler)
        assert raised.value is failure
    else:
        assert await retry()(request("POST"), handler) is failure
    assert len(handler.seen) == 1


async def test_a_lost_answer_after_a_refused_connection_ends_a_post() -> None:
    """Each attempt is judged by itself."""
    handler = Script([REFUSED, LOST, GOOD])
    with pytest.raises(TransportError, match="lost"):
        await retry()(request("POST"), handler)
    assert len(handler.seen) == 2


async def test_the_last_answer_is_returned_after_the_last_attempt() -> None:
    """Four attempts, and the answer is no exception of anybody's."""
    handler = Script([answer(500), answer(502), answer(503), answer(504), GOOD])
    assert (await retry()(request(), handler)).status == 504
    assert len(handler.seen) == 4


async def test_the_last_error_is_raised_unwrapped_after_the_last_attempt() -> None:
    """The caller sees the transport's own error, with no error of the retry's around or before it."""
    handler = Script([answer(500), LOST, LOST, LATE])
    with pytest.raises(TransportError) as raised:
        await retry()(request(), handler)
    assert raised.value is LATE
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize(("attempts", "own", "expected"), [(1, None, 1), (2, None, 2), (4, 1, 1), (2, 3, 3)])
async def test_a_call_may_set_its_own_number_of_attempts(attempts: int, own: int | None, expected: int) -> None:
    """Without a number of its own the chain's holds."""
    handler = Script([answer(500)])
    await retry(max_attempts=attempts)(request(max_attempts=own), handler)
    assert len(handler.seen) == expected


def test_no_attempt_at_all_is_refused() -> None:
    """Not even the first would be made."""
    with pytest.raises(ValueError, match="at least one attempt: max_attempts=0"):
        Retry(max_attempts=0)


async def test_the_same_request_is_sent_again() -> None:
    """The request is a value, with its body and its trace: nothing about it is used up."""
    handler = Script([LOST, GOOD])
    wanted = request()
    await retry()(wanted, handler)
    assert [wanted, wanted] == handler.seen
    assert all(sent is wanted for sent in handler.seen)


@pytest.mark.parametrize(
    ("failure", "waits"),
    [
        (LOST, [0.025, 0.05, 0.1]),
        (answer(500), [0.025, 0.05, 0.1]),
        (answer(429), [0.5, 1.0, 2.0]),
        (answer(429, {"retry-after": "2"}), [2.1, 2.1, 2.1]),
        (answer(503, {"Retry-After": "2"}), [2.1, 2.1, 2.1]),
        (answer(429, {"Retry-After": "nan"}), [0.5, 1.0, 2.0]),
        (TransportError("held", maybe_sent=False, retry_after=2.0), [2.1, 2.1, 2.1]),
    ],
)
async def test_the_waits_follow_the_failure(failure: Response | TransportError, waits: list[float]) -> None:
    """50 ms and doubling, 1 s and doubling after a 429, or what the service asked for; half of it by this chance."""
    times: list[float] = []

    async def handler(request: Request) -> Response:
        times.append(elapsed())
        if isinstance(failure, TransportError):
            raise failure
        return failure

    wanted = request()
    with contextlib.suppress(TransportError):
        await retry()(wanted, handler)
    assert waits == pytest.approx([after - before for before, after in itertools.pairwise(times)])
    assert wanted.stats.backoff_wait == pytest.approx(sum(waits))


@given(st.floats(min_value=0.0, max_value=60.0), st.floats(min_value=0.0, max_value=1.0, exclude_max=True))
def test_no_attempt_comes_before_retry_after_has_passed(asked: float, chance: float) -> None:
    """Whatever the chance, and however finely the seconds are broken."""
    times: list[float] = []

    async def handler(request: Request) -> Response:
        times.append(elapsed())
        return answer(429, {"Retry-After": repr(asked)})

    run(retry(chance)(request(), handler))
    assert len(times) == 4
    assert all(after >= before + asked for before, after in itertools.pairwise(times))


@pytest.mark.parametrize("asked", ["300", "1e300"])
async def test_a_wait_that_would_pass_the_deadline_is_not_begun(asked: str) -> None:
    """The answer that there is comes back at once, its Retry-After with it."""
    handler = Script([answer(429, {"Retry-After": asked})])
    assert await retry()(request(deadline=300.0), handler) is handler.outcomes[0]
    assert elapsed() == 0.0
    assert len(handler.seen) == 1


async def test_a_lost_answer_is_raised_at_once_when_the_deadline_is_near() -> None:
    """The deadline is the whole call's: what the first attempts took is gone."""

    async def handler(request: Request) -> Response:
        await LOOP_CLOCK.sleep(10.0)
        raise LATE

    with pytest.raises(RequestTimeoutError):
        await retry()(request(deadline=20.0), handler)
    assert elapsed() == pytest.approx(20.025)


async def test_a_call_that_the_limiter_gave_up_is_not_repeated() -> None:
    """It gave up because the cooldown would pass the deadline, and says for how long that lasts."""
    held = RequestTimeoutError("the limit is used up", maybe_sent=False, retry_after=60.0)
    handler = Script([held])
    with pytest.raises(RequestTimeoutError) as raised:
        await retry()(request("POST", deadline=30.0), handler)
    assert raised.value is held
    assert len(handler.seen) == 1


@pytest.mark.parametrize("error", [ConfigurationError("no key"), ValueError("bad"), asyncio.CancelledError()])
@pytest.mark.parametrize("earlier", [[], [LOST]])
async def test_what_is_no_lost_answer_goes_through(
    error: BaseException, earlier: list[Response | BaseException]
) -> None:
    """At the first attempt, and at a later one inside tenacity."""
    handler = Script([*earlier, error])
    with pytest.raises(type(error)) as raised:
        await retry()(request(), handler)
    assert raised.value is error
    assert len(handler.seen) == len(earlier) + 1


async def test_cancelling_during_a_wait_ends_the_call_at_once_and_leaves_nothing() -> None:
    """No further attempt, no timer, and the tokens of the attempt that was not made are back."""
    middleware = retry()
    handler = Script([LOST, answer(503, {"Retry-After": "100"})])
    wanted = request()
    task = asyncio.create_task(middleware(wanted, handler))
    await asyncio.sleep(50.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert elapsed() == 50.0
    assert len(handler.seen) == 2
    assert wanted.stats.backoff_wait == pytest.approx(50.0)
    assert middleware.quota.available == 500 - 5
    assert len(asyncio.all_tasks()) == 1


async def test_an_outage_does_not_multiply_the_traffic() -> None:
    """A thousand calls against a dead service: a hundred retries among them all, then each fails at once."""
    middleware = retry()
    handler = Script([answer(503)])
    answers = await asyncio.gather(*(middleware(request(), handler) for _ in range(1_000)))
    assert {503} == {response.status for response in answers}
    assert len(handler.seen) == 1_000 + 500 // 5
    assert middleware.quota.available == 0


async def test_an_error_is_raised_when_the_quota_is_used_up() -> None:
    """As it came, as after the last attempt."""
    handler = Script([LOST])
    with pytest.raises(TransportError) as raised:
        await retry(quota=RetryQuota(4))(request(), handler)
    assert raised.value is LOST
    assert len(handler.seen) == 1


async def test_hundreds_of_calls_that_are_refused_together_all_get_through() -> None:
    """A 429 is no outage: with every one of 300 refused twice, none is given up."""
    middleware = retry()

    async def one() -> int:
        limited = answer(429, {"Retry-After": "2"})
        return (await middleware(request("POST"), Script([limited, limited, GOOD]))).status

    assert {200} == set(await asyncio.gather(*(one() for _ in range(300))))
    assert middleware.quota.available == 500


async def test_success_fills_the_quota_again() -> None:
    """A call that succeeded after retries gives back what it took; one that succeeded at once a single token."""
    quota = RetryQuota(100)
    middleware = retry(quota=quota)
    await middleware(request(), Script([LOST, LATE, GOOD]))
    assert quota.available == 100
    await middleware(request(), Script([LOST, LATE, answer(404)]))
    assert quota.available == 85
    await middleware(request(), Script([GOOD]))
    assert quota.available == 86


async def test_each_instance_has_a_quota_of_its_own() -> None:
    """Clients share a quota only when they are handed one."""
    first, second = retry(), retry()
    await first(request(), Script([LOST, answer(404)]))
    assert (first.quota.available, second.quota.available) == (495, 500)


async def test_a_hook_gets_one_record_for_each_retry() -> None:
    """Before the wait, so that it can be seen while it lasts; none for the end of the call."""
    seen: list[tuple[float, RetryDetails]] = []
    wanted = request()
    wanted.stats.client_request_id = "creq_1"
    middleware = retry(on_retry=[lambda record: seen.append((elapsed(), record))])
    await middleware(wanted, Script([LOST, answer(429, {"Retry-After": "2"}), answer(404)]))
    common = {
        "operation": "retrieveThing",
        "method": "GET",
        "path": "/v1/things/{thingId}",
        "client_request_id": "creq_1",
    }
    assert seen == [
        (0.0, RetryDetails(**common, attempt=1, wait=0.025, status=None, error=LOST, retry_after=None)),
        (0.025, RetryDetails(**common, attempt=2, wait=2.1, status=429, error=None, retry_after=2.0)),
    ]


async def test_a_hook_that_fails_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The hooks after it are still called, and the call still succeeds."""
    told: list[RetryDetails] = []

    def broken(record: RetryDetails) -> None:
        msg = "no such metric"
        raise LookupError(msg)

    with caplog.at_level(logging.ERROR, logger="tripwire_async"):
        assert await retry(on_retry=[broken, told.append])(request(), Script([LOST, GOOD])) is GOOD
    assert len(told) == 1
    assert "an on_retry hook failed" in caplog.text
    assert "no such metric" in caplog.text


async def test_chance_and_clock_have_defaults() -> None:
    """As users make it: the waits stay within their ceilings."""
    wanted = request()
    assert await Retry()(wanted, Script([LOST, LOST, LOST, GOOD])) is GOOD
    assert 0.0 < wanted.stats.backoff_wait < 0.05 + 0.1 + 0.2
