"""Composition of middleware: order, and independence of chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yarl import URL

from tripwire_async._http.messages import Request, Response
from tripwire_async._http.pipeline import compose
from tripwire_async._operation import Operation
from tripwire_async.errors import ConfigurationError

if TYPE_CHECKING:
    from tripwire_async._http.pipeline import Handler, Middleware

REQUEST = Request(
    operation=Operation(id="a", method="GET", path="/", authority="public", success=200, returns=object),
    url=URL("https://api.example/"),
    headers={},
    body=None,
    timeout=1.0,
    deadline=1.0,
)


def handler(name: str) -> Handler:
    async def handle(request: Request) -> Response:
        return Response(200, dict(request.headers), name.encode())

    return handle


def adding(name: str) -> Middleware:
    async def add(request: Request, call_next: Handler, /) -> Response:
        response = await call_next(request.with_header("Way", request.headers.get("Way", "") + name))
        return Response(response.status, response.headers, response.body + name.encode())

    return add


async def test_the_first_layer_is_outermost() -> None:
    """It receives the request first and the response last."""
    response = await compose([adding("a"), adding("b"), adding("c")], handler("end "))(REQUEST)
    assert ({"Way": "abc"}, b"end cba") == (response.headers, response.body)


def test_a_middleware_must_be_callable() -> None:
    """The error occurs in composition, not in the first call."""
    with pytest.raises(ConfigurationError, match=r"a middleware must be callable .*, not NoneType"):
        compose([None], handler("end"))


async def test_without_middleware_the_handler_is_returned() -> None:
    """It is not wrapped."""
    bare = handler("end")
    assert bare is compose([], bare)


async def test_one_middleware_may_be_in_several_chains() -> None:
    """Two clients that share a middleware do not affect each other."""
    shared = adding("s")
    first, second = compose([shared], handler("1")), compose([adding("x"), shared], handler("2"))
    assert b"1s" == (await first(REQUEST)).body
    assert b"2sx" == (await second(REQUEST)).body
    assert b"1s" == (await first(REQUEST)).body


async def test_a_chain_does_not_change_with_the_list() -> None:
    """The list is read once."""
    layers = [adding("a")]
    chain = compose(layers, handler(""))
    layers.clear()
    assert b"a" == (await chain(REQUEST)).body
