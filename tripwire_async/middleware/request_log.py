"""One request id and one log record per call, however many attempts it makes."""

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
    """Return a new id of 128 random bits; it costs a small part of a UUID."""
    return "creq_" + getrandbits(128).to_bytes(16, "big").hex()


@final
class RequestLog:
    """Give each call an id, send it as ``X-Client-Request-Id``, and log one record when the call ends.

    An id that the call already has is kept. The record has a readable message and these attributes:

    - ``operation``, ``method`` and ``path`` (the template, without ids)
    - ``status`` (None without a response) and ``error`` (the class name of the exception; None with a response)
    - ``attempts``, ``duration_ms`` and ``waited_ms`` (time spent in the rate limit and in backoff)
    - ``request_id`` (from the service) and ``client_request_id`` (from the client)
    - ``response_headers`` (only those listed in *headers*)

    A failure of the service or the network (no response, 429, 5xx) is logged at WARNING, everything else at INFO: a
    404, for example, already reaches the caller as an exception. Bodies, request headers and exception messages are
    never logged. If the logger is disabled, only the id is added.

    Args:
        logger: Where the record goes; the default is the logger ``tripwire_async``.
        clock: The time source.
        id_factory: Returns a new request id.
        headers: Names of the response headers to log.
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

    def __repr__(self) -> str:
        return "<RequestLog>"

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Pass *request* on with its id, and log the result."""
        stats = request.stats
        if stats.client_request_id is None:
            stats.client_request_id = self._id_factory()
        identified = request.with_header(_CLIENT_REQUEST_ID, stats.client_request_id)
        try:
            response = await call_next(identified)
        except GeneratorExit:
            # The loop was closed with this call pending. Nothing is written while the garbage collector runs.
            raise
        except BaseException as error:
            self._write(request, error)
            raise
        if response.status >= 429 or self._logger.isEnabledFor(logging.INFO):
            self._write(request, response)
        return response

    def _write(self, request: Request, outcome: Response | BaseException) -> None:
        level = logging.WARNING if _is_failure(outcome) else logging.INFO
        if not self._logger.isEnabledFor(level):
            return
        stats = request.stats
        seconds = self._clock.now() - stats.started
        status = error = request_id = None
        headers: dict[str, str] = {}
        if isinstance(outcome, Response):
            status = outcome.status
            request_id = _log_safe_header(outcome, "X-Request-Id")
            headers = {name: value for name in self._headers if (value := _log_safe_header(outcome, name)) is not None}
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


def _log_safe_header(response: Response, name: str) -> str | None:
    """Return the header *name* sanitized for a log: a proxy may have put anything there."""
    value = header(response.headers, name)
    return None if value is None else sanitize(value)


def _is_failure(outcome: Response | BaseException) -> bool:
    if isinstance(outcome, Response):
        return outcome.status == 429 or outcome.status >= 500
    # A cancellation is intended by the caller, so it is not a failure.
    return not isinstance(outcome, asyncio.CancelledError)
