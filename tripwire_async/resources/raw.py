"""Raw answers: what came with a model, status and headers and timings, beside the model itself."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, cast

import attrs

from tripwire_async._secrets.redaction import redact_headers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from tripwire_async._http.api_calls import ApiRequest, ApiResponse, Caller
    from tripwire_async._http.messages import CallStats

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@attrs.frozen(kw_only=True)
class RawResponse(Generic[T]):
    """An answer with all that came along.

    Attributes:
        parsed: What the method itself would have returned.
        status: The HTTP status.
        headers: The response headers, looked up in any case.
        request_id: The service's id of the request; None when the answer had none.
        timings: Where the call's time went, and its ``client_request_id``.
    """

    parsed: T
    status: int
    headers: Mapping[str, str] = attrs.field(repr=redact_headers)
    request_id: str | None
    timings: CallStats

    @property
    def attempts(self) -> int:
        """How often the call was put on the wire."""
        return self.timings.attempts


class RawResource(Generic[R]):
    """A resource whose methods give raw answers; a subclass names them, each by `raw`.

    Args:
        call: What calls the operations.
        make: Makes the resource, given what calls.
    """

    def __init__(self, call: Caller, make: Callable[[Caller], R]) -> None:
        self._call = call
        self._make = make

    async def _run(self, method: Callable[[R], Awaitable[T]]) -> RawResponse[T]:
        recorder = _Recorder(self._call)
        parsed = await method(self._make(recorder))
        # A method that returns has called, and a method calls one operation.
        response = cast("ApiResponse[object]", recorder.answer)
        return RawResponse(
            parsed=parsed,
            status=response.status,
            headers=response.headers,
            request_id=response.request_id,
            timings=response.stats,
        )


def raw(
    method: Callable[Concatenate[R, P], Awaitable[T]],
) -> Callable[Concatenate[RawResource[R], P], Coroutine[Any, Any, RawResponse[T]]]:
    """Return *method* of a resource as one that gives the raw answer; a list's is that of one page."""

    @functools.wraps(method)
    async def call(self: RawResource[R], /, *args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        run = self._run  # pyright: ignore[reportPrivateUsage] - this function makes methods of that class
        return await run(lambda resource: method(resource, *args, **kwargs))

    return call


class _Recorder:
    """A caller that keeps the first answer: what a method returns may go on calling."""

    def __init__(self, call: Caller) -> None:
        self._call = call
        self.answer: ApiResponse[object] | None = None

    async def __call__(self, request: ApiRequest[T], /) -> ApiResponse[T]:
        response = await self._call(request)
        if self.answer is None:
            self.answer = cast("ApiResponse[object]", response)
        return response
