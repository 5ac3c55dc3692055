"""The rolling limit, as a property and over the wire."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.testing.conftest import Api
from tripwire_async.testing import Fault, ManualClock, TripwireServer
from tripwire_async.testing._service.limits import RollingWindow, retry_after

if TYPE_CHECKING:
    import aiohttp

gaps = st.lists(st.floats(0, 3), min_size=1, max_size=60)


@given(gaps=gaps, limit=st.integers(1, 6), window=st.floats(0.1, 4))
def test_never_more_than_the_limit_come_in_during_any_window(gaps: list[float], limit: int, window: float) -> None:
    """However the requests come, those let in within one window are no more than the limit."""
    rolling, now, admitted, everything = RollingWindow(), 0.0, [], []
    for gap in gaps:
        now += gap
        everything.append(now)
        if rolling.count(now, limit=limit, window=window).wait is None:
            admitted.append(now)
    for end in admitted:
        assert sum(1 for time in admitted if time <= end < time + window - 1e-9) <= limit
    crowds = [sum(1 for time in everything if time <= end < time + window - 1e-9) for end in everything]
    assert max(crowds) == rolling.peak


@given(gaps=gaps, limit=st.integers(1, 6))
def test_a_request_after_the_wait_is_accepted_and_an_earlier_one_is_not(gaps: list[float], limit: int) -> None:
    """The wait is exact: a request after it comes in, one just before it would not."""
    now = 0.0
    rolling = RollingWindow()
    for gap in gaps:
        now += gap
        wait = rolling.count(now, limit=limit, window=2.0).wait
        if wait is not None:
            assert 0 < wait <= 2.0
            now += wait + 1e-9
            assert rolling.count(now, limit=limit, window=2.0).wait is None


@given(wait=st.floats(0.0001, 1_000), unix=st.floats(1_700_000_000, 1_800_000_000))
def test_a_retry_after_is_never_shorter_than_the_wait(wait: float, unix: float) -> None:
    """Each form rounds up."""
    assert int(retry_after(wait, unix, "seconds")) >= wait - 1e-9
    assert float(retry_after(wait, unix, "float")) >= wait
    assert parsedate_to_datetime(retry_after(wait, unix, "date")).timestamp() >= unix + wait - 1e-6


async def test_refused_requests_count_and_lengthen_the_cooldown(
    clock: ManualClock, session: aiohttp.ClientSession
) -> None:
    """Two are accepted; the two that are rejected count until they have left the window too."""
    async with TripwireServer(limit=2, window=10, clock=clock) as server:
        api = Api(server, session)
        answers = []
        for _ in range(4):
            answers.append(await api("GET", "~/events"))
            await clock.advance(1)
        assert [200, 200, 429, 429] == [answer.status for answer in answers]
        assert ["1", "0", "0", "0"] == [answer.headers["X-RateLimit-Remaining"] for answer in answers]
        assert {"2"} == {answer.headers["X-RateLimit-Limit"] for answer in answers}
        # Three are in the window at 2 s, and at 3 s four: one fits in when the second, then the third, has passed.
        assert ["9", "9"] == [answer.headers["Retry-After"] for answer in answers[2:]]
        error = answers[2].body["error"]
        assert ("rate.limited", True, "retry") == (
            error["code"],
            error["retryable"],
            error["details"]["next_action"],
        )
        await clock.advance(8)
        assert 200 == (await api("GET", "~/events")).status
        assert (2, 4) == (server.rate_limited, server.window_peak)


async def test_each_key_has_a_window_of_its_own(api: Api, server: TripwireServer) -> None:
    """A key with its own limit uses it; others are not affected."""
    key = server.add_key(rate_limit=1)
    statuses = [(await api("GET", "~/events", bearer=key.secret)).status for _ in range(2)]
    assert ([200, 429], 200) == (statuses, (await api("GET", "~/events")).status)


async def test_the_limit_may_change_in_mid_run(api: Api, server: TripwireServer) -> None:
    """A new limit holds from the next request on."""
    server.limit = 7
    assert "6" == (await api("GET", "~/events")).headers["X-RateLimit-Remaining"]
    assert 7 == server.limit


@pytest.mark.parametrize(("form", "expected"), [("seconds", "10"), ("float", "10.000")])
async def test_the_form_of_retry_after_can_be_chosen(
    clock: ManualClock, session: aiohttp.ClientSession, form: str, expected: str
) -> None:
    """Seconds are whole by default."""
    async with TripwireServer(limit=1, window=10, clock=clock, retry_after=form) as server:
        await Api(server, session)("GET", "~/events")
        assert expected == (await Api(server, session)("GET", "~/events")).headers["Retry-After"]


async def test_faults_count_against_the_limit(api: Api, server: TripwireServer) -> None:
    """A request with a fault counts in the window like any other."""
    server.fail("listEvents", Fault.status(503))
    answers = [await api("GET", "~/events") for _ in range(2)]
    assert ["599", "598"] == [answer.headers["X-RateLimit-Remaining"] for answer in answers]
