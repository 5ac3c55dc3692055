"""The command line under the profile Foil."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tripwire_async.cli.output import Output
from tripwire_async.profiles import FOIL, TRIPWIRE
from tripwire_async.receiver import sign_webhook
from tripwire_async.testing import seal_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]

PAYLOAD = {
    "session_id": "sid_1",
    "decision": {
        "event_id": "evt_1",
        "verdict": "bot",
        "risk_score": 91,
        "phase": None,
        "is_provisional": False,
        "manipulation": None,
        "evaluation_duration_ms": None,
        "evaluated_at": "2026-03-24T20:00:00.000Z",
    },
    "request": {"url": "https://example.com/", "user_agent": "x", "ip_address": "192.0.2.1"},
}


@pytest.fixture(autouse=True)
def without_foil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of Foil from the environment."""
    for variable in (
        FOIL.secret_key_variable,
        FOIL.base_url_variable,
        FOIL.organization_variable,
        FOIL.signing_secret_variable,
    ):
        monkeypatch.delenv(variable, raising=False)


def test_serve_prints_the_variables_of_the_profile(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """`serve --profile foil` is an API server with Foil's operations."""
    original = Output.line
    status: list[int] = []

    def print_and_stop(output: Output, text: str = "") -> None:
        original(output, text)
        if text.startswith("export FOIL_BASE_URL="):
            try:
                urllib.request.urlopen(text.partition("=")[2] + "/v1/gate/registry", timeout=5)  # noqa: S310 - a loopback URL
            except (urllib.error.HTTPError, TimeoutError) as error:
                status.append(getattr(error, "code", 0))
        if text.startswith("export FOIL_ORGANIZATION"):
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Output, "line", print_and_stop)
    ended = cli("serve", "--profile", "foil")
    assert (0, "") == (ended.status, ended.err)
    variables = [line.partition("=")[0] for line in ended.out.splitlines() if line.startswith("export")]
    assert ["export FOIL_BASE_URL", "export FOIL_SECRET_KEY", "export FOIL_ORGANIZATION"] == variables


def test_the_environment_of_foil_is_enough(cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key, URL and organization come from Foil's variables, and the client names itself in Foil's header."""
    for variable in (TRIPWIRE.secret_key_variable, TRIPWIRE.base_url_variable, TRIPWIRE.organization_variable):
        monkeypatch.delenv(variable)
    monkeypatch.setenv(FOIL.secret_key_variable, elsewhere.server.secret_key)
    monkeypatch.setenv(FOIL.base_url_variable, elsewhere.server.base_url)
    monkeypatch.setenv(FOIL.organization_variable, elsewhere.server.organization_id)
    elsewhere.add_endpoint(name="mine")
    assert "mine" in cli("endpoints", "list").out
    assert FOIL.client_header.lower() in elsewhere.server.requests[-1].headers


def test_an_option_selects_the_profile(cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variables of Tripwire set, `--profile foil` names what is missing."""
    ended = cli("endpoints", "list", "--profile", "foil")
    assert 2 == ended.status
    assert FOIL.organization_variable in ended.err
    ended = cli("sessions", "list", "--profile", "foil")
    assert 2 == ended.status
    assert f"set {FOIL.secret_key_variable}" in ended.err
    assert f"{TRIPWIRE.secret_key_variable} is set, but the profile is Foil" in ended.err
    monkeypatch.setenv(FOIL.secret_key_variable, elsewhere.server.secret_key)
    ended = cli("sessions", "list", "--profile", "foil")
    assert 2 == ended.status
    assert f"{TRIPWIRE.base_url_variable} is set, but the Foil profile reads {FOIL.base_url_variable}" in ended.err
    assert [] == list(elsewhere.server.requests)


def test_a_token_is_opened_with_the_key_of_either_profile(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token does not state its profile."""
    monkeypatch.setenv(TRIPWIRE.secret_key_variable, "sk_test_1")
    monkeypatch.setenv(FOIL.secret_key_variable, "sk_test_2")
    for key in ("sk_test_1", "sk_test_2"):
        assert 0 == cli("token", "verify", seal_token(PAYLOAD, key)).status


def test_webhooks_of_either_profile_are_received(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """`listen` reads the signing secrets of both profiles."""
    monkeypatch.setenv(TRIPWIRE.signing_secret_variable, "whsec_1")
    monkeypatch.setenv(FOIL.signing_secret_variable, "whsec_2")
    event = {"id": "wevt_1", "object": "webhook_event", "type": "x", "created": "2026-03-24T20:00:00.000Z", "data": {}}
    body = json.dumps(event).encode()
    statuses: list[int] = []
    original = Output.line

    def print_and_post(output: Output, text: str = "") -> None:
        original(output, text)
        if text.startswith("Listening on "):
            import threading

            threading.Thread(target=post, args=(text.split()[2],)).start()

    def post(url: str) -> None:
        for profile, secret in ((TRIPWIRE, "whsec_1"), (FOIL, "whsec_2")):
            headers = sign_webhook(body, secret, profile=profile)
            request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - a loopback URL
            with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - a loopback URL
                statuses.append(response.status)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Output, "line", print_and_post)
    assert 0 == cli("listen", "--port", "0").status
    assert [200, 200] == statuses
