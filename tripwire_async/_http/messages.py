"""Messages of the chain: `Request` and `Response`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

import msgspec
from yarl import URL

from tripwire_async._operation import Operation
from tripwire_async._secrets.redaction import RedactedStruct
from tripwire_async._secrets.secret import Secret

Priority: TypeAlias = Literal["interactive", "send", "poll"]
"""Class of a call in the rate limit: an individual call, one of many test sends, or a poll for their results."""


class CallStats(msgspec.Struct):
    """Attempts and times of one call, filled in by the layers that it passes through.

    Attributes:
        client_request_id: The client's id of the call, the same for all attempts; None without one.
        started: When the call started, on the clock of the chain.
        attempts: Number of attempts so far.
        rate_limit_wait: Seconds of waiting for the rate limit, a cooldown or an in-flight slot.
        backoff_wait: Seconds of sleep between attempts.
        network_time: Seconds from handing the request to the transport to the end of the response, over all attempts.
        finished: When the response was complete, on the clock of the chain; 0 until then.
        connected_at: When the latest attempt had its connection, directly before it was written, on the clock of the
            chain. Infinite as long as there is none and nothing has been sent. 0 if that is unknown.
    """

    client_request_id: str | None = None
    started: float = 0.0
    attempts: int = 0
    rate_limit_wait: float = 0.0
    backoff_wait: float = 0.0
    network_time: float = 0.0
    finished: float = 0.0
    connected_at: float = 0.0

    @property
    def waited(self) -> float:
        """Seconds of waiting: `rate_limit_wait` and `backoff_wait` together."""
        return self.rate_limit_wait + self.backoff_wait


class BeforeWire(Protocol):
    """Hook of a call that records each attempt before it is sent.

    It is not part of the chain: a middleware sees the request before it waits for the rate limit, and a record written
    then would name many requests that are never sent.
    """

    def __call__(self, deadline: float, /) -> Awaitable[None]:
        """Return when the request may be sent; raise if it must not be sent, or when *deadline* has passed.

        *deadline* is a time on the clock of the chain. The transport counts the attempt after this has returned.
        """
        ...

    def check(self) -> None:
        """Raise if the request must not be sent any more, see ``Request.before_write``."""
        ...


class Request(RedactedStruct, frozen=True):
    """One call on its way through the chain.

    A request does not change, except for its *stats*: to change one, make another with `with_header` or
    `msgspec.structs.replace`.

    Attributes:
        operation: The operation that is called; its *path* is the template, without ids.
        url: The absolute URL, quoted, with its query.
        headers: The headers so far. Credentials are never among them: the innermost middleware adds them.
        body: The encoded body; None for no body. Bytes, so that every request can be sent again.
        timeout: Seconds for one attempt.
        deadline: When the whole call must have ended, on the clock of the chain.
        bearer: Credentials for this call alone, for example a Gate poll token; None for the client's key.
        max_attempts: Limit on the attempts of this call; None for the chain's own limit.
        priority: The class of the call in the rate limit.
        stats: Attempts and times of the call so far, shared by all requests of the call.
        before_wire: Hook that the transport awaits for each attempt, with the deadline, before it connects, or None.
        before_write: A last check of whether to send, or None. The transport calls it for each attempt when there is
            a connection, directly before the request is written: connecting may have taken seconds. If it
            raises, nothing is sent and the connection is closed. The exception reaches the caller unchanged, without
            its traceback. The check must not block, because it runs in the event loop.
        owner: Number of the client that makes the call; closing the client ends the waits of its calls.
        loop: The event loop of the call, on which all of its requests are sent; None for the running one.
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
    before_wire: Callable[[float], Awaitable[None]] | None = None
    before_write: Callable[[], object] | None = None
    owner: int = 0
    loop: asyncio.AbstractEventLoop | None = None

    def with_header(self, name: str, value: str) -> Request:
        """Return this request with one more header; it replaces a header of exactly that *name*."""
        return msgspec.structs.replace(self, headers={**self.headers, name: value})


class Response(RedactedStruct, frozen=True):
    """A response that was read completely.

    Attributes:
        status: The HTTP status.
        headers: The response headers; the lookup ignores case.
        body: The body, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
