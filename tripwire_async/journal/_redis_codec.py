"""Encoding of the values of a journal for the Redis script; times are milliseconds of the server's clock."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tripwire_async._redis.replies import integer, octets, text

from .protocol import (
    CHUNK_SIZE,
    FORMAT,
    GAUGES,
    Claim,
    JournalReply,
    Run,
    RunSummary,
    Segment,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .protocol import JournalAsk, NewRun

_MILLI: Final = 1000
_MAX_ENDPOINTS: Final = 100_000_000
_encode = msgspec.json.Encoder().encode
_decode_values = msgspec.json.Decoder(dict[str, str]).decode
_decode_ids = msgspec.json.Decoder(tuple[str, ...]).decode


def encode_new(new: NewRun, keep: float) -> list[bytes]:
    """Return the arguments that create a run: its values, and the endpoints of each chunk."""
    values = {
        "format": FORMAT,
        "id": new.id,
        "organization_id": new.organization_id,
        "base_url": new.base_url,
        "until": new.until,
        "endpoints": len(new.endpoint_ids),
        "digest": new.digest(),
        "chunk_size": CHUNK_SIZE,
        # Rounding never makes it later.
        **({} if new.baseline is None else {"baseline": math.floor(new.baseline * _MILLI)}),
        **({} if keep == math.inf else {"keep": math.ceil(keep * _MILLI)}),
    }
    return [_encode(values), *(_encode(chunk) for chunk in new.chunks())]


def encode_ask(ask: JournalAsk, run_id: str) -> list[bytes]:
    """Return the arguments for an exchange: all but the batches as JSON, then the batches."""
    fields = {
        "run": run_id,
        "worker": ask.worker,
        "number": ask.number,
        "appends": [{"chunk": append.chunk, "counts": append.counts} for append in ask.appends],
        "ended": ask.ended,
        "wanted": ask.wanted,
        "lease": math.ceil(ask.lease * _MILLI),
        "epoch": ask.epoch,
    }
    return [_encode(fields), *(append.batch for append in ask.appends)]


def decode_run(name: str, reply: Sequence[Any], lease: float) -> Run:
    """Return the run in the *reply* of the script."""
    values = _values(reply)
    return Run(
        name=name,
        id=values["id"],
        organization_id=values["organization_id"],
        base_url=values["base_url"],
        until=values["until"],
        endpoints=integer(values["endpoints"], most=_MAX_ENDPOINTS),
        digest=values["digest"],
        lease=lease,
        created=_seconds(values["created"]),
        finished=_time_in(values, "finished"),
        counts=_counts(reply[2]),
        baseline=_time_in(values, "baseline"),
        time=_seconds(reply[4]),
    )


def decode_summary(name: str, reply: Sequence[Any]) -> RunSummary:
    """Return the summary of the run in the *reply* of the script."""
    values = _values(reply)
    return RunSummary(
        name=name,
        id=values["id"],
        organization_id=values["organization_id"],
        endpoints=integer(values["endpoints"], most=_MAX_ENDPOINTS),
        counts={state: count for state, count in _counts(reply[2]).items() if count and state not in GAUGES},
        workers=integer(reply[3]),
        created=_seconds(values["created"]),
        finished=_time_in(values, "finished"),
        paused=bool(values.get("paused")),
    )


def stored_format(reply: Sequence[Any]) -> int:
    """Return the format of the run in the *reply* of the script."""
    return int(_values(reply)["format"])


def decode_reply(reply: Sequence[Any]) -> JournalReply:
    """Return the response to an ask in the *reply* of the script."""
    _, refused, claims, chunks_open, workers, paused, counts, time, epoch = reply
    return JournalReply(
        refused=frozenset(map(integer, refused)),
        claims=tuple(
            Claim(integer(chunk), _decode_ids(ids), text(position) or None) for chunk, ids, position in claims
        ),
        chunks_open=integer(chunks_open),
        workers=integer(workers),
        paused=bool(paused),
        counts=_counts(counts),
        time=_seconds(time),
        epoch=text(epoch),
    )


def decode_entries(entries: Sequence[Any]) -> list[Segment]:
    """Return the records in *entries* of the log."""
    return [
        Segment(text(position), integer(chunk), octets(batch))
        for position, fields in entries
        for chunk, batch in zip(fields[::2], fields[1::2], strict=True)
    ]


def _values(reply: Sequence[Any]) -> dict[str, str]:
    return _decode_values(reply[1])


def _time_in(values: dict[str, str], name: str) -> float | None:
    return _seconds(values[name]) if name in values else None


def _counts(flat: Sequence[Any]) -> dict[str, int]:
    return {
        text(name): integer(count, least=-_MAX_ENDPOINTS) for name, count in zip(flat[::2], flat[1::2], strict=True)
    }


def _seconds(milliseconds: bytes | str) -> float:
    return integer(milliseconds) / _MILLI
