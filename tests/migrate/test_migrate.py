"""``python -m tripwire_async.migrate``: each use of the synchronous SDK with its replacement."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tripwire_async.migrate import Change, changes_in
from tripwire_async.migrate.__main__ import main
from tripwire_async.migrate.names import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "migrate.md").read_text(encoding="utf-8")

PROGRAM = """\
import os
from tripwire_server import (
    Tripwire,
    TripwireApiError as ApiError,
)

with open(os.devnull), Tripwire(os.environ["KEY"], timeout=5, user_agent="x") as client:
    for endpoint in client.webhooks.list_endpoints("org").items:
        try:
            client.webhooks.send_test("org", endpoint.id)
        except ApiError as error:
            print(error.status)
    for session in client.sessions.iter():
        print(session)
    client.organizations.api_keys.rotate("org", "key")
"""

MIGRATED = """\
from tripwire_async import AsyncTripwire

async def main():
    async with AsyncTripwire() as client:
        for endpoint in await client.webhooks.list_endpoints("org"):
            test = await client.webhooks.send_test("org", endpoint.id)
        async for session in client.sessions.list():
            print([key async for key in client.organizations.api_keys.list("org")])
        os.list("x"), client.webhooks.unknown("x"), [].list()
"""


def test_each_use_has_its_line_and_its_replacement() -> None:
    """Imports, names, methods, iteration, arguments and the context of the client."""
    found = {(change.line, change.old): change.new for change in changes_in(PROGRAM)}
    assert {
        (3, "from tripwire_server import Tripwire"): "tripwire_async.AsyncTripwire",
        (4, "from tripwire_server import TripwireApiError"): "tripwire_async.errors.APIError",
        (7, "Tripwire"): "tripwire_async.AsyncTripwire",
        (7, "user_agent="): 'with_options(headers={"User-Agent": ...})',
        (7, "with Tripwire(...)"): "async with AsyncTripwire(...)",
        (8, "client.webhooks.list_endpoints(...)"): (
            "await client.webhooks.list_endpoints(...): the result is a Page; or use 'async for'"
        ),
        (10, "client.webhooks.send_test(...)"): (
            "await client.webhooks.send_test(...): it returns a PendingDelivery, whose event_id is an attribute"
        ),
        (11, "ApiError"): "tripwire_async.errors.APIError",
        (13, "for ... in client.sessions.iter(...)"): "async for ... in client.sessions.list(...)",
        (15, "client.organizations.api_keys.rotate(...)"): "await client.organizations.api_keys.rotate(...)",
    } == found


def test_names_of_an_imported_module_are_found() -> None:
    """Also under another name; a name that the package never had is reported as such."""
    program = "import tripwire_server as t, tripwire_server.errors\nt.verify_tripwire_token(1)\nt.nonsense\nother.x\n"
    assert [
        Change(1, "import tripwire_server", "import tripwire_async"),
        Change(1, "import tripwire_server.errors", "import tripwire_async"),
        Change(2, "t.verify_tripwire_token", "tripwire_async.sealed_tokens.verify_token"),
        Change(3, "t.nonsense", "no replacement: this name was not exported"),
    ] == changes_in(program)


def test_a_program_that_was_migrated_needs_no_change() -> None:
    """Awaited calls and asynchronous iteration are what the check asks for."""
    assert [] == changes_in(MIGRATED)


def test_every_old_name_has_a_replacement_that_exists() -> None:
    """And the same one as on the migration page."""
    rows = re.findall(r"^\| (`.*?) \|", PAGE, flags=re.MULTILINE)
    old_names = {name for row in rows for name in re.findall(r"`([A-Za-z]\w*)`", row)}
    assert {"send_test", "User", "Agent"} >= old_names - set(NAMES)
    page = dict(re.findall(r"^\| `(\w+)` \| `(tripwire_async[\w.]+)`", PAGE, flags=re.MULTILINE))
    for old, new in NAMES.items():
        name = re.split(r"[:,]", new)[0]
        assert page.get(old, name) == name, old
        parts = name.split(".")
        depth = 2 if parts[1] != "AsyncTripwire" and parts[1] != "Page" else 1
        target: object = import_module(".".join(parts[:depth]))
        for part in parts[depth:]:
            target = getattr(target, part)


def test_the_command_reports_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each change with file and line number; the status says whether there is any."""
    old, new = tmp_path / "old.py", tmp_path / "new.py"
    old.write_text(PROGRAM, encoding="utf-8")
    new.write_text(MIGRATED, encoding="utf-8")
    assert 1 == main([str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert f"{old}:3: from tripwire_server import Tripwire -> tripwire_async.AsyncTripwire" == lines[0]
    assert (11, "10 changes needed") == (len(lines), lines[-1])
    assert (PROGRAM, MIGRATED) == (old.read_text(encoding="utf-8"), new.read_text(encoding="utf-8"))
    assert 0 == main([str(new)])
    assert "0 changes needed\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"def f(:\n", "line 1 is not valid Python: "),
        (b"\xff\xfe", "invalid or missing encoding declaration"),
        (b"x = 1\x00", "null bytes"),
    ],
)
def test_a_file_that_cannot_be_read_has_its_own_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    """In one line on stderr; the other files are still checked."""
    bad, good = tmp_path / "bad.py", tmp_path / "good.py"
    bad.write_bytes(content)
    good.write_text("import tripwire_server\n", encoding="utf-8")
    assert 2 == main([str(bad), str(good), str(tmp_path / "missing.py")])
    out, err = capsys.readouterr()
    assert message in err
    assert f"{tmp_path}/missing.py: No such file or directory" in err
    assert "1 change needed" in out


def test_it_is_a_module_to_run(tmp_path: Path) -> None:
    """With a help that names its exit statuses."""
    ran = subprocess.run(
        [sys.executable, "-m", "tripwire_async.migrate", "--help"], capture_output=True, text=True, check=True
    )
    assert "exit status: 0 if no change is needed" in ran.stdout
