"""Every error is one line on stderr and a status for its kind, without a traceback."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tripwire_async.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]

ENDPOINTS = ("endpoints", "list")
UNKNOWN = "we_" + "0" * 32


def message(ended: Ended) -> str:
    """Return the only line of stderr, without the program's name; stdout must be empty."""
    assert "" == ended.out
    [line] = ended.err.splitlines()
    name, colon, printed = line.partition(": ")
    assert ("tripwire-async", ": ") == (name, colon)
    return printed


@pytest.mark.parametrize(
    ("variable", "value", "status", "words"),
    [
        (
            "TRIPWIRE_SECRET_KEY",
            "",
            2,
            "contains it, or set TRIPWIRE_SECRET_KEY",
        ),
        ("TRIPWIRE_SECRET_KEY", "pk_live_1", 2, "publishable"),
        ("TRIPWIRE_SECRET_KEY", "sk_test_unknown", 3, "401 auth.invalid_api_key"),
        ("TRIPWIRE_ORGANIZATION", "", 2, "no organization: pass --organization ID"),
        (
            "TRIPWIRE_ORGANIZATION",
            "../..",
            2,
            'TRIPWIRE_ORGANIZATION: "../.." is not a valid id: organization ids begin with org_',
        ),
        ("TRIPWIRE_ORGANIZATION", "sk_test_1", 2, "TRIPWIRE_ORGANIZATION: a key is not an id: organization ids begin"),
        ("TRIPWIRE_BASE_URL", "http://example.com", 2, "must begin with https://"),
        ("TRIPWIRE_BASE_URL", "nonsense", 2, "TRIPWIRE_BASE_URL 'nonsense'"),
        ("TRIPWIRE_BASE_URL", "http://127.0.0.1:1", 4, "cannot connect to http://127.0.0.1:1 ("),
        ("TRIPWIRE_BASE_URL", "http://127.0.0.1:1", 4, "): check TRIPWIRE_BASE_URL"),
    ],
)
def test_a_wrong_environment_is_named(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, status: int, words: str
) -> None:
    """Each variable that matters, with what to do about it."""
    monkeypatch.setenv(variable, value)
    ended = cli(*ENDPOINTS, "--deadline", "5")
    assert status == ended.status
    assert words in message(ended)


@pytest.mark.parametrize("form", ["--json", ""])
@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.1:1", "): check --base-url"), ("nonsense", "--base-url 'nonsense' is not a valid")],
)
def test_a_wrong_option_is_named_and_not_the_variable(
    cli: Cli, elsewhere: Elsewhere, form: str, url: str, words: str
) -> None:
    """The option takes precedence over the variable, which is right."""
    ended = cli(*ENDPOINTS, "--deadline", "5", "--base-url", url, *form.split())
    printed = json.loads(ended.out)["error"]["message"] if form else message(ended)
    assert words in printed
    assert "TRIPWIRE_BASE_URL" not in printed


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (Fault.html(200), 4, "listWebhookEndpoints"),
        (Fault.html(404), 3, "not in the service's format"),
        (Fault.html(502), 4, "502"),
        (Fault.status(401), 3, "401"),
        (Fault.status(503), 4, "503"),
        (Fault.closed_connection(), 4, "listWebhookEndpoints"),
    ],
)
def test_a_server_that_is_not_the_api_is_reported(
    cli: Cli, elsewhere: Elsewhere, fault: Fault, status: int, words: str
) -> None:
    """A rejection is 3; an unusable response is 4."""
    elsewhere.ask(lambda server: server.fail(None, fault))
    ended = cli(*ENDPOINTS)
    assert status == ended.status
    assert words in message(ended)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("endpoints", "disable", UNKNOWN, "--yes"), 3, "404"),
        (
            ("endpoints", "rotate", "../../keys"),
            2,
            'ENDPOINT: "../../keys" is not a valid id',
        ),
        (("endpoints", "create", "ftp://x", "--name", "x", "--event-type", "session.result.persisted"), 3, "url"),
        (
            ("endpoints", "create", "https://x.example", "--name", "x", "--event-type", "nonsense"),
            2,
            '--event-type: unknown value "nonsense". Choose from: session.',
        ),
        (
            ("events", "show", "we_1"),
            2,
            'EVENT: "we_1" is not the right kind of id (endpoint): event ids begin',
        ),
        (("events", "list", "--limit", "201"), 2, '--limit: "201" is not a whole number from 1 to 200'),
        (
            ("events", "list", "--limit", "many"),
            2,
            "from 1 to 200 (see tripwire-async events list --help)",
        ),
        (
            ("sessions", "list", "--verdict", "evil"),
            2,
            '--verdict: unknown value "evil". Choose from: bot, human',
        ),
        (("sessions", "list", "--cursor", "x"), 3, "cursor"),
        (("keys", "create", "--name", "x"), 2, "--scope is required for a secret key"),
        ((*ENDPOINTS, "--attempt-timeout", "-1"), 2, '--attempt-timeout: "-1" is not a duration above zero'),
        ((*ENDPOINTS, "--secret-key-file", "/nonexistent"), 2, "--secret-key-file /nonexistent: No such file"),
        (("token", "verify", "rubbish"), 1, "the sealed token could not be verified"),
        (("serve", "--limit", "0"), 2, '--limit: "0" is not a whole number of 1 or more'),
        (("serve", "--port", "70000"), 2, '--port: "70000" is not a whole number from 0 to 65535'),
        (("listen",), 2, "no signing secret: set TRIPWIRE_SIGNING_SECRET"),
        (("nonsense",), 2, 'unknown command "nonsense" (see tripwire-async --help)'),
        (("events", "show"), 2, "missing EVENT (see tripwire-async events show --help)"),
        (("sessions", "list", "--limit", "201"), 2, "--limit: a page has at most 200 items; pass --all"),
    ],
)
def test_a_wrong_argument_is_named(
    cli: Cli, elsewhere: Elsewhere, arguments: tuple[str, ...], status: int, words: str
) -> None:
    """By the library or the parser, in one line either way."""
    ended = cli(*arguments)
    assert status == ended.status
    assert words in message(ended)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe", "the file is not text"), (b" \n", "the file is empty"), (b"pk_1", "publishable")],
)
def test_a_file_that_holds_no_secret_key_is_refused(
    cli: Cli, elsewhere: Elsewhere, tmp_path: Path, content: bytes, words: str
) -> None:
    """The environment's key is not taken in its place."""
    file = tmp_path / "key"
    file.write_bytes(content)
    ended = cli(*ENDPOINTS, "--secret-key-file", str(file))
    assert 2 == ended.status
    assert words in message(ended)


def test_the_key_may_come_from_a_file_or_from_stdin(
    cli: Cli, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """White space around it does not matter."""
    monkeypatch.delenv("TRIPWIRE_SECRET_KEY")
    file = tmp_path / "key"
    file.write_text(f"{elsewhere.server.secret_key}\n", encoding="utf-8")
    assert 0 == cli(*ENDPOINTS, "--secret-key-file", str(file)).status
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{elsewhere.server.secret_key}\n"))
    assert 0 == cli(*ENDPOINTS, "--secret-key-file", "-").status


def test_options_win_over_the_environment(cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the address and the organization."""
    address, organization = elsewhere.server.base_url, elsewhere.server.organization_id
    monkeypatch.setenv("TRIPWIRE_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("TRIPWIRE_ORGANIZATION", "org_" + "0" * 26)
    assert 0 == cli(*ENDPOINTS, "--base-url", address, "--organization", organization).status


def test_the_log_is_shown_only_when_asked_for(cli: Cli, elsewhere: Elsewhere) -> None:
    """One line a record; by itself Python would print the warnings."""
    elsewhere.ask(lambda server: server.fail(None, Fault.status(500), times=1))
    assert "" == cli(*ENDPOINTS, "--json").err
    verbose = cli(*ENDPOINTS, "--json", "-v")
    assert "INFO GET /v1/organizations/{organizationId}/webhooks/endpoints: 200" in verbose.err
    assert "" == cli(*ENDPOINTS, "--json").err


def test_a_reader_that_has_gone_ends_it_quietly(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example with ``| head``: a separate status, and no message."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as broken:
        monkeypatch.setattr(sys, "stdout", broken)
        ended = cli(*ENDPOINTS, "--json")
    assert (141, "") == (ended.status, ended.err)


def test_a_port_in_use_is_reported(cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the test server and by the receiver."""
    monkeypatch.setenv("TRIPWIRE_SIGNING_SECRET", "whsec_1")
    port = elsewhere.server.base_url.rpartition(":")[2]
    taken = os.strerror(errno.EADDRINUSE)
    assert f"cannot listen on port {port}: {taken}" == message(cli("serve", "--port", port))
    assert f"cannot listen on 127.0.0.1 port {port}: {taken}" == message(cli("listen", "--port", port))
