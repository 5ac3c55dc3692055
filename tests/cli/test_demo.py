"""The demo shows the real outcomes, good and bad."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tripwire_async.cli import demo_receiver
from tripwire_async.receiver import WebhookResponse
from tripwire_async.testing import Fault, TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ended

    Cli = Callable[..., Ended]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the slow receiver hurry."""
    monkeypatch.setattr(demo_receiver, "SLOW", 0.05)


def test_the_demo_shows_what_became_of_each_webhook(cli: Cli) -> None:
    """A row for each receiver: its outcome, attempts, response status, time, signature and request id."""
    ended = cli("demo")
    assert (0, "") == (ended.status, ended.err)
    rows = [line for line in ended.out.splitlines() if "req_" in line]
    wanted = [
        r"quick +succeeded +1 +200 +\d+ +verified +req_[0-9a-f]{32}",
        r"broken +failed +3 +500 +\d+ +verified +req_[0-9a-f]{32}",
        r"slow +succeeded +1 +200 +\d+ +verified +req_[0-9a-f]{32}",
    ]
    assert [True] * 3 == [bool(re.fullmatch(want, row)) for want, row in zip(wanted, rows, strict=True)]
    assert "all 5 requests" in ended.out


def test_the_demo_shows_no_secret(cli: Cli) -> None:
    """The output does not contain the key or a signing secret."""
    out = cli("demo").out + cli("demo", "--json").out
    assert [] == re.findall(r"(?:sk_|whsec_)\w+", out)


def test_the_demo_tells_machines_the_same(cli: Cli) -> None:
    """One document, with each delivery as the API shows it."""
    ended = cli("demo", "--json")
    document = json.loads(ended.out)
    assert (0, True) == (ended.status, document["as_expected"])
    assert [("quick", "succeeded", 1, 1), ("broken", "failed", 3, 3), ("slow", "succeeded", 1, 1)] == [
        (one["name"], one["delivery"]["status"], one["received"], one["verified"]) for one in document["data"]
    ]


def test_a_signature_that_is_not_verified_fails_the_demo(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers that cannot verify reject the webhook, and the demo shows it and ends with 1."""
    monkeypatch.setattr(demo_receiver, "receive_or_reject", lambda *_: WebhookResponse(401))
    ended = cli("demo")
    assert 1 == ended.status
    assert "Not as expected: quick: expected succeeded, got failed; quick: signatures: wrong" in ended.out
    assert "wrong" in ended.out


def test_a_test_that_is_refused_fails_the_demo(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of the API is shown in place of the outcome, and nothing was received."""
    start = TripwireServer.start

    async def start_with_wrong_secret(server: TripwireServer) -> None:
        server.fail("sendTestWebhook", Fault.status(400))
        await start(server)

    monkeypatch.setattr(TripwireServer, "start", start_with_wrong_secret)
    ended = cli("demo")
    assert 1 == ended.status
    assert 3 == len(re.findall(r"^\w+ +refused +- +- +\d+ +- +req_", ended.out, re.MULTILINE))
    assert "sendTestWebhook: 400" in ended.out
