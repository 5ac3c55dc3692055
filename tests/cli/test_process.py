"""The command line as a separate process: its imports, its signals, a terminal, a pipe."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.support.loaded_modules import within
from tripwire_async.cli import main
from tripwire_async.testing import DeliveryOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Elsewhere

COMMAND = [sys.executable, "-m", "tripwire_async"]

HELP = """
import json, sys
from tripwire_async.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    sys.stderr.write(json.dumps([end.code, sorted(sys.modules)]))
"""


def test_help_waits_for_nothing_heavy() -> None:
    """Of every command, and without importing aiohttp, asyncio or attrs."""
    for arguments in ([], ["test"], ["endpoints", "create"], ["token", "verify"]):
        asked = subprocess.run(  # noqa: S603 - this Python, and a program written above
            [sys.executable, "-c", HELP, *arguments, "--help"], capture_output=True, text=True, check=True
        )
        status, modules = json.loads(asked.stderr)
        assert 0 == status
        assert "usage: tripwire-async" in asked.stdout
        for heavy in ("aiohttp", "asyncio", "attr", "msgspec", "rich", "tripwire_async.errors"):
            assert set() == within(set(modules), heavy)
        # The other commands are neither imported nor added to the parser in full.
        commands = "tripwire_async.cli.commands"
        assert {commands, *(f"{commands}.{name}" for name in arguments[:1])} == within(set(modules), commands)


def test_the_module_is_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m tripwire_async`` does what ``tripwire-async`` does, and ends with its status."""
    monkeypatch.setattr(sys, "argv", ["tripwire-async", "nonsense"])
    with pytest.raises(SystemExit, match=r"^2$"):
        importlib.import_module("tripwire_async.__main__")


def test_an_interrupt_ends_the_server_also_while_its_page_is_open() -> None:
    """The open stream of the page ends with the server, without a traceback."""
    with subprocess.Popen(  # noqa: S603 - this Python
        [*COMMAND, "serve", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        base_url = json.loads(process.stdout.readline())["base_url"]
        with urllib.request.urlopen(f"{base_url}/_test/events", timeout=10) as events:  # noqa: S310 - on loopback
            assert b"event: state\n" == events.readline()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
    assert (130, "") == (process.returncode, errors)


def test_an_interrupt_ends_it_with_130_and_no_traceback() -> None:
    """As the shell expects of Ctrl-C."""
    with subprocess.Popen(  # noqa: S603 - this Python
        [*COMMAND, "serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        while "ORGANIZATION" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (130, "") == (process.returncode, err)


def test_the_server_that_is_served_has_endpoints_to_try() -> None:
    """One that accepts webhooks, one that never does, and a slow one."""
    with subprocess.Popen(  # noqa: S603 - this Python
        [*COMMAND, "serve"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        printed = [process.stdout.readline() for _ in range(5)]
        variables = dict(line.removeprefix("export ").strip().split("=") for line in printed if "=" in line)
        tested = subprocess.run(  # noqa: S603 - this Python
            [*COMMAND, "test", "--all", "--json"],
            capture_output=True,
            text=True,
            env={**os.environ, **variables},
            check=False,
        )
        process.terminate()
    assert (1, 0) == (tested.returncode, process.returncode)
    assert ["failed", "succeeded", "succeeded"] == sorted(one["state"] for one in json.loads(tested.stdout)["data"])


def test_a_reader_that_leaves_ends_it_without_a_word(elsewhere: Elsewhere) -> None:
    """Also when Python flushes for the last time."""
    for _ in range(5):
        elsewhere.add_endpoint()
    with subprocess.Popen(  # noqa: S603 - this Python
        [*COMMAND, "endpoints", "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        err = process.stderr.read()
        process.wait(20)
    assert (141, b"") == (process.returncode, err)


@contextlib.contextmanager
def terminal(arguments: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start the command line on a terminal; yield its process, and the descriptor of keyboard and screen."""
    keyboard, output = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    environment.pop("NO_COLOR", None)
    # The new session takes the terminal over, so that a Ctrl-C on it reaches the process.
    program = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    )
    with subprocess.Popen(  # noqa: S603 - this Python
        [sys.executable, "-c", program, *COMMAND, *arguments],
        stdin=output,
        stdout=output,
        stderr=output,
        start_new_session=True,
        env=environment,
    ) as process:
        os.close(output)
        yield process, keyboard
        process.wait(20)


def on_a_terminal(arguments: list[str], *, interrupt_at: bytes = b"") -> tuple[int, str]:
    """Run the command line on a terminal; press Ctrl-C when it has shown *interrupt_at*. Return status and output."""
    with terminal(arguments) as (process, keyboard):
        shown = b""
        while select.select([keyboard], [], [], 30)[0]:
            try:
                part = os.read(keyboard, 65536)
            except OSError:  # raised by Linux when the other side is closed
                part = b""
            if not part:
                break
            shown += part
            if interrupt_at and interrupt_at in shown:
                os.write(keyboard, b"\x03")
                interrupt_at = b""
        os.close(keyboard)
    return process.returncode, shown.decode()


def test_a_terminal_sees_the_demo_live() -> None:
    """The table is redrawn in place, and the cursor is there again at the end."""
    status, shown = on_a_terminal(["demo"])
    assert 0 == status
    assert "\x1b[?25l" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "As expected" in shown


def test_a_live_table_can_be_interrupted() -> None:
    """Ctrl-C leaves the terminal as it was, and ends with 130."""
    status, shown = on_a_terminal(["demo"], interrupt_at=b"delivering")
    assert 130 == status
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "Traceback" not in shown


def test_a_run_outlives_its_terminal_until_its_reports_are_written(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Writing to a terminal that is gone would fail, in the middle of the pause."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    endpoint, journal, report = elsewhere.add_endpoint().id, tmp_path / "run.db", tmp_path / "report.html"
    with terminal(["test", endpoint, "--journal", str(journal), "--report", str(report)]) as (process, keyboard):
        elsewhere.wait(lambda server: any(request.operation == "retrieveEvent" for request in server.requests))
        os.close(keyboard)
    assert 129 == process.returncode
    assert endpoint in report.read_text(encoding="utf-8")


INTERRUPTED = """
import sys

class Interrupt:
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from tripwire_async.cli import main
sys.exit(main(["endpoints", "list"]))
"""


@pytest.mark.parametrize("module", ["tripwire_async.cli.program", "tripwire_async.cli.runner", "aiohttp", "attrs"])
def test_an_interrupt_while_modules_are_imported_is_silent(module: str) -> None:
    """Like any other interrupt: imports take a third of a second of a short command."""
    ended = subprocess.run(  # noqa: S603 - this Python, and a program written above
        [sys.executable, "-c", INTERRUPTED, module],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TRIPWIRE_SECRET_KEY": "sk_test_1", "TRIPWIRE_ORGANIZATION": "org_" + "0" * 26},
    )
    assert (130, "", "") == (ended.returncode, ended.stdout, ended.stderr)


def test_an_interrupt_before_the_command_has_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same within this process."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tripwire_async.cli.program.build_parser", interrupt)
    assert 130 == main(["endpoints", "list"])
