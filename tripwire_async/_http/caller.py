"""Boundary between the API and HTTP: an `ApiRequest` becomes a `Request`, a `Response` becomes an `ApiResponse`."""

from __future__ import annotations

from asyncio import get_running_loop
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

from multidict import istr

from tripwire_async._codec.converter import DecodeError
from tripwire_async._codec.read_only import decode_response
from tripwire_async._concurrency.clock import LOOP_CLOCK, time_on
from tripwire_async._secrets.redaction import excerpt, sanitize
from tripwire_async.errors import ResponseDecodeError
from tripwire_async.profiles import TRIPWIRE

from .api_calls import ApiResponse
from .api_errors import api_error
from .encoding import build_query, build_url, encode_body
from .headers import REQUEST_ID, header, request_id
from .messages import CallStats, Request
from .profile_check import check_profile

if TYPE_CHECKING:
    import asyncio

    from yarl import URL

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.profiles import Profile

    from .api_calls import ApiRequest
    from .messages import Response
    from .options import CallOptions
    from .pipeline import Handler

T = TypeVar("T")

# The transport's mapping finds an istr without converting its case first.
_REQUEST_ID: Final = istr(REQUEST_ID)


@final
class ApiCaller:
    """A `Caller` that sends requests through a handler.

    Args:
        handler: The chain of middleware, transport included.
        base_url: The API's URL; the paths of operations are appended to its path.
        options: The options of every call.
        profile: The name of the service; a call that this name does not have is rejected.
        owner: Number of the client, so that closing it ends the waits of its calls.
        clock: The clock of deadlines.
    """

    def __init__(
        self,
        handler: Handler,
        base_url: URL,
        options: CallOptions,
        *,
        profile: Profile = TRIPWIRE,
        owner: int = 0,
        clock: Clock = LOOP_CLOCK,
    ) -> None:
        self._owner = owner
        self._profile = profile
        self._handler = handler
        self._base_url = base_url
        self._options = options
        self._clock = clock
        self._headers = dict(options.headers)
        self._headers_with_body = {**options.headers, "Content-Type": "application/json"}

    async def __call__(self, call: ApiRequest[T], /) -> ApiResponse[T]:
        """Send *call* and return the decoded response.

        Raises:
            ValueError: An argument that the API cannot accept; nothing was sent.
            TypeError: A path argument that is not a string; nothing was sent.
            ConfigurationError: The profile does not have the operation or a field of the body; nothing was sent.
            APIError: The service rejected the request; the subclass depends on the status.
            TransportError: There was no response.
            ResponseDecodeError: The response does not match the API's description.
        """
        loop = get_running_loop()
        now = time_on(loop, self._clock)
        request = self._request(call, now(), loop)
        response = await self._handler(request)
        request.stats.finished = now()
        if not 200 <= response.status < 300:
            raise api_error(request, response, self._profile)
        returns = call.operation.returns
        try:
            # The body of a response without content is not read, whatever it is.
            value = decode_response(b"null" if returns is type(None) else response.body, returns)
        except DecodeError as error:
            # The frames that the error went through hold the whole body.
            raise decode_error(error, request, response) from error.with_traceback(None)
        id_ = response.headers.get(_REQUEST_ID) or _find_request_id(response, value)
        return ApiResponse(value, response.status, response.headers, response.body, id_, request.stats)

    def _request(self, call: ApiRequest[Any], now: float, loop: asyncio.AbstractEventLoop) -> Request:
        operation, options = call.operation, self._options
        check_profile(operation, call.body, self._profile)
        url = build_url(self._base_url, operation, call.path)
        if call.query is not None and (query := build_query(call.query)):
            url = url.with_query(query)
        headers, body = self._headers, None
        if call.body is not None:
            headers, body = self._headers_with_body, encode_body(operation, call.body)
        stats = CallStats() if call.stats is None else call.stats
        stats.started = now
        seconds = options.deadline if call.deadline is None else min(call.deadline, options.deadline)
        before_wire = call.before_wire
        # Without keywords, which take half as long again for so many fields.
        return Request(
            operation,
            url,
            headers,
            body,
            options.timeout,
            now + seconds,
            call.bearer,
            options.max_attempts,
            call.priority,
            stats,
            before_wire,
            None if before_wire is None else before_wire.check,
            self._owner,
            loop,
        )


def decode_error(error: DecodeError, request: Request, response: Response) -> ResponseDecodeError:
    """Return the exception for a successful *response* that cannot be decoded."""
    operation = request.operation
    media_type = (header(response.headers, "Content-Type") or "").partition(";")[0].strip()
    reason = f"the response does not match the API's description: {error}"
    if not response.body.strip():
        reason = f"the body of the response is empty (status {response.status}), although the API describes one"
    elif error.path is None and media_type and "json" not in media_type:
        reason = f"the response is {sanitize(media_type)}, not JSON: check base_url; a proxy may have sent it"
    # A JSON object that was parsed may hold a secret in any of its fields.
    is_object = error.path is not None and response.body.lstrip().startswith(b"{")
    return ResponseDecodeError(
        f"{operation.id}: {reason}",
        operation=operation.id,
        status=response.status,
        path=error.path,
        request_id=request_id(response.headers),
        client_request_id=request.stats.client_request_id,
        body="" if is_object else excerpt(response.body),
    )


def _find_request_id(response: Response, value: object) -> str | None:
    """Return the request id from a plain dict of headers, or from the body when a proxy removed the header."""
    return header(response.headers, REQUEST_ID) or getattr(getattr(value, "meta", None), "request_id", None)
