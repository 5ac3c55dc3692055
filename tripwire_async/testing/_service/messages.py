"""Requests and responses of the service, independent of the HTTP library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs
import msgspec

from .errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .keys import Key

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


@attrs.define(eq=False)
class ServiceRequest:
    """A request to one operation.

    *ids* are the path arguments by their names in the API description. *resource* is the group of operations, which
    errors name as ``parameter_set``. *key* is the secret key, for operations that use one; *token* is the poll or agent
    token.
    """

    operation: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    resource: str = ""
    key: Key | None = None
    token: str = ""

    @property
    def secret_key(self) -> Key:
        """The key of an operation that uses one."""
        assert self.key is not None, f"{self.operation} uses a secret key"  # noqa: S101 - the route table guarantees it
        return self.key

    def json(self) -> dict[str, Any]:
        """Return the body as an object; raise 400 if it is not one."""
        try:
            value = decode(self.body)
        except msgspec.DecodeError as error:
            raise ServiceError(400, "request.malformed", f"The body is not valid JSON: {error}.") from None
        if not isinstance(value, dict):
            raise ServiceError(400, "request.malformed", "The body is not a JSON object.")
        return cast("dict[str, Any]", value)


@attrs.frozen
class ServiceResponse:
    """A response of the service.

    *bytes_sent* truncates the body: the server sends that many bytes and closes the connection; 0 sends not even the
    status line, None sends everything. A response *from_proxy* does not have the API's own headers.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict[str, str])
    bytes_sent: int | None = None
    from_proxy: bool = False


def data_response(request: ServiceRequest, data: object, status: int = 200) -> ServiceResponse:
    """Return a response with *data*: one object, or a list without pages."""
    return ServiceResponse(status, encode({"data": data, "meta": {"request_id": request.request_id}}))


def list_response(
    request: ServiceRequest, items: Sequence[object], *, limit: int, has_more: bool = False, cursor: str | None = None
) -> ServiceResponse:
    """Return a response with one page of a list."""
    pagination: dict[str, object] = {"limit": limit, "has_more": has_more}
    if cursor is not None:
        pagination["next_cursor"] = cursor
    body = {"data": items, "pagination": pagination, "meta": {"request_id": request.request_id}}
    return ServiceResponse(200, encode(body))


def error_response(error: ServiceError, request_id: str, docs_url: str) -> ServiceResponse:
    """Return the response for *error*; documentation is at *docs_url*."""
    return ServiceResponse(error.status, encode(error.envelope(request_id, docs_url)), error.headers)
