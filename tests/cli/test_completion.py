"""Completion scripts, tried in the shells themselves."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ended

    Cli = Callable[..., Ended]

# A function in place of the program prints what was typed and completed.
PRELUDE = "PS1=; bind 'set bell-style none'; tripwire-async() { printf '<%s>\\n' \"$*\"; }\n"


def complete(cli: Cli, folder: Path, typed: str) -> str:
    """Type *typed* after the name of the program in an interactive bash in *folder*; return the whole command line."""
    script = folder / ".script"
    script.write_text(cli("completion", "bash").out, encoding="utf-8")
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(  # noqa: S603 - bash, and a script of ours
        [shutil.which("bash") or "bash", "--norc", "--noprofile", "-i"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=folder,
        start_new_session=True,
        env={**os.environ, "TERM": "dumb"},
    ) as shell:
        os.close(terminal)
        os.write(keyboard, f"{PRELUDE}source .script\ntripwire-async {typed}\n".encode())
        shown = ""
        while not (found := re.search(r"<([^%].*?)>\r\n", shown)) and select.select([keyboard], [], [], 20)[0]:
            shown += os.read(keyboard, 65536).decode()
        shell.kill()
    os.close(keyboard)
    assert found, shown
    return found[1]


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("endp\t", "endpoints"),
        ("endpoints ro\t", "endpoints rotate"),
        ("--organization list endp\tli\t--js\t", "--organization list endpoints list --json"),
        ("events list --ty\tweb\t", "events list --type webhook.test"),
        ("test --until=sett\t", "test --until=settled"),
        ("keys create --scope webhooks:m\t", "keys create --scope webhooks:manage"),
        ("test --report rep\t", "test --report report.html"),
        ("help fing\t", "help fingerprints"),
        ("completion fi\t", "completion fish"),
    ],
)
def test_bash_completes(cli: Cli, tmp_path: Path, typed: str, line: str) -> None:
    """Commands, options before and after them, values from a list, and files."""
    (tmp_path / "report.html").touch()
    assert line == complete(cli, tmp_path, typed).rstrip()


CHECKS = {shell: path for shell, path in ((shell, shutil.which(shell)) for shell in ("bash", "zsh", "fish")) if path}


@pytest.mark.parametrize("shell", CHECKS)
def test_a_script_has_no_syntax_error(cli: Cli, tmp_path: Path, shell: str) -> None:
    """In each shell that this machine has."""
    script = tmp_path / "script"
    script.write_text(cli("completion", shell).out, encoding="utf-8")
    checked = subprocess.run([CHECKS[shell], "-n", script], capture_output=True, text=True, check=False)  # noqa: S603 - a shell
    assert (0, "") == (checked.returncode, checked.stderr)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_the_only_output(cli: Cli, shell: str) -> None:
    """So that it can be redirected; how to install it is printed on stderr. It knows every command."""
    ended = cli("completion", shell)
    assert 0 == ended.status
    assert ended.err.startswith("tripwire-async: ")
    assert f"tripwire-async completion {shell}" in ended.err
    for word in ("endpoints", "rotate", "fingerprints", "completion", "inconclusive"):
        assert word in ended.out
    assert ended.out == cli("completion", shell, "--json").data
