"""What travels through the chain: a `Request` on the way out, a `Response` on the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec
from yarl import URL

from tripwire_async._operation import Operation
from tripwire_async._secrets.redaction import RedactedStruct
from tripwire_async._secrets.secret import Secret

Priority: TypeAlias = Literal["interactive", "send", "poll"]
"""Class of a call in the rate limit: an individual call, one of many test sends, or a poll for their results."""


class CallStats(msgspec.Struct):
    """What became of one call, filled in by the layers that it passes; the one thing about a request that changes.

    Attributes:
        client_request_id: Our id of the call, the same over its attempts; None when nothing made one.
        started: When the call began, on the clock of the chain.
        finished: When its answer had come, on the same clock; 0 as long as none has.
        attempts: How often the call was put on the wire.
        rate_limit_wait: Seconds spent waiting for the rate limit, cooldowns included, and for a slot in flight.
        backoff_wait: Seconds slept between attempts.
        network_time: Seconds from handing a request to the transport to the end of its answer, over all attempts.
    """

    client_request_id: str | None = None
    started: float = 0.0
    attempts: int = 0
    rate_limit_wait: float = 0.0
    backoff_wait: float = 0.0
    network_time: float = 0.0
    finished: float = 0.0

    @property
    def waited(self) -> float:
        """Seconds that the call stood still, the limiter's and the backoff's together."""
        return self.rate_limit_wait + self.backoff_wait


class Request(RedactedStruct, frozen=True):
    """One call on its way to the wire; a changed request is a new one (`with_header`, `msgspec.structs.replace`).

    Attributes:
        operation: What is being called; its *path* is the template, without ids.
        url: The absolute URL, quoted, with its query.
        headers: The headers so far; never the credentials, which are added innermost.
        body: The encoded body; None when there is none. Bytes, so that every request can be sent again.
        timeout: Seconds for one attempt on the wire.
        deadline: When the whole call must have ended, on the clock of the chain.
        bearer: Credentials of this call alone, as a Gate poll token; None for the client's own key.
        max_attempts: How often this call may be put on the wire at the most; None for the chain's own rule.
        priority: What the call is part of, for a fair rate limit.
        stats: Attempts and times of the call so far.
        loop: The event loop that the call runs on; None where it is to be asked for. In Python 3.11 to ask is a system
            call, which costs as much as a whole layer, so it is done once.
    """

    operation: Operation[Any]
    url: URL
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float
    deadline: float
    bearer: Secret | None = None
    max_attempts: int | None = None
    priority: Priority = "interactive"
    stats: CallStats = msgspec.field(default_factory=CallStats)
    loop: asyncio.AbstractEventLoop | None = None

    def with_header(self, name: str, value: str) -> Request:
        """Return this request with one more header; one of exactly that *name* is replaced.

        The stats are shared: it is the same call.
        """
        return msgspec.structs.replace(self, headers={**self.headers, name: value})

    def __reduce__(self) -> tuple[type[Request], tuple[object, ...]]:
        # A loop stays where it runs: a deep copy, or one in another process, asks for its own.
        return Request, msgspec.structs.astuple(self)[:-1]


class Response(RedactedStruct, frozen=True):
    """An answer, read to its end.

    Attributes:
        status: The HTTP status.
        headers: The response headers, looked up in any case.
        body: The body, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
