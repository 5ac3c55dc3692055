"""The man page and the reference page are made from the same parsers as the help, and are current."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tripwire_async.cli.manual import __main__ as manual
from tripwire_async.cli.manual.reference_page import with_commands
from tripwire_async.cli.program import build_parser


def test_the_pages_are_current() -> None:
    """To write them again: ``python -m tripwire_async.cli.manual``."""
    for path, text in manual.pages().items():
        assert path.read_text(encoding="utf-8") == text


def test_the_command_writes_the_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Each into its file."""
    file = manual.DOCS / "man" / "tripwire-async.1"
    before = file.read_bytes()
    monkeypatch.setattr(manual, "pages", lambda: {file: before.decode()})
    manual.main()
    assert before == file.read_bytes()


def test_every_option_is_in_both_pages() -> None:
    """Of every command, also those in groups."""
    man, reference = manual.pages().values()
    man = man.replace("\\-", "-")
    for words in ("endpoints create URL", "test [ENDPOINT ...]", "serve", "api METHOD PATH", "help [COMMAND ...]"):
        assert f'.SS "{words}"' in man
        assert f"### {words.replace(' ...', ' …')}\n" in reference
    for option in (
        "--event-type TYPE",
        "--dry-run",
        "--organization-id ID",
        "--report FILE",
        "-v, --verbose",
        "--data JSON",
    ):
        assert f".B {option}\n" in man
        assert f"| `{option}` |" in reference


def test_the_man_page_has_no_formatting_error() -> None:
    """As far as a formatter is installed; it prints warnings on stderr."""
    page = manual.pages()[manual.DOCS / "man" / "tripwire-async.1"]
    assert re.match(r'\.TH TRIPWIRE-ASYNC 1 "" "tripwire-async \d', page)
    # Every request is known, and no line of text begins like one.
    assert {"TH", "SH", "SS", "TP", "B", "IR", "RI", "PP", "nf", "fi", "RS", "RE"} >= set(
        re.findall(r"^[.'](\w+)", page, flags=re.MULTILINE)
    )
    for formatter in filter(None, (shutil.which("groff"),)):
        arguments = [formatter, "-man", "-Tutf8", "-ww", "-z"]
        checked = subprocess.run(arguments, input=page, capture_output=True, text=True, check=False)  # noqa: S603 - the formatter that was found
        assert (0, "") == (checked.returncode, checked.stderr)


def test_a_page_without_the_mark_is_an_error() -> None:
    """Its text would be lost."""
    with pytest.raises(ValueError, match="has no line '<!-- The rest is made by"):
        with_commands("# Command line\n", build_parser())
