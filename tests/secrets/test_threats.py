"""Threats of the security page that no other test covers."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.ids import ENDPOINT_ID, EVENT_ID, ORGANIZATION_ID
from tests.support.raw_server import http, listening, saying, silence
from tests.support.webhook_bodies import NOW, SECRET, headers_of
from tripwire_async import AsyncTripwire
from tripwire_async.errors import ResponseDecodeError, TripwireError
from tripwire_async.receiver import Router, WebhookReceiver

if TYPE_CHECKING:
    from pathlib import Path


def forged(*fields: object) -> str:
    """Return a resume token that holds *fields*, as anyone can make one."""
    return "twd1." + base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        forged(f"{ORGANIZATION_ID}/../../api-keys", ENDPOINT_ID, EVENT_ID, None),
        forged("..", ENDPOINT_ID, EVENT_ID, None),
        forged(ORGANIZATION_ID, ENDPOINT_ID, f"{EVENT_ID}?limit=1", None),
        forged(ORGANIZATION_ID, ENDPOINT_ID, f"{EVENT_ID}\r\nX-Other: 1", None),
        forged(ORGANIZATION_ID, ENDPOINT_ID, "", None),
    ],
)
async def test_a_forged_resume_token_reaches_no_other_url(token: str) -> None:
    """It holds only ids, which are validated like all ids; it grants no access."""
    async with listening(silence) as server, AsyncTripwire("sk_test_1", base_url=server.url) as client:
        with pytest.raises((ValueError, TripwireError)):
            await client.webhooks.resume(token).settled(timeout=2)
        assert [] == server.requests


@pytest.mark.parametrize("token", [forged(), forged(1, 2, 3), forged([], {}, None), "twd1." + "A" * 1_000_000, "twd1."])
def test_a_malformed_resume_token_is_a_value_error(token: str) -> None:
    """Before anything is requested."""
    with pytest.raises(ValueError, match="this is not a token"):
        AsyncTripwire("sk_test_1").webhooks.resume(token)


async def test_a_nesting_bomb_in_a_response_is_an_error() -> None:
    """Nested objects would exhaust the stack of a recursive parser."""
    async with (
        listening(saying(http("200 OK", b'{"extra":' + b"[" * 500_000))) as server,
        AsyncTripwire("sk_test_1", base_url=server.url) as client,
    ):
        with pytest.raises(ResponseDecodeError, match="nested too deeply"):
            await client.sessions.list()


@pytest.mark.parametrize("body", [b"[" * 500_000, b'{"data":' * 100_000])
async def test_a_nesting_bomb_in_a_webhook_is_rejected(body: bytes) -> None:
    """Also one that is signed: the response is 400, and the process continues."""
    receiver = WebhookReceiver(Router(), SECRET, now=lambda: NOW)
    assert 400 == (await receiver.respond(body, headers_of(body))).status


@pytest.mark.parametrize(
    "headers", [{"X-Tenant": "a\r\nAuthorization: Bearer other"}, {"X-Tenant\r\nX": "a"}, {"authorization": "Bearer x"}]
)
def test_a_header_cannot_be_injected(headers: dict[str, str]) -> None:
    """Additional headers are validated when they are set."""
    with pytest.raises(TripwireError):
        AsyncTripwire("sk_test_1").with_options(headers=headers)


def test_the_command_line_reads_the_key_from_a_file_so_that_no_process_list_shows_it(tmp_path: Path) -> None:
    """A key in an argument is rejected; the arguments of a process are visible to all users of the machine."""
    key = "sk_test_canary0123456789"
    file = tmp_path / "key"
    file.write_text(key)

    def run(*arguments: str) -> Any:
        command = [sys.executable, "-m", "tripwire_async", "endpoints", "list", "--base-url", "http://127.0.0.1:1"]
        return subprocess.run(  # noqa: S603 - a command of constants
            [*command, "--organization", ORGANIZATION_ID, "--deadline", "1", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={"PATH": ""},
        )

    by_file, by_argument = run("--secret-key-file", str(file)), run("--secret-key", key)
    assert "cannot connect" in by_file.stderr
    assert 2 == by_argument.returncode
    assert key not in by_file.stdout + by_file.stderr + by_argument.stdout + by_argument.stderr
