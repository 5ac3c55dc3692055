"""Tests of `Retry`: which calls it retries, how long it waits, when it stops, and its hooks."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import errno
import itertools
import logging
from typing import TYPE_CHECKING, Any

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

UNSENT = TransportError("refused", maybe_sent=False)
LOST = TransportError("lost", maybe_sent=True)
LATE = RequestTimeoutError("late", maybe_sent=True)
GOOD = answer(200)


def retry(random: float = 0.5, **options: object) -> Retry:
    """Return a Retry with a fixed random number, so that its waits are known."""
    return Retry(random=lambda: random, **options)  # type: ignore[arg-type] - options are named by the tests


def elapsed() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("status", [200, 202, 204, 304])
async def test_a_successful_response_is_returned_unchanged(status: int) -> None:
    """One attempt, no wait."""
    handler = Script([answer(status)])
    assert await retry()(request(), handler) is handler.outcomes[0]
    assert len(handler.seen) == 1


async def test_a_call_that_succeeds_at_once_bypasses_tenacity(monkeypatch: pytest.MonkeyPatch) -> None:
    """A permanent failure or a call out of time does not import it either: tenacity costs a fifth of a whole call."""
    monkeypatch.delattr("tenacity.AsyncRetrying")
    assert await retry()(request(), Script([GOOD])) is GOOD
    assert (await retry()(request(), Script([answer(404)]))).status == 404
    with pytest.raises(TransportError):
        await retry()(request("POST"), Script([LOST]))
    with pytest.raises(TransportError):
        await retry()(request("POST", deadline=elapsed()), Script([UNSENT]))


@pytest.mark.parametrize("failure", [answer(503), LOST, LATE, UNSENT])
async def test_a_transient_failure_is_retried(failure: Response | TransportError) -> None:
    """The caller receives only the final response."""
    handler = Script([failure, failure, GOOD])
    assert await retry()(request(), handler) is GOOD
    assert len(handler.seen) == 3


@pytest.mark.parametrize("failure", [answer(500), answer(503), LOST, LATE])
async def test_a_post_is_not_retried_when_it_may_have_been_processed(failure: Response | TransportError) -> None:
    """A retry after a lost response, a timeout or a bare 5xx could send a second test webhook."""
    handler = Script([failure, GOOD])
    if isinstance(failure, TransportError):
        with pytest.raises(type(failure)) as raised:
            await retry()(request("POST"), handler)
        assert raised.value is failure
    else:
        assert await retry()(request("POST"), handler) is failure
    assert len(handler.seen) == 1


async def test_a_lost_response_after_a_refused_connection_ends_a_post() -> None:
    """The policy applies to each attempt separately."""
    handler = Script([UNSENT, LOST, GOOD])
    with pytest.raises(TransportError, match="lost"):
        await retry()(request("POST"), handler)
    assert len(handler.seen) == 2


async def test_the_last_response_is_returned_after_the_last_attempt() -> None:
    """After four attempts the response is returned, not raised."""
    handler = Script([answer(500), answer(502), answer(503), answer(504), GOOD])
    assert (await retry()(request(), handler)).status == 504
    assert len(handler.seen) == 4


async def test_the_last_error_is_raised_unwrapped_after_the_last_attempt() -> None:
    """The caller receives the transport's error without a wrapper or a context."""
    handler = Script([answer(500), LATE, LATE, LOST])
    with pytest.raises(TransportError) as raised:
        await retry()(request(), handler)
    assert raised.value is LOST
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize(("attempts", "own", "expected"), [(1, None, 1), (2, None, 2), (4, 1, 1), (2, 3, 3)])
async def test_a_call_may_set_its_own_number_of_attempts(attempts: int, own: int | None, expected: int) -> None:
    """A call without its own number uses the one of the middleware."""
    handler = Script([answer(500)])
    await retry(max_attempts=attempts)(request(max_attempts=own), handler)
    assert len(handler.seen) == expected


def test_zero_attempts_are_rejected() -> None:
    """Not even a first attempt would be made."""
    with pytest.raises(ValueError, match="max_attempts must be at least 1, not 0"):
        Retry(max_attempts=0)


async def test_the_same_request_is_sent_again() -> None:
    """A request is a value and can be sent any number of times."""
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
    """The bound starts at 50 ms, or 1 s after a 429, and doubles; Retry-After is a minimum. Jitter is 0.5."""
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
def test_no_attempt_comes_before_retry_after_has_passed(asked: float, random: float) -> None:
    """This holds for any jitter and any fraction of a second."""
    times: list[float] = []

    async def handler(request: Request) -> Response:
        times.append(elapsed())
        return answer(429, {"Retry-After": repr(asked)})

    run(retry(random)(request(), handler))
    assert len(times) == 4
    assert all(after >= before + asked for before, after in itertools.pairwise(times))


@pytest.mark.parametrize("asked", ["300", "1e300"])
async def test_a_wait_that_would_pass_the_deadline_is_not_started(asked: str) -> None:
    """The response is returned at once, with its Retry-After."""
    handler = Script([answer(429, {"Retry-After": asked})])
    assert await retry()(request(deadline=300.0), handler) is handler.outcomes[0]
    assert elapsed() == 0.0
    assert len(handler.seen) == 1


async def test_a_lost_response_is_raised_at_once_when_the_deadline_is_near() -> None:
    """The deadline covers the whole call, earlier attempts included."""

    async def handler(request: Request) -> Response:
        await LOOP_CLOCK.sleep(10.0)
        raise LATE

    with pytest.raises(RequestTimeoutError):
        await retry()(request(deadline=20.0), handler)
    assert elapsed() == pytest.approx(20.025)


async def test_a_call_that_the_rate_limit_rejected_is_not_retried() -> None:
    """The cooldown would pass the deadline, and the error contains its duration."""
    held = RequestTimeoutError("the limit is used up", maybe_sent=False, retry_after=60.0)
    handler = Script([held])
    with pytest.raises(RequestTimeoutError) as raised:
        await retry()(request("POST", deadline=30.0), handler)
    assert raised.value is held
    assert len(handler.seen) == 1


@pytest.mark.parametrize("error", [ConfigurationError("no key"), ValueError("bad"), asyncio.CancelledError()])
@pytest.mark.parametrize("earlier", [[], [LOST]])
async def test_other_exceptions_propagate(error: BaseException, earlier: list[Response | BaseException]) -> None:
    """This holds for the first attempt and for later ones inside tenacity."""
    handler = Script([*earlier, error])
    with pytest.raises(type(error)) as raised:
        await retry()(request(), handler)
    assert raised.value is error
    assert len(handler.seen) == len(earlier) + 1


async def test_cancelling_during_a_wait_ends_the_call_at_once_and_leaves_nothing() -> None:
    """No attempt and no timer follow, and the tokens of the missing attempt are returned."""
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
    """A thousand calls against a dead service make a hundred retries in total; then each fails at once."""
    middleware = retry()
    handler = Script([answer(503)])
    answers = await asyncio.gather(*(middleware(request(), handler) for _ in range(1_000)))
    assert {503} == {response.status for response in answers}
    assert len(handler.seen) == 1_000 + 500 // 5
    assert middleware.quota.available == 0


async def test_an_error_is_raised_when_the_quota_is_exhausted() -> None:
    """It is raised unchanged, like the error of the last attempt."""
    handler = Script([LOST])
    with pytest.raises(TransportError) as raised:
        await retry(quota=RetryQuota(4))(request(), handler)
    assert raised.value is LOST
    assert len(handler.seen) == 1


async def test_hundreds_of_calls_that_are_rejected_together_all_succeed() -> None:
    """A 429 is not an outage: 300 calls that are each rejected twice all succeed."""
    middleware = retry()

    async def one() -> int:
        limited = answer(429, {"Retry-After": "2"})
        return (await middleware(request("POST"), Script([limited, limited, GOOD]))).status

    assert {200} == set(await asyncio.gather(*(one() for _ in range(300))))
    assert middleware.quota.available == 500


async def test_success_fills_the_quota_again() -> None:
    """A call that succeeds after retries returns its tokens; one that succeeds at once returns one token."""
    quota = RetryQuota(100)
    middleware = retry(quota=quota)
    await middleware(request(), Script([LOST, LATE, GOOD]))
    assert quota.available == 100
    await middleware(request(), Script([LOST, LATE, answer(404)]))
    assert quota.available == 85
    await middleware(request(), Script([GOOD]))
    assert quota.available == 86
    await middleware(request(), Script([LOST, answer(400)]))
    assert quota.available == 81


@pytest.mark.parametrize("status", [400, 404, 501])
async def test_a_permanent_failure_returns_no_token(status: int) -> None:
    """Only a success does."""
    quota = RetryQuota(10)
    assert quota.take(5)
    await retry(quota=quota)(request(), Script([answer(status)]))
    assert quota.available == 5


async def test_each_instance_has_its_own_quota() -> None:
    """Clients share a quota only if it is passed to them."""
    first, second = retry(), retry()
    await first(request(), Script([LOST, answer(404)]))
    assert (first.quota.available, second.quota.available) == (495, 500)


async def test_a_hook_receives_the_details_of_each_retry() -> None:
    """Hooks run before the wait, and not at the end of the call."""
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
    """Later hooks are still called, and the call still succeeds."""
    reported: list[RetryDetails] = []

    def broken(record: RetryDetails) -> None:
        msg = "no such metric"
        raise LookupError(msg)

    with caplog.at_level(logging.ERROR, logger="tripwire_async"):
        assert await retry(on_retry=[broken, reported.append])(request(), Script([LOST, GOOD])) is GOOD
    assert len(reported) == 1
    assert "raised an exception, which was ignored" in caplog.text
    assert "no such metric" in caplog.text


async def test_random_and_clock_have_defaults() -> None:
    """With the defaults the waits stay within their bounds."""
    wanted = request()
    assert await Retry()(wanted, Script([LOST, LOST, LOST, GOOD])) is GOOD
    assert 0.0 < wanted.stats.backoff_wait < 0.05 + 0.1 + 0.2


@pytest.mark.parametrize(
    ("first", "reason", "cause"),
    [
        (answer(503), "had the status 503", None),
        (LOST, f"failed: {LOST}", LOST),
    ],
)
async def test_a_timeout_names_the_failure_before_it(
    first: Response | TransportError, reason: str, cause: TransportError | None
) -> None:
    """The deadline may cut off the last attempt, which then says least about what is wrong."""
    late = RequestTimeoutError("no response within 0.9 seconds", maybe_sent=True)
    with pytest.raises(RequestTimeoutError) as raised:
        await retry(max_attempts=2)(request(), Script([first, late]))
    assert f"no response within 0.9 seconds; the attempt before it {reason}" == str(raised.value)
    assert cause is raised.value.__cause__


async def test_a_timeout_after_a_timeout_is_unchanged() -> None:
    """It would only be repeated."""
    late = [RequestTimeoutError("no response within 0.9 seconds", maybe_sent=True) for _ in range(2)]
    with pytest.raises(RequestTimeoutError, match=r"^no response within 0\.9 seconds$"):
        await retry(max_attempts=2)(request(), Script(late))


async def test_an_error_that_a_retry_cannot_help_is_raised_at_once() -> None:
    """For example a certificate that is not trusted; also for a request that was not sent."""
    error = TransportError("the certificate is not trusted", maybe_sent=False, retryable=False)
    handler = Script([error, GOOD])
    with pytest.raises(TransportError, match="certificate"):
        await retry()(request(), handler)
    assert 1 == len(handler.seen)


@pytest.mark.parametrize("first", [answer(503), UNSENT])
async def test_a_lack_of_file_descriptors_does_not_hide_the_failure(
    first: Response | TransportError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The retry loop is imported by the first failure, and the import opens a file."""

    def fail(name: str, *arguments: Any) -> Any:
        if name == "_loop":
            raise OSError(errno.EMFILE, "Too many open files")
        return original(name, *arguments)

    original = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", fail)
    try:
        result: object = await retry()(request(), Script([first, GOOD]))
    except TransportError as error:
        result = error
    assert first is result
