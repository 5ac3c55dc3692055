"""Where the API meets HTTP: an operation and its arguments go down as a `Request`, an answer comes up as a model."""

from __future__ import annotations

import functools
from asyncio import get_running_loop
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar, final
from urllib.parse import quote

from multidict import istr

from tripwire_async._codec.converter import DecodeError, decode, encode, structure, unstructure
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._secrets.redaction import RedactedStruct, excerpt, sanitize
from tripwire_async.errors import APIError, ResponseDecodeError, error_class

from .error_body import read_error_body
from .headers import header
from .messages import CallStats, Request, Response
from .retry_after import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from yarl import URL

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._operation import Operation, PathArgument
    from tripwire_async._secrets.secret import Secret

    from .messages import Priority
    from .options import CallOptions
    from .pipeline import Handler

T = TypeVar("T")

_REQUEST_ID: Final = istr("X-Request-Id")


class ApiResponse(RedactedStruct, Generic[T], frozen=True):
    """A good answer to an operation.

    Attributes:
        value: The body as a model, envelope included; None for a status without a body.
        status: The HTTP status.
        headers: The response headers, looked up in any case.
        request_id: The service's id of the request; None when the answer had none.
        stats: Attempts and times of the call.
    """

    value: T
    status: int
    headers: Mapping[str, str]
    request_id: str | None
    stats: CallStats


class Caller(Protocol):
    """Calls an operation of the API; what resources and deliveries are given instead of a client."""

    def __call__(
        self,
        operation: Operation[T],
        /,
        *path: str,
        query: Mapping[str, object] | None = None,
        body: object | None = None,
        bearer: Secret | None = None,
        deadline: float | None = None,
        priority: Priority = "interactive",
        stats: CallStats | None = None,
    ) -> Awaitable[ApiResponse[T]]: ...


@final
class ApiCaller:
    """Turns an operation and its arguments into a request, and the answer into a model or an error.

    Args:
        handler: The chain, transport included.
        base_url: The API's address; the operations' paths are put behind its own path.
        options: What holds for every call.
        clock: What the calls' deadlines are measured on.
    """

    def __init__(self, handler: Handler, base_url: URL, options: CallOptions, *, clock: Clock = LOOP_CLOCK) -> None:
        self._handler = handler
        self._base_url = base_url
        self._prefix = base_url.raw_path.rstrip("/")
        self._options = options
        self._clock = clock
        self._headers = dict(options.headers)
        self._headers_with_body = {**options.headers, "Content-Type": "application/json"}

    async def __call__(
        self,
        operation: Operation[T],
        /,
        *path: str,
        query: Mapping[str, object] | None = None,
        body: object | None = None,
        bearer: Secret | None = None,
        deadline: float | None = None,
        priority: Priority = "interactive",
        stats: CallStats | None = None,
    ) -> ApiResponse[T]:
        """Call *operation*.

        Args:
            operation: What to call.
            path: The values of its path's placeholders, in their order.
            query: Its query arguments by their names on the wire; what is None is left out.
            body: A model of its request body.
            bearer: Credentials for this call alone; None for the client's own key.
            deadline: Seconds for this call with everything in it, if fewer than the client's.
            priority: What the call is part of, for a fair rate limit.
            stats: Record for the attempts and times of the call, also when it fails; existing values are added to.

        Raises:
            ValueError: An argument that the API could not take; nothing was sent.
            APIError: The service refused; the subclass tells the status.
            TransportError: No answer came.
            ResponseDecodeError: The answer is not what the API's description says.
        """
        url = self._base_url.with_path(self._prefix + build_path(operation, path), encoded=True)
        if query is not None and (given := _query(query)):
            url = url.with_query(given)
        options = self._options
        allowed = options.deadline if deadline is None else min(deadline, options.deadline)
        stats = CallStats() if stats is None else stats
        loop = get_running_loop()
        now = loop.time if self._clock is LOOP_CLOCK else self._clock.now
        stats.started = began = now()
        # Arguments by position, here and below: to a class, keywords are several times as dear as all of the rest.
        request = Request(
            operation,
            url,
            self._headers if body is None else self._headers_with_body,
            None if body is None else encode_body(operation, body),
            options.timeout,
            began + allowed,
            bearer,
            options.max_attempts,
            priority,
            stats,
            loop,
        )
        response = await self._handler(request)
        stats.finished = now()
        if not 200 <= response.status < 300:
            raise api_error(request, response)
        try:
            # An operation that answers nothing is free to answer anything: what it says is not read.
            value = decode(b"null" if operation.returns is type(None) else response.body, operation.returns)
        except DecodeError as problem:
            # The frames that the problem went through hold the whole body.
            raise decode_error(problem, request, response) from problem.with_traceback(None)
        request_id = response.headers.get(_REQUEST_ID) or _request_id(response, value)
        return ApiResponse(value, response.status, response.headers, request_id, stats)


def build_path(operation: Operation[Any], values: tuple[str, ...]) -> str:
    """Return the path of *operation* with *values* in their places."""
    try:
        return operation.template % tuple(map(quote_segment, operation.path_arguments, values))
    except (TypeError, AttributeError):
        for argument, value in zip(operation.path_arguments, values, strict=False):
            if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a checker
                msg = f"{argument.argument} must be text, not {type(value).__name__}"
                raise TypeError(msg) from None
        raise


@functools.lru_cache(maxsize=1024)
def quote_segment(argument: PathArgument, value: str) -> str:
    """Return *value* as one segment of a path, which cannot reach into another.

    Ids come again and again, the organization's in every call: what was checked once is remembered.
    """
    if argument.pattern is not None and not argument.pattern.fullmatch(value):
        msg = f"{argument.argument} {_shown(value)} is not a valid id: it must match {argument.pattern.pattern}"
        raise ValueError(msg)
    if value in {"", ".", ".."} or not value.isprintable():
        msg = f"{argument.argument} {_shown(value)} cannot be part of an address"
        raise ValueError(msg)
    return quote(value, safe="")


def _shown(value: str) -> str:
    return repr(value if len(value) <= 80 else value[:80] + "…")


def _query(arguments: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(name, value) for name, value in arguments.items() if value is not None}


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
        msg = f"{name} cannot be sent: it holds half a surrogate pair, which UTF-8 cannot say"
        raise ValueError(msg)
    return text


def encode_body(operation: Operation[Any], body: object) -> bytes:
    """Return *body* as JSON, once it is certain that its fields have the types that the API takes.

    The models themselves check nothing: a None where the wire knows no null, or a number for a text, ends here.
    """
    try:
        # Not as bytes: by then other bytes would have become text.
        structure(unstructure(body), type(body))
    except DecodeError as problem:
        argument = (problem.path or "").removeprefix("$.") or "the body"
        msg = f"{operation.id}: {argument} cannot be sent: {problem.message}"
    else:
        return encode(body)
    # Not chained: the frames hold the text, which may be a secret.
    raise ValueError(msg)


def decode_error(problem: DecodeError, request: Request, response: Response) -> ResponseDecodeError:
    operation = request.operation
    return ResponseDecodeError(
        f"{operation.id}: the answer is not what the API describes: {problem}",
        operation=operation.id,
        status=response.status,
        path=problem.path,
        request_id=_header_id(response),
        client_request_id=request.stats.client_request_id,
        # An object that could be read may hold a secret in any of its fields.
        body="" if problem.path is not None and _is_object(response.body) else excerpt(response.body),
    )


def _is_object(body: bytes) -> bool:
    return body.lstrip().startswith(b"{")


def _header_id(response: Response) -> str | None:
    """Return the service's id of the request, fit for an error, from the headers."""
    return sanitize(header(response.headers, _REQUEST_ID) or "") or None


def _request_id(response: Response, value: object) -> str | None:
    """Return the id of an answer whose headers ignore no case, or were cut off on the way: *value* has it as well."""
    return header(response.headers, _REQUEST_ID) or getattr(getattr(value, "meta", None), "request_id", None)


_ADVICE: Final = {
    401: "set TRIPWIRE_SECRET_KEY or secret_key to a secret key of this environment",
    403: "check that the key is not revoked and has the scope that this needs",
    404: "check the ids, and that they belong to what this key may see",
    409: "it collides with what is there already, so read that first",
    410: "it has expired, so begin anew",
    422: "correct the values that are named",
    429: "send less at once, or wait as long as retry_after says",
}


def api_error(request: Request, response: Response) -> APIError:
    """Make the error for a status that is no success; the one place where statuses become exceptions."""
    operation, status = request.operation, response.status
    said = read_error_body(response.body)
    request_id = _header_id(response) or said.request_id
    if status < 400:
        location = header(response.headers, "Location")
        what = "an answer that means nothing here" if location is None else f"redirected to {sanitize(location)!r}"
        advice: str | None = "redirects are never followed: check base_url"
    else:
        what = said.message or "the answer is not in the service's own form; something in between may have sent it"
        advice = _ADVICE.get(status)
        if status == 403 and operation.scope is not None:
            advice = f"check that the key is not revoked and has the scope {operation.scope}"
    fields = "; ".join(f"{field.name}: {field.issue}" for field in said.field_errors)
    msg = f"{operation.id}: {status}{f' {said.code}' if said.code else ''}: {what}"
    for part in (fields, advice, f"request {request_id}" if request_id else None):
        msg += f" ({part})" if part else ""
    return error_class(status)(
        msg,
        status=status,
        code=said.code,
        request_id=request_id,
        client_request_id=request.stats.client_request_id,
        retryable=said.retryable,
        next_action=said.next_action,
        field_errors=said.field_errors,
        docs_url=said.docs_url,
        retry_after=parse_retry_after(response.headers),
        attempts=request.stats.attempts,
        body=excerpt(response.body),
    )
