"""The fixtures that users get with pytest."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tripwire_async import AsyncTripwire
    from tripwire_async.testing import TripwireServer

_AUTO = """
async def test_a_webhook_is_sent(tripwire, tripwire_server):
    endpoint = tripwire_server.add_endpoint("https://example.com/")
    sent = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id)
    assert sent.event_id in tripwire_server.state.events
"""
_STRICT = f"import pytest\npytestmark = pytest.mark.asyncio\n{_AUTO}"


async def test_the_client_of_the_fixture_speaks_to_the_server_of_the_fixture(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Both fixtures of one test belong together."""
    await tripwire.webhooks.list_endpoints(tripwire_server.organization_id)
    assert ["listWebhookEndpoints"] == [request.operation for request in tripwire_server.requests]


async def _run(*arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.parametrize(("mode", "text"), [("auto", _AUTO), ("strict", _STRICT)])
async def test_the_fixtures_need_no_configuration(tmp_path: Path, mode: str, text: str) -> None:
    """In either mode of pytest-asyncio a test has but to name them."""
    (tmp_path / "test_it.py").write_text(text)
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", f"--asyncio-mode={mode}", "--rootdir", str(tmp_path))
    status, output = await _run(*arguments, "-c", "/dev/null", str(tmp_path))
    assert (0, True) == (status, "1 passed" in output), output


async def test_pytest_starts_without_aiohttp() -> None:
    """Who does not use the fixtures does not pay for them."""
    code = "import sys, tripwire_async.testing.pytest_plugin; sys.exit('aiohttp' in sys.modules)"
    assert (0, "") == await _run("-c", code)
