"""The chain that a call goes through: what a handler is, what a middleware is, and how they are joined."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from tripwire_async.errors import ConfigurationError

from .messages import Request, Response

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Answers a request. The transport is one, and so is the rest of the chain as a middleware sees it."""


class Middleware(Protocol):
    """Answers a request, usually by handing it, perhaps changed, to *call_next*.

    A plain ``async def`` with two arguments is one. Statuses of 400 and more arrive as responses; only the lack of an
    answer arrives as an exception (`tripwire_async.errors.TransportError`).
    """

    def __call__(self, request: Request, call_next: Handler, /) -> Awaitable[Response]:
        """Return the answer to *request*."""
        ...


def compose(middleware: Sequence[Middleware], handler: Handler) -> Handler:
    """Wrap *handler*; the first of *middleware* ends up outermost.

    Neighbours are closed over and nothing is assigned, so one middleware may serve several clients. What cannot be
    called is a `ConfigurationError`.
    """

    def wrap(inner: Handler, layer: Middleware) -> Handler:
        if not callable(layer):
            msg = (
                f"a middleware is called with a request and the next handler: {type(layer).__name__} objects cannot be"
            )
            raise ConfigurationError(msg)
        # Bound once: to call an object costs twice as much as to call a method.
        answer = layer.__call__

        def handle(request: Request) -> Awaitable[Response]:
            return answer(request, inner)

        return handle

    return functools.reduce(wrap, reversed(middleware), handler)
