"""Commands that cannot be undone ask before they do anything."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tripwire_async.testing import DeliveryOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Make stdin a terminal, and return a function that types on it."""
    typing, terminal = pty.openpty()
    with os.fdopen(terminal, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield lambda text: os.write(typing, text.encode()) and None
    os.close(typing)


NAMES = ("keys revoke", "keys rotate", "endpoints disable", "endpoints rotate")


def arguments_of(elsewhere: Elsewhere, command: str) -> list[str]:
    """Return *command* with the id of a new key or endpoint."""
    if command.startswith("keys"):
        return [*command.split(), elsewhere.ask(lambda server: server.add_key(["*"])).id]
    return [*command.split(), elsewhere.add_endpoint().id]


def changes(elsewhere: Elsewhere) -> list[str]:
    """Return the requests that change something."""
    return [request.method for request in elsewhere.server.requests if request.method != "GET"]


@pytest.mark.parametrize("command", NAMES)
def test_without_a_terminal_it_must_be_confirmed_in_advance(cli: Cli, elsewhere: Elsewhere, command: str) -> None:
    """A script passes ``--yes``; without it, the status is that of a usage error and nothing is sent."""
    arguments = arguments_of(elsewhere, command)
    ended = cli(*arguments)
    assert (2, "") == (ended.status, ended.out)
    assert "Pass --yes to confirm, because there is no terminal to ask on" in ended.err
    assert arguments[-1] in ended.err
    assert [] == list(elsewhere.server.requests)
    assert 0 == cli(*arguments, "--yes").status
    assert 1 == len(changes(elsewhere))


def test_with_json_a_refusal_is_a_document(cli: Cli, elsewhere: Elsewhere, keyboard: Callable[[str], None]) -> None:
    """The question is on stderr, and the output has the code."""
    keyboard("no\n")
    ended = cli(*arguments_of(elsewhere, "keys revoke"), "--json")
    error = json.loads(ended.out)["error"]
    assert (1, "declined", "cancelled: nothing was changed") == (ended.status, error["code"], error["message"])
    assert ended.err.endswith(" [y/N] ")


@pytest.mark.parametrize("command", NAMES)
@pytest.mark.parametrize("reply", ["n", "", "nonsense", "ye"])
def test_on_a_terminal_the_default_is_no(
    cli: Cli, elsewhere: Elsewhere, keyboard: Callable[[str], None], command: str, reply: str
) -> None:
    """Nothing is sent, and the status says that nothing was done."""
    keyboard(f"{reply}\n")
    ended = cli(*arguments_of(elsewhere, command))
    assert (1, "") == (ended.status, ended.out)
    assert ended.err.endswith(" [y/N] tripwire-async: cancelled: nothing was changed\n")
    assert [] == list(elsewhere.server.requests)


@pytest.mark.parametrize("command", NAMES)
@pytest.mark.parametrize("reply", ["y", "YES", " Yes "])
def test_on_a_terminal_it_is_asked_and_done(
    cli: Cli, elsewhere: Elsewhere, keyboard: Callable[[str], None], command: str, reply: str
) -> None:
    """The question names the key or the endpoint, and is not part of the output."""
    keyboard(f"{reply}\n")
    arguments = arguments_of(elsewhere, command)
    ended = cli(*arguments)
    assert (0, 1) == (ended.status, len(changes(elsewhere)))
    assert arguments[-1] in ended.err
    assert "[y/N]" not in ended.out


def test_a_question_can_be_interrupted(cli: Cli, elsewhere: Elsewhere, keyboard: Callable[[str], None]) -> None:
    """Ctrl-C ends it with 130, and nothing is sent."""
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    ended = cli(*arguments_of(elsewhere, "keys revoke"))
    assert 130 == ended.status
    assert [] == list(elsewhere.server.requests)


def test_many_tests_are_confirmed(cli: Cli, elsewhere: Elsewhere, keyboard: Callable[[str], None]) -> None:
    """More than twenty endpoints, of which none was named."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    ids = [elsewhere.add_endpoint().id for _ in range(20)]
    assert 0 == cli("test", "--all").status
    ids.append(elsewhere.add_endpoint().id)
    sent = len(changes(elsewhere))
    keyboard("no\n")
    ended = cli("test", "--all")
    assert (1, True) == (ended.status, "Send a test webhook to all 21 active endpoints?" in ended.err)
    assert sent == len(changes(elsewhere))
    assert 0 == cli("test", *ids).status
    assert 0 == cli("test", "--all", "--yes").status


@pytest.mark.parametrize("chosen", [("--all",), ()])
def test_a_dry_run_sends_nothing(cli: Cli, elsewhere: Elsewhere, chosen: tuple[str, ...]) -> None:
    """It names the endpoints, and estimates the requests and the duration."""
    ids = [elsewhere.add_endpoint(f"https://example.com/{number}", f"hook {number}").id for number in range(3)]
    ended = cli("test", *(chosen or ids), "--dry-run")
    assert (0, "") == (ended.status, ended.err)
    assert re.search(r"(?m)^Would send 3 tests with about \d+ requests in about .*; nothing was sent\.$", ended.out)
    assert all(id_ in ended.out for id_ in ids)
    document = json.loads(cli("test", *(chosen or ids), "--dry-run", "--json").out)
    assert (True, 3) == (document["dry_run"], document["endpoints"])
    assert document["requests"] > 3
    assert document["seconds"] > 0
    assert [(id_, f"hook {number}") for number, id_ in enumerate(ids)] == [
        (entry["endpoint_id"], entry["name"]) for entry in document["data"]
    ]
    assert [] == changes(elsewhere)
    assert {} == elsewhere.server.state.events


def test_a_dry_run_shows_ids_that_are_not_listed(cli: Cli, elsewhere: Elsewhere) -> None:
    """A key that may not list endpoints can still test them; an organization can have no endpoints."""
    assert "no active endpoints" in cli("test", "--all", "--dry-run").err
    [entry] = cli("test", "we_" + "0" * 32, "--dry-run", "--json").data
    assert {"endpoint_id": "we_" + "0" * 32, "name": None, "url": None} == entry
