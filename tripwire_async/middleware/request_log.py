"""One id and one log record for each call, however many attempts it takes."""

from __future__ import annotations

import asyncio
import logging
from random import getrandbits
from typing import TYPE_CHECKING, Final, final

from multidict import istr

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.headers import header
from tripwire_async._http.messages import Response
from tripwire_async._logger import LOGGER
from tripwire_async._secrets.redaction import sanitize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import Request
    from tripwire_async._http.pipeline import Handler

_CLIENT_REQUEST_ID: Final = istr("X-Client-Request-Id")
_SAFE_HEADERS: Final = ("Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining")


def new_request_id() -> str:
    """Return an id that no other call has: 128 bits of chance, at a seventh of what a UUID costs."""
    return f"creq_{getrandbits(128):032x}"


@final
class RequestLog:
    """Give each call an id, send it as ``X-Client-Request-Id``, and write one record when the call has ended.

    An id that the call's stats hold already is kept. The record goes to *logger*, by default the one named
    ``tripwire_async``, as a line for people and as attributes for machines: ``operation``, ``method``, ``path`` (the
    template, without ids), ``status`` (None without an answer), ``error`` (the name of the exception; None with an
    answer), ``attempts``, ``duration_ms``, ``waited_ms`` (for the rate limit and between attempts), ``request_id`` (the
    service's), ``client_request_id`` (ours) and ``response_headers`` (those of *headers*, and no others).

    What the service or the network did wrong (no answer, 429, 5xx) is a WARNING, everything else INFO: the caller is
    told of a 404 by its exception. Bodies, request headers and the text of exceptions are never written. With the
    logger off, the id is all that is done.
    """

    __slots__ = ("_clock", "_headers", "_id_factory", "_logger")

    def __init__(
        self,
        logger: logging.Logger | None = None,
        *,
        clock: Clock = LOOP_CLOCK,
        id_factory: Callable[[], str] = new_request_id,
        headers: Iterable[str] = _SAFE_HEADERS,
    ) -> None:
        self._logger = LOGGER if logger is None else logger
        self._clock = clock
        self._id_factory = id_factory
        self._headers = tuple(headers)

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Hand *request* on with its id, and write down how it ended."""
        stats = request.stats
        if stats.client_request_id is None:
            stats.client_request_id = self._id_factory()
        identified = request.with_header(_CLIENT_REQUEST_ID, stats.client_request_id)
        try:
            response = await call_next(identified)
        except BaseException as error:
            self._write(request, error)
            raise
        if response.status >= 429 or self._logger.isEnabledFor(logging.INFO):
            self._write(request, response)
        return response

    def _write(self, request: Request, outcome: Response | BaseException) -> None:
        level = logging.WARNING if _is_trouble(outcome) else logging.INFO
        if not self._logger.isEnabledFor(level):
            return
        stats = request.stats
        seconds = self._clock.now() - stats.started
        status = error = request_id = None
        headers: dict[str, str] = {}
        if isinstance(outcome, Response):
            status = outcome.status
            request_id = _said(outcome, "X-Request-Id")
            headers = {name: value for name in self._headers if (value := _said(outcome, name)) is not None}
        else:
            error = type(outcome).__name__
        fields = {
            "operation": request.operation.id,
            "method": request.operation.method,
            "path": request.operation.path,
            "status": status,
            "error": error,
            "attempts": stats.attempts,
            "duration_ms": round(seconds * 1000, 3),
            "waited_ms": round(stats.waited * 1000, 3),
            "request_id": request_id,
            "client_request_id": stats.client_request_id,
            "response_headers": headers,
        }
        self._logger.log(
            level,
            "%(method)s %(path)s: %(outcome)s in %(duration_ms).0f ms, waited %(waited_ms).0f ms, "
            "attempts %(attempts)d, request %(request_id)s, client request %(client_request_id)s",
            {**fields, "outcome": error if status is None else status},
            extra=fields,
        )


def _said(response: Response, name: str) -> str | None:
    """Return the header *name*, fit for a log: something in between may have put anything there."""
    value = header(response.headers, name)
    return None if value is None else sanitize(value)


def _is_trouble(outcome: Response | BaseException) -> bool:
    if isinstance(outcome, Response):
        return outcome.status == 429 or outcome.status >= 500
    # Whoever cancels means to; that nothing came of the call is no news to anybody.
    return not isinstance(outcome, asyncio.CancelledError)
