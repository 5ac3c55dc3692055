"""Tests of the requests to the Redis script and of its replies, at the bounds of their numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tripwire_async._redis.replies import MalformedReplyError
from tripwire_async.middleware.rate_limit._redis_protocol import decode_grant, encode_request
from tripwire_async.middleware.rate_limit.store import FinishedRequest, SlotRequest


def reply(*, granted: int = 0, limit: int = -1, window: int = -1) -> list[int]:
    """Return a reply of the script: granted, wait, limit, window, cooldown, unsettled, others, time."""
    return [granted, 0, limit, window, -1, 0, 0, 0]


def encoded(**changes: Any) -> dict[str, Any]:
    values = {"client": "c", "number": 1, "now": 1e6, "interactive": 0, "bulk": 0, "limit": None, "window": None}
    decoded: dict[str, Any] = json.loads(encode_request(SlotRequest(**{**values, "finished": (), **changes})))
    return decoded


@pytest.mark.parametrize(("number", "limit"), [(-1, None), (0, None), (1, 1), (2, 2)])
def test_a_limit_below_one_is_unknown(number: int, limit: int | None) -> None:
    """No request would ever be sent by it."""
    assert decode_grant(reply(limit=number)).limit == limit


@pytest.mark.parametrize(("number", "window"), [(-1, None), (0, None), (1, 1e-6), (1_000_000, 1.0)])
def test_a_window_without_a_length_is_unknown(number: int, window: float | None) -> None:
    """The script's times are in microseconds."""
    assert decode_grant(reply(window=number)).window == window


def test_no_more_than_a_million_slots_are_granted_at_once() -> None:
    """A process never has that many calls waiting; another number is not a reply of the script."""
    assert decode_grant(reply(granted=1_000_000)).granted == 1_000_000
    with pytest.raises(MalformedReplyError):
        decode_grant(reply(granted=1_000_001))


@pytest.mark.parametrize(("seconds", "micro"), [(60.0, 60_000_000), (1e9, 10**15), (1e300, 10**15)])
def test_times_are_limited_to_a_billion_seconds(seconds: float, micro: int) -> None:
    """The numbers of the script are exact up to 2**53."""
    finished = FinishedRequest(
        serial=1, slot="1.1", sent=1e6, at=1e6, outcome="rejected", limit=10, retry_after=seconds, hold=seconds
    )
    request = encoded(window=seconds, finished=(finished,))
    (report,) = request["finished"]
    assert [request["window"], report["retry_after"], report["hold"]] == [micro] * 3
