"""A middleware that adds a header to every request: a plain function is one already."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Middleware, Request, Response


async def name_the_tenant(request: Request, call_next: Handler) -> Response:
    """Say on whose behalf the call is made."""
    return await call_next(request.with_header("X-Tenant", "acme"))


def add_header(name: str, value: str) -> Middleware:
    """Return a middleware that adds one header, chosen when the chain is made."""

    async def middleware(request: Request, call_next: Handler) -> Response:
        return await call_next(request.with_header(name, value))

    return middleware
