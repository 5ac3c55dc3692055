"""Requests for the transport, and their failures, against raw servers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from tests.support.raw_server import http, listening
from tripwire_async._http.messages import Request
from tripwire_async._operation import Operation

if TYPE_CHECKING:
    from tests.support.raw_server import Talk
    from tripwire_async._http.transport import AiohttpTransport

OPERATIONS = {
    method: Operation[object](
        id="doThing", method=method, path="/v1/things", authority="secret", success=200, returns=object
    )
    for method in ("GET", "POST")
}
OK = http("200 OK", b"{}", "X-Request-Id: req_1")
LOST = "the connection was lost before the response (closed by the server)"


def make_request(
    url: str, method: str = "GET", *, timeout: float = 5.0, deadline: float = math.inf, **more: Any
) -> Request:
    """Return a request to the server at *url*, as it arrives at the transport."""
    return Request(
        operation=OPERATIONS[method],
        url=URL(url) / "v1/things",
        headers={"Authorization": "Bearer sk_test_canary"},
        body=b'{"name": "a thing"}' if method == "POST" else None,
        timeout=timeout,
        deadline=deadline,
        **more,
    )


async def failure(transport: AiohttpTransport, talk: Talk, method: str = "GET", **more: Any) -> Exception:
    """Return the exception of a request to a server that behaves like *talk*."""
    async with listening(talk) as server:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each test checks the class
            await transport(make_request(server.url, method, **more))
    return caught.value
