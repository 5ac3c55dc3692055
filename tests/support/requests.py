"""Requests, responses and handlers for tests of middleware: plain values and plain functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from yarl import URL

from tripwire_async._http.messages import Request, Response
from tripwire_async._operation import Operation

if TYPE_CHECKING:
    from tripwire_async._operation import Authority
    from tripwire_async._secrets.secret import Secret


def operation(method: str = "GET", authority: Authority = "secret") -> Operation[object]:
    return Operation(
        id="retrieveThing",
        method=method,
        path="/v1/things/{thingId}",
        authority=authority,
        success=200,
        returns=object,
    )


def request(
    method: str = "GET",
    *,
    url: str = "https://api.example/v1/things/thing_1",
    authority: Authority = "secret",
    bearer: Secret | None = None,
    deadline: float = 300.0,
    max_attempts: int | None = None,
) -> Request:
    return Request(
        operation(method, authority),
        URL(url),
        {"Accept": "application/json"},
        None,
        30.0,
        deadline,
        bearer,
        max_attempts,
    )


def answer(status: int = 200, headers: dict[str, str] | None = None, body: bytes = b"") -> Response:
    return Response(status, headers or {}, body)


def limited(limit: int, remaining: int, status: int = 200, **headers: str) -> Response:
    """Return a response that reports a rate limit."""
    return answer(status, {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining), **headers})


@attrs.define
class Script:
    """A handler that returns or raises the items of a list, the last one for ever, and keeps the requests."""

    outcomes: list[Response | BaseException]
    seen: list[Request] = attrs.field(factory=list)

    async def __call__(self, request: Request) -> Response:
        self.seen.append(request)
        request.stats.attempts += 1
        outcome = self.outcomes[min(len(self.seen), len(self.outcomes)) - 1]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome
