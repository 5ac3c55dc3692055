"""What travels through the chain: a `Request` on the way out, a `Response` on the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec
from yarl import URL

from tripwire_async._operation import Operation
from tripwire_async._secrets.secret import Secret, without_secrets

Lane: TypeAlias = Literal["single", "send", "poll"]
"""What a call is part of, for a fair rate limit: a call of its own, one of many sends, or the polls after them."""


_UNTOLD: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


def without_credentials(headers: Mapping[str, str]) -> str:
    """Print *headers* as a dict would, their credentials hidden: requests end up in logs and tracebacks."""
    shown = {name: "…" if name.lower() in _UNTOLD else without_secrets(value) for name, value in headers.items()}
    return repr(shown)


def _size(body: bytes | None) -> str:
    """Print how long a *body* is: what stands in it may be a secret or somebody's data."""
    return "None" if body is None else f"<{len(body)} bytes>"


# Structs, unlike the models: a call makes six of these, and a frozen attrs class takes five times as long to make.
class Discreet(msgspec.Struct, frozen=True):
    """A struct that shows neither the credentials in its *headers* nor what stands in its *body*."""

    # msgspec's own would tell everything to rich, which prints tracebacks with the locals of their frames.
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        for name, shown in (("headers", without_credentials), ("body", _size)):
            if name in fields:
                fields[name] = _Verbatim(shown(fields[name]))
        return list(fields.items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


class _Verbatim(str):
    """A text that is printed as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Trace(msgspec.Struct):
    """What became of one call, filled in by the layers that it passes; the one thing about a request that changes.

    Attributes:
        client_request_id: Our id of the call, the same over its attempts; None when nothing made one.
        began: When the call began, on the clock of the chain.
        ended: When its answer had come, on the same clock; 0 as long as none has.
        attempts: How often the call was put on the wire.
        limiter: Seconds spent waiting for the rate limit, cooldowns included, and for a slot in flight.
        backoff: Seconds slept between attempts.
        wire: Seconds from handing a request to the transport to the end of its answer, over all attempts.
    """

    client_request_id: str | None = None
    began: float = 0.0
    attempts: int = 0
    limiter: float = 0.0
    backoff: float = 0.0
    wire: float = 0.0
    ended: float = 0.0

    @property
    def waited(self) -> float:
        """Seconds that the call stood still, the limiter's and the backoff's together."""
        return self.limiter + self.backoff


class Request(Discreet, frozen=True):
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
        lane: What the call is part of, for a fair rate limit.
        trace: What became of the call so far.
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
    lane: Lane = "single"
    trace: Trace = msgspec.field(default_factory=Trace)
    loop: asyncio.AbstractEventLoop | None = None

    def with_header(self, name: str, value: str) -> Request:
        """Return this request with one more header; one of exactly that *name* is replaced.

        The trace is shared: it is the same call.
        """
        return msgspec.structs.replace(self, headers={**self.headers, name: value})

    def __reduce__(self) -> tuple[type[Request], tuple[object, ...]]:
        # A loop stays where it runs: a deep copy, or one in another process, asks for its own.
        return Request, msgspec.structs.astuple(self)[:-1]


class Response(Discreet, frozen=True):
    """An answer, read to its end.

    Attributes:
        status: The HTTP status.
        headers: The response headers, looked up in any case.
        body: The body, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
