"""A request and an answer, apart from the library that carries them."""

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
    """One request that has found its operation.

    *ids* are the arguments in the path by their names in the API's description; *key* is the key that was shown, if
    the operation takes one, and *token* the poll or agent token.
    """

    operation: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    key: Key | None = None
    token: str = ""

    @property
    def secret_key(self) -> Key:
        """The key, for operations that are never reached without one."""
        assert self.key is not None, f"{self.operation} takes a secret key"  # noqa: S101 - the route table's promise
        return self.key

    def json(self) -> dict[str, Any]:
        """Return the body's object; raise 400 when there is none."""
        try:
            value = decode(self.body)
        except msgspec.DecodeError as error:
            raise ServiceError(400, "request.malformed_json", f"The body is not JSON: {error}.") from None
        if not isinstance(value, dict):
            raise ServiceError(400, "request.malformed_json", "The body is not a JSON object.")
        return cast("dict[str, Any]", value)


@attrs.frozen
class ServiceResponse:
    """A response of the service.

    *bytes_sent* truncates the body: the server sends that many bytes and closes the connection; 0 sends not even the
    status line, None sends everything. A response *from_proxy* has none of the API's own headers.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict[str, str])
    bytes_sent: int | None = None
    from_proxy: bool = False


def data_response(request: ServiceRequest, data: object, status: int = 200) -> ServiceResponse:
    """Answer *request* with one object."""
    return ServiceResponse(status, encode({"data": data, "meta": {"request_id": request.request_id}}))


def list_response(
    request: ServiceRequest, items: Sequence[object], *, limit: int, has_more: bool = False, cursor: str | None = None
) -> ServiceResponse:
    """Answer *request* with one page of a list."""
    pagination: dict[str, object] = {"limit": limit, "has_more": has_more}
    if cursor is not None:
        pagination["next_cursor"] = cursor
    return ServiceResponse(
        200, encode({"data": items, "pagination": pagination, "meta": {"request_id": request.request_id}})
    )


def error_response(error: ServiceError, request_id: str) -> ServiceResponse:
    """Answer with *error*."""
    return ServiceResponse(error.status, encode(error.envelope(request_id)), error.headers)
