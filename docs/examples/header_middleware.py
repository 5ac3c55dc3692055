"""Middleware that adds a header to every request: a function, because it has no state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Middleware, Request, Response


async def name_the_tenant(request: Request, call_next: Handler) -> Response:
    """Send the name of the tenant with each request."""
    return await call_next(request.with_header("X-Tenant", "acme"))


def add_header(name: str, value: str) -> Middleware:
    """Return a middleware that adds one header."""

    async def middleware(request: Request, call_next: Handler) -> Response:
        return await call_next(request.with_header(name, value))

    return middleware
