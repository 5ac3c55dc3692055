"""Operations and a handler for tests of the caller."""

from __future__ import annotations

import re
from typing import Any

import attrs
from yarl import URL

from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.messages import Request, Response
from tripwire_async._http.options import CallOptions
from tripwire_async._operation import Operation, PathArgument

API = "https://api.example"


@attrs.frozen
class Thing:
    """Model of the response of `NAMED`."""

    name: str


NAMED = Operation[Thing](
    id="getThing",
    method="GET",
    path="/v1/things/{thingId}/parts/{partId}",
    path_arguments=(
        PathArgument(name="thingId", argument="thing_id"),
        PathArgument(name="partId", argument="part_id", pattern=re.compile("^part_[a-z]+$")),
    ),
    authority="secret",
    scope="things:read",
    success=200,
    returns=Thing,
)
GONE: Operation[None] = Operation(
    id="deleteThing", method="DELETE", path="/v1/things", authority="public", success=204, returns=type(None)
)


class Wire:
    """Handler that records requests and returns one response."""

    def __init__(self, status: int = 200, body: bytes = b'{"name": "it"}', **headers: str) -> None:
        self.response = Response(status, {name.replace("_", "-"): text for name, text in headers.items()}, body)
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response


def caller(wire: Wire, base_url: str = API, **options: Any) -> ApiCaller:
    return ApiCaller(wire, URL(base_url), CallOptions(**options))
