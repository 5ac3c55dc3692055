"""The applications of the page on web frameworks: one client for all requests, closed at the end."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import uvicorn
import werkzeug.serving
from aiohttp import web
from django.conf import settings

from docs.examples import aiohttp_client, django_client, fastapi_client, flask_client
from tests.docs.programs import serving
from tripwire_async import AsyncTripwire
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
async def variables(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the variables that ``serve`` prints, for a test server with one endpoint."""
    async with TripwireServer() as server:
        server.add_endpoint("https://example.com/hook")
        monkeypatch.setenv("TRIPWIRE_SECRET_KEY", server.secret_key)
        monkeypatch.setenv("TRIPWIRE_BASE_URL", server.base_url)
        monkeypatch.setenv("TRIPWIRE_ORGANIZATION", server.organization_id)
        yield


async def listed(port: int) -> Any:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/endpoints") as response:
        return await response.json()


async def listed_by(app: Any) -> Any:
    """Return the response of the ASGI application *app*, which is started and stopped."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", lifespan="on", log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            return await listed(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await serving


async def test_fastapi_creates_the_client_in_its_lifespan(variables: None) -> None:
    """The client exists before the first request and is closed after the last."""
    app = fastapi_client.make_app()
    assert await listed_by(app) == ["https://example.com/hook"]
    assert repr(app.state.tripwire).endswith("closed>")


async def test_django_closes_the_client_when_the_server_stops(variables: None) -> None:
    """The wrapper handles the lifespan events, which Django does not know."""
    tripwire = AsyncTripwire()
    app = django_client.make_app(tripwire)
    settings.ROOT_URLCONF = django_client.__name__  # a process has one set of settings
    assert await listed_by(app) == ["https://example.com/hook"]
    assert repr(tripwire).endswith("closed>")


async def test_flask_calls_from_its_threads(variables: None) -> None:
    """Requests in several threads use one client on one event loop."""
    app = flask_client.make_app(AsyncTripwire())
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    serving = asyncio.create_task(asyncio.to_thread(server.serve_forever))
    try:
        responses = await asyncio.gather(*(listed(server.server_port) for _ in range(3)))
    finally:
        server.shutdown()
        await serving
        server.server_close()
    assert responses == 3 * [["https://example.com/hook"]]


async def test_aiohttp_creates_the_client_in_a_cleanup_context(variables: None) -> None:
    """The client exists before the first request and is closed after the last."""
    app = aiohttp_client.make_app()
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        assert await listed(runner.addresses[0][1]) == ["https://example.com/hook"]
    finally:
        await runner.cleanup()
    assert repr(app[aiohttp_client.CLIENT]).endswith("closed>")


@pytest.mark.one_python
@pytest.mark.parametrize("module", [aiohttp_client, django_client, fastapi_client, flask_client])
async def test_the_program_serves(module: ModuleType, variables: None, tmp_path: Path) -> None:
    """Run as the page says, with the variables that ``serve`` prints, in an empty folder."""
    async with serving(module, tmp_path, os.environ) as port:
        assert ["https://example.com/hook"] == await listed(port)
