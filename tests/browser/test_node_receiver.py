"""The receiver for Node in the documentation, driven by the control API."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import aiohttp

from tripwire_async.testing import TripwireServer

PROGRAM = Path(__file__).parents[2] / "docs" / "examples" / "receiver_node.mjs"


async def test_the_receiver_for_node_accepts_genuine_webhooks_only() -> None:
    """It is added as an endpoint, receives a test, and rejects a forged one."""
    node = shutil.which("node")
    assert node is not None, "this test needs Node: apt-get install nodejs"
    async with TripwireServer() as server, aiohttp.ClientSession() as session:
        with_port = {"url": "http://127.0.0.1:1/hook", "name": "node"}
        async with session.post(f"{server.base_url}/_test/endpoints", data=json.dumps(with_port)) as response:
            added = await response.json()
        process = await asyncio.create_subprocess_exec(
            node,
            str(PROGRAM),
            stdout=subprocess.PIPE,
            env={**os.environ, "SIGNING_SECRET": added["signing_secret"], "PORT": "0"},
        )
        assert process.stdout is not None
        port = int((await process.stdout.readline()).split()[-1])
        server.state.endpoints[added["id"]].url = f"http://127.0.0.1:{port}/hook"
        body = json.dumps({"endpoint_id": added["id"]})
        async with session.post(f"{server.base_url}/_test/send", data=body) as response:
            assert 202 == response.status
        await server.delivered()
        assert ["succeeded"] == [delivery.status for delivery in server.deliveries.values()]
        assert (await process.stdout.readline()).startswith(b"webhook.test wevt_")
        async with session.post(f"http://127.0.0.1:{port}/", data=b"{}") as response:
            assert 401 == response.status
        process.terminate()
        await process.wait()
