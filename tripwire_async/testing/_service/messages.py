"""A request and an answer, apart from the library that carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs
import msgspec

from .problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .keys import Key

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


@attrs.define(eq=False)
class Call:
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
            raise Problem(400, "request.malformed_json", f"The body is not JSON: {error}.") from None
        if not isinstance(value, dict):
            raise Problem(400, "request.malformed_json", "The body is not a JSON object.")
        return cast("dict[str, Any]", value)


@attrs.frozen
class Reply:
    """An answer as it goes out.

    *sent* bounds how many bytes of the body leave before the connection is closed under the client: 0 sends not even
    the status line, None is everything, as it should be. A *foreign* answer comes from something in between, a proxy
    or a load balancer, and carries none of the API's own headers.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict[str, str])
    sent: int | None = None
    foreign: bool = False


def success(call: Call, data: object, status: int = 200) -> Reply:
    """Answer *call* with one object."""
    return Reply(status, encode({"data": data, "meta": {"request_id": call.request_id}}))


def listing(
    call: Call, items: Sequence[object], *, limit: int, has_more: bool = False, cursor: str | None = None
) -> Reply:
    """Answer *call* with one page of a list."""
    pagination: dict[str, object] = {"limit": limit, "has_more": has_more}
    if cursor is not None:
        pagination["next_cursor"] = cursor
    return Reply(200, encode({"data": items, "pagination": pagination, "meta": {"request_id": call.request_id}}))


def refusal(problem: Problem, request_id: str) -> Reply:
    """Answer with *problem*."""
    return Reply(problem.status, encode(problem.envelope(request_id)), problem.headers)
