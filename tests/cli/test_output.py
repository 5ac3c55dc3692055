"""Formats of the output."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

import tripwire_async.cli
from tripwire_async.cli import demo_receiver
from tripwire_async.cli.output import Output
from tripwire_async.cli.tables import Table, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]

TABLE = Table(("name", "n"), [("first", 1), ("other", None)], frozenset({"n"}))
PLAIN = "name   n\nfirst  1\nother  -\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain  text", "plain  text"),
        ("two\nlines", "two lines"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("bell\x07", "bell\\x07"),
        ("\u202eright to left", "\\u202eright to left"),
        ("Zoë", "Zoë"),
    ],
)
def test_text_from_elsewhere_cannot_command_a_terminal(text: str, shown: str) -> None:
    """It is shown in one line, with invisible characters as escapes."""
    assert shown == one_line(text)


def test_a_table_is_plain_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Aligned, without a style."""
    Output().table(TABLE)
    assert PLAIN == capsys.readouterr().out


@pytest.mark.usefixtures("terminal")
def test_a_table_is_drawn_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """By rich, in colour."""
    Output().table(TABLE)
    out = capsys.readouterr().out
    assert "\x1b[1m" in out
    assert "first" in out


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("columns", "cut"), [(120, False), (90, True), (70, True)])
def test_an_id_stays_whole_as_long_as_it_can(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int, cut: bool
) -> None:
    """On a narrow terminal the request id is left out, because a part of it is useless."""
    monkeypatch.setenv("COLUMNS", str(columns))
    endpoint, request = "we_" + "0" * 32, "req_" + "1" * 32
    titles = ("endpoint", "status", "attempts", "request id")
    Output().table(Table(titles, [(endpoint, "succeeded", 12, request)], frozenset({"attempts"})))
    out = capsys.readouterr().out
    assert endpoint in out
    assert "succeeded" in out
    assert (request not in out) is cut
    assert ("request id" in out) is not cut
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines())) <= columns


@pytest.mark.usefixtures("terminal")
def test_the_longest_text_of_a_table_is_wrapped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ids and the short columns stay whole."""
    monkeypatch.setenv("COLUMNS", "80")
    endpoint = "we_" + "0" * 32
    Output().table(Table(("endpoint", "status", "url"), [(endpoint, "failed", "https://example.com/" + "x" * 60)]))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert any(line.split()[:2] == [endpoint, "failed"] for line in shown)
    assert 1 + 60 == "".join(shown).count("x")
    assert max(map(len, shown)) <= 80


@pytest.mark.usefixtures("terminal")
def test_a_table_that_does_not_fit_becomes_records(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns of a few characters would be unreadable."""
    monkeypatch.setenv("COLUMNS", "50")
    rows = [
        ("we_" + "0" * 32, "https://example.com/" + "x" * 40, None),
        ("we_" + "1" * 32, "https://b.example", "failed"),
    ]
    Output().table(Table(("endpoint", "url", "status"), rows))
    shown = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()]
    assert [
        "",
        "endpoint  we_00000000000000000000000000000000",
        "url       https://example.com/xxxxxxxxxxxxxxxxxxxx",
        "          xxxxxxxxxxxxxxxxxxxx",
        "status    -",
        "",
        "endpoint  we_11111111111111111111111111111111",
        "url       https://b.example",
        "status    failed",
        "",
    ] == shown


@pytest.mark.usefixtures("terminal")
def test_no_color_is_respected(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is drawn, in black and white."""
    monkeypatch.setenv("NO_COLOR", "1")
    Output().table(Table(("status",), [("succeeded",)]))
    out = capsys.readouterr().out
    assert "succeeded" in out
    assert "\x1b[32m" not in out


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("kind", ["dumb", "unknown", None])
def test_a_dumb_terminal_gets_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str | None
) -> None:
    """It could not move its cursor."""
    if kind is None:
        monkeypatch.delenv("TERM")
    else:
        monkeypatch.setenv("TERM", kind)
    Output().table(TABLE)
    assert PLAIN == capsys.readouterr().out


@pytest.mark.usefixtures("terminal")
def test_a_terminal_without_rich_gets_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rich is an extra."""
    monkeypatch.delitem(sys.modules, "tripwire_async.cli.rich_output", raising=False)
    monkeypatch.delattr(tripwire_async.cli, "rich_output", raising=False)
    for name in ("rich", "rich.box"):
        monkeypatch.setitem(sys.modules, name, None)
    Output().table(TABLE)
    assert PLAIN == capsys.readouterr().out


def test_json_output_contains_no_prose(capsys: pytest.CaptureFixture[str]) -> None:
    """One document, and nothing else."""
    output = Output(as_json=True)
    output.line("hello")
    output.table(TABLE)
    with output.live_table(lambda: TABLE):
        pass
    output.emit({"data": []}, TABLE)
    assert '{\n  "data": []\n}\n' == capsys.readouterr().out


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("form", [(), ("-v",)])
def test_a_live_table_ends_as_the_plain_one(cli: Cli, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]) -> None:
    """It is redrawn in place on a terminal; with a log beside it, it is drawn once."""
    monkeypatch.setattr(demo_receiver, "SLOW", 0.3)
    ended = cli("demo", *form)
    assert 0 == ended.status
    assert "succeeded" in ended.out
    assert ("\x1b[?25l" in ended.out) is (form == ())
    assert ended.out.count("\x1b[?25l") == ended.out.count("\x1b[?25h")


def test_letters_that_an_output_lacks_are_shown_as_escapes(
    cli: Cli, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ASCII terminal gets the table too."""
    elsewhere.add_endpoint(name="Zoë")
    file = tmp_path / "out"
    with file.open("w", encoding="ascii") as ascii_only:
        monkeypatch.setattr(sys, "stdout", ascii_only)
        assert 0 == tripwire_async.cli.main(["endpoints", "list"])
    assert "Zo\\xeb" in file.read_text(encoding="ascii")


def test_an_output_that_cannot_be_set_up_is_used_as_it_is(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs replace stdout by their own objects."""

    class Own:
        def __init__(self) -> None:
            self.text = ""

        def write(self, text: str) -> None:
            self.text += text

        def flush(self) -> None:
            """Do nothing."""

        def isatty(self) -> bool:
            return False

    own = Own()
    monkeypatch.setattr(sys, "stdout", own)
    tripwire_async.cli.main(["endpoints", "list", "--json"])
    assert '"data": []' in own.text
