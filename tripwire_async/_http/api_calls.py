"""One call of the API as values: the operation with its arguments, and the decoded response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tripwire_async._operation import Operation
from tripwire_async._secrets.redaction import RedactedStruct
from tripwire_async._secrets.secret import Secret

from .messages import BeforeWire, CallStats, Priority

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ApiRequest(RedactedStruct, Generic[T_co], frozen=True):
    """An operation with the arguments of one call.

    Attributes:
        operation: The operation to call.
        path: The values of the placeholders in its path, in order.
        query: Query arguments by their names on the wire; arguments that are None are not sent.
        body: A model of the request body; None for no body.
        bearer: Credentials for this call alone, for example a Gate poll token; None for the client's key.
        deadline: Seconds for the whole call, at most the client's deadline; None for the client's deadline.
        priority: The class of the call in the rate limit.
        stats: Record for the attempts and times of the call, filled in also when the call fails; values that it holds
            already are added to. None for a new one.
        before_wire: Hook that is called before each attempt is sent; None without one.
    """

    operation: Operation[T_co]
    path: tuple[str, ...] = ()
    query: Mapping[str, object] | None = None
    body: object | None = None
    bearer: Secret | None = None
    deadline: float | None = None
    priority: Priority = "interactive"
    stats: CallStats | None = None
    before_wire: BeforeWire | None = None


class ApiResponse(RedactedStruct, Generic[T], frozen=True):
    """A successful response of an operation.

    Attributes:
        value: The decoded body, envelope included; None for an operation without a response body.
        status: The HTTP status.
        headers: The response headers; the lookup ignores case.
        body: The body as it was received, decompressed.
        request_id: The service's id of the request; None without one.
        stats: Attempts and times of the call.
    """

    value: T
    status: int
    headers: Mapping[str, str]
    body: bytes
    request_id: str | None
    stats: CallStats


class Caller(Protocol):
    """Function that executes an operation of the API; resources and deliveries receive it in place of a client."""

    def __call__(self, request: ApiRequest[T], /) -> Awaitable[ApiResponse[T]]:
        """Return the response to *request*, or raise `APIError`, `TransportError` or `ResponseDecodeError`."""
        ...
