"""Encoding of store requests and grants for the Redis script; times are microseconds before now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tripwire_async._redis.replies import decoding, integer

from .store import SlotGrant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .store import FinishedRequest, SlotRequest

_MICRO: Final = 1_000_000
_MAX_SECONDS: Final = 1e9
"""Longer times make no difference, and the numbers of the script have 53 bits."""

_MAX_GRANTED: Final = 1_000_000
"""Requests that a process has never waiting at once."""


def encode_request(request: SlotRequest) -> bytes:
    """Return *request* as JSON, without unknown values."""
    fields = {
        "client": request.client,
        "number": request.number,
        "interactive": request.interactive,
        "bulk": request.bulk,
        **_without_none(
            limit=request.limit,
            window=_micro(request.window),
            earliest=None if request.earliest is None else round(request.earliest * _MICRO),
        ),
        "finished": [_encode_finished(finished, request.now) for finished in request.finished],
    }
    return msgspec.json.encode(fields)


def decode_grant(reply: Sequence[Any]) -> SlotGrant:
    """Return the grant in the *reply* of the script."""
    with decoding():
        granted, *times, others, time = reply
        wait, limit, window, cooldown, unsettled = (integer(each, least=-1) for each in times)
        return SlotGrant(
            granted=integer(granted, most=_MAX_GRANTED),
            wait=wait / _MICRO,
            limit=limit if limit > 0 else None,
            window=window / _MICRO if window > 0 else None,
            cooldown=max(0, cooldown) / _MICRO,
            unsettled=bool(unsettled),
            others=integer(others),
            time=integer(time) / _MICRO,
        )


def _encode_finished(finished: FinishedRequest, now: float) -> dict[str, object]:
    return {
        "serial": finished.serial,
        "slot": finished.slot,
        "sent_ago": _micro(now - finished.sent),
        "ended_ago": _micro(now - finished.at),
        "outcome": finished.outcome,
        "hold": _micro(finished.hold),
        **_without_none(limit=finished.limit, count=finished.count, retry_after=_micro(finished.retry_after)),
    }


def _without_none(**values: int | None) -> dict[str, int]:
    return {name: value for name, value in values.items() if value is not None}


def _micro(seconds: float | None) -> int | None:
    return None if seconds is None else round(min(seconds, _MAX_SECONDS) * _MICRO)
