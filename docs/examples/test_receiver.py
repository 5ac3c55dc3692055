"""Test a receiver with signed webhooks of the test server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from receiver_aiohttp import make_app

if TYPE_CHECKING:
    from tripwire_async import AsyncTripwire
    from tripwire_async.testing import TripwireServer


@pytest.mark.asyncio
async def test_an_event_is_received(
    tripwire_server: TripwireServer, tripwire: AsyncTripwire, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets: list[str] = []
    runner = web.AppRunner(make_app(secret=lambda: secrets))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        endpoint = tripwire_server.add_endpoint(f"http://127.0.0.1:{port}/hook")
        secrets.append(endpoint.signing_secret)
        organization = tripwire_server.organization_id
        pending = await tripwire.webhooks.send_test(organization, endpoint.id)
        delivery = await pending.settled(timeout=10)
    finally:
        await runner.cleanup()
    assert (delivery.status, delivery.response_status) == ("succeeded", 200)
    assert capsys.readouterr().out == "an event of type webhook.test\n"
