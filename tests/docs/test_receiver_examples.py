"""The webhook endpoints in the documentation, each in its framework, with events of the test server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import uvicorn
import werkzeug.serving
from aiohttp import web
from django.conf import settings

from docs.examples import receiver_aiohttp, receiver_django, receiver_fastapi, receiver_flask, receiver_starlette
from tests.docs.programs import serving
from tripwire_async import AsyncTripwire
from tripwire_async._codec.converter import unstructure
from tripwire_async._secrets.secret import Secret
from tripwire_async.gate_delivery import agent_token_variable, decrypt_delivery, generate_key_pair
from tripwire_async.receiver import sign_webhook
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from types import ModuleType

    from tripwire_async.receiver import SecretSource

    Serve = Callable[[SecretSource], AbstractAsyncContextManager[str]]


@contextlib.asynccontextmanager
async def aiohttp_app(secret: SecretSource) -> AsyncIterator[str]:
    runner = web.AppRunner(receiver_aiohttp.make_app(secret=secret))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def uvicorn_app(app: Any) -> AsyncIterator[str]:
    # The socket listens before uvicorn starts, so a request waits in its queue and the test does not have to.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
        finally:
            server.should_exit = True
            await serving


def starlette_app(secret: SecretSource) -> AbstractAsyncContextManager[str]:
    return uvicorn_app(receiver_starlette.make_app(secret))


def fastapi_app(secret: SecretSource) -> AbstractAsyncContextManager[str]:
    return uvicorn_app(receiver_fastapi.make_app(secret))


def django_app(secret: SecretSource) -> AbstractAsyncContextManager[str]:
    app = receiver_django.make_app(secret)
    settings.ROOT_URLCONF = receiver_django.__name__  # a process has one set of settings
    return uvicorn_app(app)


@contextlib.asynccontextmanager
async def flask_app(secret: SecretSource) -> AsyncIterator[str]:
    server = werkzeug.serving.make_server("127.0.0.1", 0, receiver_flask.make_app(secret), threaded=True)
    serving = asyncio.create_task(asyncio.to_thread(server.serve_forever))
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        await serving
        server.server_close()


every_framework = pytest.mark.parametrize("serve", [aiohttp_app, starlette_app, fastapi_app, django_app, flask_app])
every_program = pytest.mark.parametrize(
    "module", [receiver_aiohttp, receiver_starlette, receiver_fastapi, receiver_django, receiver_flask]
)


@every_framework
async def test_an_event_is_received(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """The server signs and posts it, the handler runs, and the delivery succeeds."""
    secrets: list[str] = []
    async with TripwireServer() as server, serve(lambda: secrets) as url:
        endpoint = server.add_endpoint(url)
        secrets.append(endpoint.signing_secret)
        async with AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire:
            pending = await tripwire.webhooks.send_test(server.organization_id, endpoint.id)
            delivery = await pending.settled(timeout=10)
    assert (delivery.status, delivery.attempts) == ("succeeded", 1)
    assert delivery.response_status == 200
    assert capsys.readouterr().out == "an event of type webhook.test\n"


@every_framework
async def test_a_bot_is_detected(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """The handler of results prints bots and ignores humans."""
    secrets: list[str] = []
    async with TripwireServer() as server, serve(lambda: secrets) as url:
        endpoint = server.add_endpoint(url)
        secrets.append(endpoint.signing_secret)
        data = dict(server.emit("session.result.persisted").data)
        for verdict in ("bot", "human"):
            server.emit("session.result.persisted", data | {"decision": data["decision"] | {"verdict": verdict}})
        await server.delivered()
    assert {"succeeded"} == {delivery.status for delivery in server.deliveries.values()}
    bots = 1 + (data["decision"]["verdict"] == "bot")
    assert [f"a bot in session {data['session']['id']}"] * bots == capsys.readouterr().out.splitlines()


@every_framework
async def test_an_approved_gate_session_gets_its_credentials(serve: Serve) -> None:
    """They pass from the handler through the service to the owner of the key pair."""
    pair, secrets = generate_key_pair(), list[str]()
    async with TripwireServer() as server, serve(lambda: secrets) as url, aiohttp.ClientSession() as session:
        endpoint = server.add_endpoint(url, event_types=["gate.session.approved"])
        secrets.append(endpoint.signing_secret)
        server.gate_service.webhook_endpoint_id = endpoint.id
        wanted = {"service_id": server.gate_service.id, "account_name": "Ada", "delivery": unstructure(pair.request)}
        async with session.post(f"{server.base_url}/v1/gate/sessions", json=wanted) as response:
            created = (await response.json())["data"]
        server.approve_gate_session(created["id"])
        await server.delivered()
        poll = f"{server.base_url}/v1/gate/sessions/{created['id']}"
        async with session.get(poll, headers={"Authorization": f"Bearer {created['poll_token']}"}) as response:
            polled = (await response.json())["data"]
    outputs = decrypt_delivery(polled["delivery_bundle"]["integrator"], pair).outputs
    assert outputs == {"ACME_API_KEY": Secret(f"acme-key-of-{polled['gate_account_id']}")}
    gate = decrypt_delivery(polled["delivery_bundle"]["gate"], pair)
    assert gate.ack_token
    assert [agent_token_variable(server.gate_service.id)] == list(gate.outputs)


@every_framework
async def test_invalid_webhooks_are_rejected(serve: Serve) -> None:
    """Without a signature, with invalid JSON, and with 2 MiB in chunks; the same in each framework."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(32):
            yield b" " * 65_536

    async with serve("whsec_1") as url, aiohttp.ClientSession() as session:

        async def status(data: Any, headers: dict[str, str]) -> int:
            async with session.post(url, data=data, headers=headers) as response:
                return response.status

        assert await status(b"{}", {}) == 401
        assert await status(b"{}", sign_webhook(b"{}", "whsec_2")) == 401
        assert await status(b"{}", sign_webhook(b"{}", "whsec_1")) == 400
        assert await status(chunks(), sign_webhook(b" " * 32 * 65_536, "whsec_1")) == 413


@every_program
def test_the_secrets_are_read_from_the_environment(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are two during a rotation."""
    monkeypatch.setenv("TRIPWIRE_SIGNING_SECRET", "whsec_1 whsec_2")
    assert ["whsec_1", "whsec_2"] == module.secrets_from_environment()


@every_program
async def test_the_program_listens(module: ModuleType, tmp_path: Path) -> None:
    """Each file runs by itself, in an empty folder, with only the variables that it documents."""
    async with (
        serving(module, tmp_path, {"TRIPWIRE_SIGNING_SECRET": "whsec_1"}) as port,
        aiohttp.ClientSession() as session,
    ):
        headers = sign_webhook(b"{}", "whsec_1")
        async with session.post(f"http://127.0.0.1:{port}/hook", data=b"{}", headers=headers) as response:
            assert response.status == 400
