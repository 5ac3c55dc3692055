"""Chain of a call: handlers, middleware, and how they are composed."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from types import FunctionType
from typing import Protocol, TypeAlias

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


def _wrap(handler: Handler, middleware: Middleware) -> Handler:
    if not callable(middleware):
        msg = f"a middleware must be callable with a request and the next handler, not {type(middleware).__name__}"
        raise ConfigurationError(msg)

    # An object is called by way of its class each time; its bound method is called directly.
    call = middleware if isinstance(middleware, FunctionType) else middleware.__call__

    def handle(request: Request) -> Awaitable[Response]:
        return call(request, handler)

    return handle
