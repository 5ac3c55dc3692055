"""Conventions of the command line: help, suggestions, durations, secrets, errors as JSON."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.support.webhook_bodies import SECRET, body_of
from tripwire_async import __version__
from tripwire_async.cli import main
from tripwire_async.cli.listener import Listener
from tripwire_async.receiver import sign_webhook
from tripwire_async.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]

KEY = "sk_live_canary0123456789"


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        ((), "usage: tripwire-async "),
        (("endpoints",), "usage: tripwire-async endpoints "),
        (("--json", "keys"), "usage: tripwire-async keys "),
    ],
)
def test_a_missing_command_prints_the_help(cli: Cli, arguments: tuple[str, ...], usage: str) -> None:
    """With the commands that there are, and the status of a usage error."""
    ended = cli(*arguments)
    assert (2, "") == (ended.status, ended.err)
    assert ended.out.startswith(usage)
    assert "commands:" in ended.out


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        (("help",), "usage: tripwire-async [OPTION ...] COMMAND ..."),
        (("help", "test"), "usage: tripwire-async test "),
        (("help", "endpoints", "create"), "usage: tripwire-async endpoints create "),
    ],
)
def test_help_is_a_command(cli: Cli, arguments: tuple[str, ...], usage: str) -> None:
    """It prints the same as ``--help``."""
    ended = cli(*arguments)
    assert (0, "") == (ended.status, ended.err)
    assert ended.out.startswith(usage)
    assert ended.out == cli(*arguments[1:], "--help").out


def test_help_of_an_unknown_command_suggests_one(cli: Cli) -> None:
    """At every level."""
    assert 'unknown command "endpoint". Did you mean "endpoints"?' in cli("help", "endpoint").err
    assert 'unknown command "rotat". Did you mean "rotate"?' in cli("help", "keys", "rotat").err


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_an_option(cli: Cli, option: str) -> None:
    """In one line."""
    assert (0, f"tripwire-async {__version__}\n") == (cli(option).status, cli(option).out)


def test_the_version_command_lists_the_dependencies(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a bug report; an extra that is not installed is listed as such."""
    assert re.match(rf"tripwire-async {re.escape(__version__)}\nPython 3\.\d+\.\d+\naiohttp \d", cli("version").out)
    monkeypatch.setattr(sys, "path", [])
    versions = cli("version", "--json").data
    assert (__version__, "not installed") == (versions["tripwire-async"], versions["rich"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("endpont", "list"), 'unknown command "endpont". Did you mean "endpoints"?'),
        (("endpoints", "lst"), 'unknown command "lst". Did you mean "list"?'),
        (
            ("endpoints", "list", "--organisation", "x"),
            'unknown option "--organisation". Did you mean "--organization"?',
        ),
        (("ev",), 'unknown command "ev". Did you mean "events"?'),
        (("serve", "--profile", "fool"), '--profile: unknown value "fool". Did you mean "foil"? Choose from: foil'),
        (("completion", "csh"), 'SHELL: unknown value "csh". Did you mean "'),
        (("events", "list", "--limit"), "--limit: expected one argument"),
        (("test", "--al"), 'unknown option "--al". Did you mean "--all"?'),
        (("test", "--repot", "x.html", "--all"), 'unknown option "--repot". Did you mean "--report"?'),
        (("endpoints", "create", "--nam=x"), 'unknown option "--nam". Did you mean "--name"?'),
        (("test", "x.html", "--", "--repot"), 'ENDPOINT: "x.html" is not a valid id'),
        (
            ("sessions", "list", "--verdict", "robot"),
            'value "robot". Did you mean "bot"? Choose from: bot, human',
        ),
        (
            ("test", "--until", "settle"),
            '--until: unknown value "settle". Did you mean "settled"? Choose from: settled, sent',
        ),
        (
            ("keys", "create", "--name", "x", "--type", "sekret"),
            'unknown value "sekret". Did you mean "secret"?',
        ),
        (("endpoints", "list", "extra"), 'unexpected argument "extra"'),
        (
            ("endpoints", "disable", "wevt_" + "0" * 32),
            "right kind of id (event): endpoint ids begin with we_",
        ),
        (("sessions", "show", "x"), 'SESSION: "x" is not a valid id: session ids begin with sid_'),
        (("keys", "revoke", "key_", "--yes=1"), "--yes: ignored explicit argument"),
    ],
)
def test_a_mistake_is_named_with_its_correction(cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    """On one line, without a request."""
    ended = cli(*arguments)
    assert (2, "") == (ended.status, ended.out)
    [line] = ended.err.splitlines()
    assert message in line
    assert " --help)" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("endpoints", "list", "--secret-key", KEY),
        ("endpoints", "list", f"--secret-key={KEY}"),
        ("endpoints", "list", "--secret-key-fil", KEY),
        ("endpoints", "list", KEY),
        ("endpoints", "disable", KEY, "--yes"),
        ("keys", "revoke", KEY, "--yes"),
        ("keys", "revoke", "key_1", "--yes", KEY),
        ("test", KEY),
        ("test", "--until", KEY),
        ("help", KEY),
        ("endpoints", KEY),
        ("sessions", "list", "--verdict", KEY),
        ("endpoints", "list", "--organization", KEY),
        ("endpoints", "list", "--base-url", KEY),
        ("endpoints", "list", "--deadline", KEY),
        ("listen", "--port", KEY),
        (KEY,),
        ("events", "list", "--limit", KEY, "--json"),
        ("keys", "create", "--scope", "*", "--name", KEY),
        ("sessions", "list", "--search", f"x {KEY}"),
        ("listen", "--forward", f"https://example.com/?key={KEY}"),
        ("test", "--all", "--report", f"reports/{KEY}.html"),
        ("keys", "revoke", "key_1", f"--yes={KEY}"),
        ("serve", "--port", KEY),
        ("endpoints", "list", "--secret-key-file", KEY),
        ("token", "verify", "whsec_canary0123456789"),
        ("token", "verify", "x", "--", "pk_test_canary0123456789"),
    ],
)
def test_a_key_given_by_mistake_is_never_printed(cli: Cli, elsewhere: Elsewhere, arguments: tuple[str, ...]) -> None:
    """Terminals and build logs are kept; the status is that of a usage error and nothing is sent."""
    ended = cli(*arguments)
    assert 2 == ended.status
    assert "canary" not in ended.out + ended.err
    assert not elsewhere.server.requests


def test_a_key_given_as_an_argument_is_explained(cli: Cli) -> None:
    """With the two ways to pass it."""
    for arguments in (("endpoints", "list", "--secret-key", "hunter2"), ("endpoints", "list", KEY), (KEY,)):
        assert "set TRIPWIRE_SECRET_KEY, or use --secret-key-file FILE" in cli(*arguments).err


def test_a_file_may_be_named_like_a_key(
    cli: Cli, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that exists is not a key."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sk_test_key").write_text(elsewhere.server.secret_key, encoding="utf-8")
    assert 0 == cli("endpoints", "list", "--secret-key-file", "sk_test_key").status


def test_connection_options_may_precede_the_command(
    cli: Cli, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or follow it, or stand between the group and its command; the last one applies."""
    server = elsewhere.server
    file = tmp_path / "key"
    file.write_text(server.secret_key, encoding="utf-8")
    for variable in ("SECRET_KEY", "BASE_URL", "ORGANIZATION"):
        monkeypatch.delenv(f"TRIPWIRE_{variable}")
    options = ("--secret-key-file", str(file), "--base-url", server.base_url, "--organization", server.organization_id)
    elsewhere.add_endpoint()
    for arguments in (
        (*options, "endpoints", "list"),
        ("endpoints", *options, "list"),
        ("endpoints", "list", *options),
        ("--base-url", "https://example.com", "--deadline", "5m", *options[:2], "endpoints", *options[2:], "list"),
    ):
        assert 1 == len(cli(*arguments, "--json").data)
    assert 0 == cli(*options, "--profile", "tripwire", "help").status


def test_output_options_may_precede_the_command(cli: Cli, elsewhere: Elsewhere) -> None:
    """Or stand in the group, or follow the command."""
    elsewhere.add_endpoint()
    plain = cli("endpoints", "list").out
    for arguments in (
        ("--json", "endpoints", "list"),
        ("endpoints", "--json", "list"),
        ("endpoints", "list", "--json"),
    ):
        assert 1 == len(cli(*arguments).data)
    assert plain == cli("endpoints", "list").out
    assert "INFO GET" in cli("-v", "endpoints", "list").err


@pytest.mark.parametrize("text", ["30", "30s", "0.5m", "1h", "500ms"])
def test_a_duration_has_a_unit(cli: Cli, elsewhere: Elsewhere, text: str) -> None:
    """Without a unit, it is in seconds."""
    assert 0 == cli("endpoints", "list", "--attempt-timeout", text, "--deadline", text).status


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1d", "s", "", "1e3", "1 s", "٣"])
def test_a_duration_must_be_above_zero(cli: Cli, elsewhere: Elsewhere, text: str) -> None:
    """And a number."""
    ended = cli("endpoints", "list", f"--deadline={text}")
    assert 2 == ended.status
    assert "is not a duration above zero, such as 30, 30s, 5m or 1h" in ended.err


def error_of(ended: Ended) -> dict[str, object]:
    """Return the error in the JSON output; stderr must be empty."""
    assert "" == ended.err
    error: dict[str, object] = json.loads(ended.out)["error"]
    assert ["code", "message", "hint", "status", "request_id", "exit_status"] == list(error)
    assert ended.status == error["exit_status"]
    return error


def test_with_json_an_error_of_the_api_is_a_document(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the code, the status and the request id of the response; the exit status is unchanged."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_test_unknown")
    plain, error = cli("events", "list").status, error_of(cli("events", "list", "--json"))
    assert plain == error["exit_status"]
    assert "auth.invalid_api_key" == error["code"]
    assert error["status"] in {401, 403}
    assert str(error["request_id"]).startswith("req_")
    assert "auth.invalid_api_key" in str(error["message"])


def test_with_json_every_other_error_is_a_document_too(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the arguments, of the configuration, of the connection, and of a proxy."""
    usage = error_of(cli("events", "list", "--json", "--limit", "many"))
    assert ("usage", None, "tripwire-async events list --help") == (usage["code"], usage["status"], usage["hint"])
    elsewhere.ask(lambda server: server.fail(None, Fault.html(502)))
    proxy = error_of(cli("events", "list", "--json"))
    assert ("http_502", 502, None) == (proxy["code"], proxy["status"], proxy["request_id"])
    refused = error_of(cli("events", "list", "--json", "--base-url", "http://127.0.0.1:1", "--deadline", "1"))
    assert (4, None) == (refused["exit_status"], refused["request_id"])
    assert refused["code"] in {"transport", "request_timeout"}
    monkeypatch.delenv("TRIPWIRE_ORGANIZATION")
    assert "configuration" == error_of(cli("events", "list", "--json"))["code"]


def test_with_json_a_file_that_cannot_be_read_is_a_document(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the operating system that no command expects."""

    def fail(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "run.db")

    monkeypatch.setattr("platform.python_version", fail)
    error = error_of(cli("version", "--json"))
    assert ("file", "run.db: Permission denied", 1) == (error["code"], error["message"], error["exit_status"])
    assert (1, "tripwire-async: run.db: Permission denied\n") == (cli("version").status, cli("version").err)


def run_with_stdout(redirection: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell, with its stdout redirected."""
    return subprocess.run(  # noqa: S602 - a shell is the one that redirects
        f'"{sys.executable}" -m tripwire_async endpoints list --json {redirection}',
        shell=True,
        capture_output=True,
        text=True,
        env=os.environ.copy(),
        check=False,
    )


@pytest.mark.parametrize(
    ("redirection", "reason"), [("> /dev/full", "No space left on device"), (">&-", "stdout is closed")]
)
def test_an_output_that_cannot_be_written_is_one_line(elsewhere: Elsewhere, redirection: str, reason: str) -> None:
    """And a failing status, without a traceback."""
    done = run_with_stdout(redirection)
    assert (1, f"tripwire-async: cannot write the output: {reason}\n") == (done.returncode, done.stderr)


def test_a_closed_stderr_does_not_matter(elsewhere: Elsewhere) -> None:
    """The output and the status are the same."""
    assert (0, "") == (run_with_stdout("2>&-").returncode, run_with_stdout("2>&-").stderr)
    assert '"data": []' in run_with_stdout("2>&-").stdout


def test_closed_streams_are_detected_at_the_start(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python sets a stream that was closed to None."""
    with monkeypatch.context() as closed:
        closed.setattr(sys, "stdout", None)
        assert 1 == main(["endpoints", "list"])
    assert "tripwire-async: cannot write the output: stdout is closed\n" == capsys.readouterr().err
    monkeypatch.setattr(sys, "stderr", None)
    assert 0 == main(["endpoints", "list", "--json"])
    sys.stderr.close()


def test_a_full_disk_is_reported_at_the_first_write(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process as well."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert 1 == main(["endpoints", "list", "--json"])


def test_stdin_provides_the_token_or_the_key(cli: Cli) -> None:
    """It can be read only once."""
    ended = cli("token", "verify", "-", "--secret-key-file", "-")
    assert (2, True) == (ended.status, "the token or the secret key, but not both" in ended.err)


def test_a_host_that_cannot_be_resolved_is_reported(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason of the resolver, which has no number of the operating system."""
    monkeypatch.setenv("TRIPWIRE_SIGNING_SECRET", "whsec_1")
    ended = cli("listen", "--host", "host.invalid", "--port", "0")
    assert 2 == ended.status
    assert re.search(r"cannot listen on host\.invalid port 0: \w+", ended.err)


async def test_a_listener_reports_the_first_failure_of_its_output() -> None:
    """A later webhook finds it stopped already."""
    stopped = asyncio.get_running_loop().create_future()

    class Broken:
        as_json = False

        def __getattr__(self, name: str) -> object:
            raise BrokenPipeError

    async with aiohttp.ClientSession() as session:
        output: Any = Broken()
        listener = Listener([SECRET], output, session, None, stopped)
        body = body_of("webhook.test")
        statuses = [(await listener.respond(body, sign_webhook(body, SECRET))).status for _ in range(2)]
    assert [503, 503] == statuses
    assert isinstance(stopped.exception(), BrokenPipeError)
