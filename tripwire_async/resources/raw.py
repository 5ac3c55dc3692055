"""Raw responses: status, headers and timings together with the model."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, final, overload

import attrs

from tripwire_async._secrets.redaction import HiddenBytes, redact_headers

from .base import Resource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from tripwire_async._http.api_calls import ApiRequest, ApiResponse, Caller
    from tripwire_async._http.messages import CallStats

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@attrs.frozen(kw_only=True)
class RawResponse(Generic[T]):
    """Response with its metadata.

    Attributes:
        parsed: The return value of the method itself.
        status: The HTTP status.
        headers: The response headers, looked up in any case.
        request_id: The service's id of the request; None if the response had none.
        timings: Times of the call, and its ``client_request_id``.
    """

    parsed: T
    status: int
    headers: Mapping[str, str] = attrs.field(repr=redact_headers)
    request_id: str | None
    timings: CallStats
    _body: HiddenBytes = attrs.field(alias="body", converter=HiddenBytes, repr=False, eq=False)

    @property
    def body(self) -> bytes:
        """The body as the service sent it, decompressed, with all secrets in plain text."""
        return self._body.content

    def json(self) -> Any:
        """Return the body, envelope included, as dicts and lists; None if the response has no body.

        The result has every field of the response, also fields that the models do not have, and all secrets in plain
        text. Raises `ValueError` if the body is not JSON, which is possible only for an operation without a response
        body.
        """
        return json.loads(self.body) if self.body else None

    @property
    def attempts(self) -> int:
        """Number of attempts of the call that were sent."""
        return self.timings.attempts


class RawResource(Resource, Generic[R]):
    """Base of resources whose methods return raw responses; subclasses define each with `raw`.

    Args:
        call: The caller of the operations.
        make: Function that returns the resource for a caller.
    """

    def __init__(self, call: Caller, make: Callable[[Caller], R]) -> None:
        self._call = call
        self._make = make

    async def _run(self, call: _BoundCall[R, T]) -> RawResponse[T]:
        recorder = _Recorder(self._call)
        parsed = await call(self._make(recorder))
        # A method that returns has made exactly one call.
        response = cast("ApiResponse[object]", recorder.response)
        return RawResponse(
            parsed=parsed,
            status=response.status,
            headers=response.headers,
            body=response.body,
            request_id=response.request_id,
            timings=response.stats,
        )


@final
class RawMethod(Generic[R, P, T]):
    """Method of a raw resource; a descriptor, which type checkers bind in the same way."""

    def __init__(self, method: Callable[Concatenate[R, P], Awaitable[T]]) -> None:
        self.__doc__ = method.__doc__
        self.__wrapped__ = method

    @overload
    def __get__(self, resource: None, owner: type) -> Self: ...
    @overload
    def __get__(self, resource: RawResource[R], owner: type) -> Callable[P, Coroutine[Any, Any, RawResponse[T]]]: ...
    def __get__(
        self, resource: RawResource[R] | None, owner: type
    ) -> Self | Callable[P, Coroutine[Any, Any, RawResponse[T]]]:
        """Return the method of *resource*."""
        if resource is None:
            return self
        method, run = self.__wrapped__, resource._run  # pyright: ignore[reportPrivateUsage] - this class defines its methods

        # Not a coroutine: its frame holds the arguments, some of which are secrets.
        @functools.wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, RawResponse[T]]:
            return run(_BoundCall(method, args, kwargs))

        return call


def raw(method: Callable[Concatenate[R, P], Awaitable[T]]) -> RawMethod[R, P, T]:
    """Return *method* of a resource as a method that returns the raw response; for a list, that of one page."""
    return RawMethod(method)


@final
class _BoundCall(Generic[R, T]):
    """Method with its arguments, which are not printed."""

    __slots__ = ("_arguments", "_keywords", "_method")

    def __init__(
        self, method: Callable[..., Awaitable[T]], arguments: tuple[object, ...], keywords: dict[str, object]
    ) -> None:
        self._method = method
        self._arguments = arguments
        self._keywords = keywords

    def __call__(self, resource: R) -> Awaitable[T]:
        return self._method(resource, *self._arguments, **self._keywords)


class _Recorder:
    """Caller that keeps the first response; the result of a method may make more calls."""

    def __init__(self, call: Caller) -> None:
        self._call = call
        self.response: ApiResponse[object] | None = None

    async def __call__(self, request: ApiRequest[T], /) -> ApiResponse[T]:
        response = await self._call(request)
        if self.response is None:
            self.response = cast("ApiResponse[object]", response)
        return response
