"""Test a middleware without a server: the last one of the chain responds by itself."""

from __future__ import annotations

import pytest
from custom_middleware import name_the_tenant

from tripwire_async import AsyncTripwire
from tripwire_async.errors import NotFoundError
from tripwire_async.middleware import Handler, Request, Response


@pytest.mark.asyncio
async def test_the_header_is_added() -> None:
    async def respond(request: Request, _: Handler) -> Response:
        assert request.headers["X-Tenant"] == "acme"
        return Response(404, {}, b"")

    async with AsyncTripwire(middleware=[name_the_tenant, respond]) as tripwire:
        with pytest.raises(NotFoundError):
            await tripwire.sessions.get("sid_" + 26 * "0")
