"""The console blocks of the documentation: each command is run or checked, and its output is compared."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
NOXFILE = (ROOT / "noxfile.py").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
SERVERS = ("tripwire_async.testing", "tripwire-async serve", "tripwire-async listen")
"""Commands that run until they are stopped."""


class Command(NamedTuple):
    """A command of a console block, and the lines that the page shows below it."""

    page: str
    line: str
    output: list[str]


def commands_of(page: Path) -> Iterator[Command]:
    """Yield the commands of all console blocks of *page*."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```console\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *output = part.rstrip("\n").split("\n")
            yield Command(str(page.relative_to(ROOT)), re.sub(r"\s+#.*$", "", line), output)


COMMANDS = [command for page in PAGES for command in commands_of(page) if "_build" not in command.page]
SESSIONS = [command for command in COMMANDS if "noxfile.py" in command.line]
ENVIRONMENT = (" -m venv ", "/activate")
INSTALLATIONS = [command for command in COMMANDS if any(map(command.line.__contains__, ("pip install", *ENVIRONMENT)))]
# The receivers and the generator have separate tests; the others take minutes, or run this test.
TESTED_ELSEWHERE = ("python receiver_", "tripwire_async._codegen", "python -m tests.", ".ci/run")
PROGRAMS = [
    command
    for command in COMMANDS
    if command not in [*SESSIONS, *INSTALLATIONS] and not any(name in command.line for name in TESTED_ELSEWHERE)
]


def name_of(command: Command) -> str:
    """Return the name of the test of *command*."""
    return f"{command.page}: {command.line}"


def test_every_page_with_a_block_is_found() -> None:
    """A changed form of the blocks must not empty the lists."""
    assert len(SESSIONS) >= 8
    assert len(INSTALLATIONS) >= 4
    assert len(PROGRAMS) >= 4


@pytest.mark.parametrize("command", SESSIONS, ids=name_of)
def test_a_session_exists(command: Command) -> None:
    """With the benchmark that it names, if any."""
    session, _, argument = command.line.partition("noxfile.py ")[2].partition(" -- ")
    option, _, name = session.partition(" ")
    assert option in {"-s", "--list"}
    if name:
        declared = re.search(rf'^def {name}\(session|^    "{name}": "', NOXFILE, flags=re.MULTILINE)
        assert declared or name.startswith("tests-")
    for benchmark in re.findall(r"\bbench_\w+", argument):
        assert (ROOT / "tests" / "benchmarks" / f"{benchmark}.py").is_file()


@pytest.mark.parametrize("command", INSTALLATIONS, ids=name_of)
def test_an_installation_names_extras_that_exist(command: Command) -> None:
    """The clone, the published package or an environment; the quotes keep the shell from expanding the brackets."""
    if any(map(command.line.__contains__, ENVIRONMENT)):
        return
    requirement, *groups = command.line.partition("pip install ")[2].removeprefix("-e ").split(" --group ")
    found = re.fullmatch(r"'?(?:\.|tripwire-async)(?:\[([\w,]+)\]')?", requirement)
    assert found, requirement
    for name in [*(found[1].split(",") if found[1] else []), *groups]:
        assert re.search(rf"^{name} = \[", PYPROJECT, flags=re.MULTILINE), name


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a reader with the examples in the folder and the package on the path."""
    for example in (ROOT / "docs" / "examples").glob("*.py"):
        shutil.copy(example, tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {
        "python": f'exec "{sys.executable}" "$@"',
        "tripwire-async": f'exec "{sys.executable}" -m tripwire_async "$@"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(programs)
    return {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "120"}


def shows(expected: list[str], printed: str) -> bool:
    """Return whether *printed* is what the page shows; "…" stands for any text, and the port may be another one."""
    pattern = re.escape("\n".join(line.strip() for line in expected)).replace("…", ".*")
    pattern = re.sub(r"127\\.0\\.0\\.1:\d+", r"127\\.0\\.0\\.1:\\d+", pattern)
    return re.fullmatch(pattern, "\n".join(line.strip() for line in printed.splitlines())) is not None


async def output_of(line: str, folder: Path, environment: dict[str, str], lines: int) -> str:
    """Return what *line* prints; a server is stopped after its first *lines* lines."""
    process = await asyncio.create_subprocess_shell(
        line, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, process_group=0
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        if not any(server in line for server in SERVERS):
            printed, _ = await process.communicate()
            assert process.returncode == 0
            return printed.decode()
        printed = b"".join([await process.stdout.readline() for _ in range(lines)])
        os.killpg(process.pid, signal.SIGINT)
        await process.communicate()
    return printed.decode()


@pytest.mark.parametrize("command", PROGRAMS, ids=name_of)
async def test_a_program_prints_what_the_page_shows(
    command: Command, environment: dict[str, str], tmp_path: Path
) -> None:
    """In a shell, with the variables of the test server and the ids of two endpoints in a file."""
    async with TripwireServer() as server:
        server.set_outcome(DeliveryOutcome("succeeded", response_status=200))
        endpoints = [server.add_endpoint("https://example.com/").id for _ in range(2)]
        (tmp_path / "endpoints.txt").write_text("\n".join(endpoints), encoding="utf-8")
        environment |= {
            "TRIPWIRE_SECRET_KEY": server.secret_key,
            "TRIPWIRE_BASE_URL": server.base_url,
            "TRIPWIRE_ORGANIZATION": server.organization_id,
        }
        line = re.sub(r"--port \d+", "--port 0", command.line)
        line, filtered, _ = line.partition(" | jq ")  # jq may not be installed
        printed = await output_of(line, tmp_path, environment, max(1, len(command.output)))
    assert printed
    if filtered:
        json.loads(printed)
    if command.output:
        assert shows(command.output, printed), printed
