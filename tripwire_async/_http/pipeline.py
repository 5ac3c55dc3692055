"""Chain of a call: handlers, middleware, and how they are composed."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import FunctionType
from typing import Any, Protocol, TypeAlias, cast

from tripwire_async.errors import ConfigurationError

from .messages import Request, Response

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Returns the response to a request. The transport is a handler, and so is the rest of the chain for a middleware."""


class Middleware(Protocol):
    """Returns the response to a request, usually by passing the request, perhaps changed, to *call_next*.

    An ``async def`` function with two arguments is a middleware. A status of 400 or more arrives as a response. Only a
    missing response arrives as an exception (`tripwire_async.errors.TransportError`).
    """

    def __call__(self, request: Request, call_next: Handler, /) -> Awaitable[Response]:
        """Return the response to *request*."""
        ...


def compose(middleware: Sequence[Middleware], handler: Handler) -> Handler:
    """Return *handler* wrapped in *middleware*, the first outermost.

    No middleware is changed, so one object may serve several clients. Raises `ConfigurationError` for an object that
    cannot be called.
    """
    return functools.reduce(_wrap, reversed(middleware), handler)


def check_chain(middleware: object) -> Sequence[Middleware]:
    """Return the *middleware* of a chain; raise `ConfigurationError` unless it is a list of middleware."""
    if callable(middleware) or isinstance(middleware, str) or not isinstance(middleware, Iterable):
        msg = f"middleware must be a list of middleware, not {type(middleware).__name__}: put it in a list"
        raise ConfigurationError(msg)
    layers = tuple(cast("Iterable[Middleware]", middleware))
    for layer in layers:
        check_middleware(layer)
    return layers


def check_middleware(middleware: object) -> None:
    """Raise `ConfigurationError` unless *middleware* can be called with a request."""
    if isinstance(middleware, type):
        msg = f"the middleware {middleware.__name__} is a class: pass an instance, {middleware.__name__}()"
        raise ConfigurationError(msg)
    if not callable(middleware):
        msg = f"a middleware must be callable with a request and the next handler, not {type(middleware).__name__}"
        raise ConfigurationError(msg)


def _wrap(handler: Handler, middleware: Middleware) -> Handler:
    check_middleware(middleware)
    # An object is called by way of its class each time; its bound method is called directly.
    call = middleware if isinstance(middleware, FunctionType) else middleware.__call__

    def handle(request: Request) -> Awaitable[Response]:
        return call(request, handler)

    # The result is not what the type says if the user has made a mistake.
    function: Callable[[Request, Handler], Any] = middleware

    async def handle_checked(request: Request) -> Response:
        result = function(request, handler)
        is_async = isinstance(result, Awaitable)
        response = cast("object", await result if is_async else result)
        if not (is_async and isinstance(response, Response)):
            name = getattr(middleware, "__qualname__", None) or type(middleware).__qualname__
            msg = (
                f"{request.operation.id}: the middleware {name} returned {type(response).__name__} where a response is "
                "expected: define it with async def, and return await call_next(request)"
            )
            raise TypeError(msg)
        return response

    # The check costs as much as a middleware, so it is made for the user's own only.
    return handle if type(middleware).__module__.startswith("tripwire_async.") else handle_checked
