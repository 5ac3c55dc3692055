"""``test`` for many endpoints: a list from a file, progress, sums by host, and reports."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import attrs
import pytest

from tripwire_async.cli import output
from tripwire_async.cli.progress import line
from tripwire_async.cli.run_facts import facts
from tripwire_async.deliveries import Progress
from tripwire_async.middleware import RateLimitState
from tripwire_async.testing import DeliveryOutcome, Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]

UNKNOWN = "we_" + "0" * 32

MIDST = Progress(
    endpoints=1000,
    states={"succeeded": 400, "failed": 3, "timed_out": 1, "refused": 8},
    sending=12,
    pending=188,
    seconds=42.0,
    seconds_left=72.4,
    limits=RateLimitState(limit=600, remaining=0, in_flight=2, waiting=12, cooldown=38.2, window=60.0),
)


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    return tmp_path / "ids"


def test_endpoints_can_come_from_a_file(cli: Cli, elsewhere: Elsewhere, ids: Path) -> None:
    """One a line; comments, blank lines, Windows' line ends and its mark at the beginning do no harm."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded"))
    first, second = elsewhere.add_endpoint().id, elsewhere.add_endpoint().id
    ids.write_bytes(f"\ufeff# ours\r\n\r\n  {second}  # the shop\r\n{first}\r\n{second}\r\n".encode())
    ended = cli("test", "--endpoints-from", str(ids), "--json")
    assert (0, [second, first]) == (ended.status, [one["endpoint_id"] for one in ended.data])


def test_endpoints_can_come_from_stdin(cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that another program may choose them."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded"))
    endpoint = elsewhere.add_endpoint().id
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{endpoint}\n"))
    assert "1 of 1 succeeded\n" in cli("test", "--endpoints-from", "-").out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{UNKNOWN}\n\nwe_short\n".encode(), ', line 3: "we_short" is not an endpoint id (we_…)'),
        (f"{UNKNOWN} {UNKNOWN}".encode(), f', line 1: "{f"{UNKNOWN} {UNKNOWN}"[:60]}" is not an endpoint id (we_…)'),
        (b"# none\n", ": the file contains no endpoint id"),
        (b"\xff\xfe", ": the file is not text"),
        (None, ": No such file or directory"),
    ],
)
def test_a_bad_line_is_reported_by_its_number(
    cli: Cli, elsewhere: Elsewhere, ids: Path, content: bytes | None, message: str
) -> None:
    """Before anything is sent, so that the run is not aborted in the middle."""
    if content is not None:
        ids.write_bytes(content)
    ended = cli("test", "--endpoints-from", str(ids))
    assert (2, f"tripwire-async: --endpoints-from {ids}{message}\n") == (ended.status, ended.err)
    assert [] == list(elsewhere.server.requests)


def test_stdin_is_read_once(cli: Cli, elsewhere: Elsewhere) -> None:
    """The endpoints and the key cannot both come from there."""
    ended = cli("test", "--endpoints-from", "-", "--secret-key-file", "-")
    assert (2, True) == (ended.status, "but not both" in ended.err)


def test_reports_are_written(cli: Cli, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """A page and JUnit's XML, with the names of the endpoints, whatever the exit status."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    bad = elsewhere.add_endpoint(name="the shop")
    elsewhere.add_endpoint()
    elsewhere.set_outcome(DeliveryOutcome("failed", 500), bad.id)
    page, junit, table = tmp_path / "report.html", tmp_path / "junit.xml", tmp_path / "table.csv"
    assert 1 == cli("test", "--all", "--report", str(page), "--junit", str(junit), "--csv", str(table)).status
    assert "<h1>1 of 2 succeeded</h1>" in page.read_text(encoding="utf-8")
    assert "the shop" in page.read_text(encoding="utf-8")
    suites = ElementTree.parse(junit).getroot()  # noqa: S314 - our own
    assert ("2", "1") == (suites.get("tests"), suites.get("failures"))
    assert table.read_bytes().startswith(b"endpoint_id,name,url,state,")
    assert f"{bad.id},the shop,http" in table.read_text(encoding="utf-8")


def test_a_report_names_the_api_the_limits_and_the_command(cli: Cli, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """As they were in this run; the password of a URL is not shown."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    arguments = ("test", elsewhere.add_endpoint().id, "--timeout", "60", "--in-flight", "7", "--json")
    about = json.loads(cli(*arguments, "--report", str(tmp_path / "report.html")).out)["about"]
    assert ["client", "API", "limits", "rate limit", "command"] == list(about)
    assert elsewhere.server.base_url == about["API"]
    assert "7 in flight, 30 s per attempt, 300 s per call, 60 s for the run" == about["limits"]
    assert about["rate limit"].startswith("600 requests")
    assert f"tripwire-async test {arguments[1]} --timeout 60" in about["command"]


def test_a_report_does_not_name_a_limit_that_is_unknown() -> None:
    """Before the first response, only the command line and the client's own limits are known."""
    options = {"base_url": "https://example.com", "attempt_timeout": None, "deadline": 5.0, "timeout": None}
    arguments = argparse.Namespace(**options, in_flight=1000, words=("tripwire-async", "test", "a b"))
    assert {
        "API": "https://example.com",
        "limits": "1,000 in flight, 30 s per attempt, 5 s per call",
        "command": "tripwire-async test 'a b'",
    } == facts(arguments, None)


def test_a_report_does_not_show_the_password_of_a_url(cli: Cli, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Any argument can be a URL with a password, for example of Redis."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    (tmp_path / "redis:").mkdir()
    arguments = ("test", elsewhere.add_endpoint().id, "--json", "--csv", f"{tmp_path}/redis://user:hunter2@host")
    ended = cli(*arguments)
    assert "redis://…@host" in json.loads(ended.out)["about"]["command"]
    assert "hunter2" not in ended.out


@pytest.mark.parametrize("option", ["--report", "--junit", "--csv"])
def test_a_report_that_cannot_be_written_is_reported_before_the_run(
    cli: Cli, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """A slip in its name must not cost a run."""
    for name, message in (
        (".", "it is a directory, not a file"),
        ("none/x", f"there is no directory {tmp_path / 'none'}"),
    ):
        ended = cli("test", "--all", option, str(tmp_path / name))
        assert (2, f"tripwire-async: {option} {tmp_path / name}: {message}\n") == (ended.status, ended.err)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    assert "x: no permission to write it" in cli("test", "--all", option, str(tmp_path / "x")).err
    assert [] == list(elsewhere.server.requests)


def test_a_report_that_fails_all_the_same_is_complained_of(cli: Cli, elsewhere: Elsewhere) -> None:
    """The results are printed, the other report is written, and the status reports a failure."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    ended = cli("test", elsewhere.add_endpoint().id, "--report", "/dev/full")
    assert (1, "1 of 1 succeeded") == (ended.status, ended.out.splitlines()[-1])
    assert "tripwire-async: --report /dev/full: No space left on device\n" == ended.err


def test_a_missing_asset_is_not_blamed_on_the_report(
    cli: Cli, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen program can lack the style of the page: the message names that file."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    monkeypatch.setattr("tripwire_async.reports.html_page.files", lambda _: tmp_path)
    ended = cli("test", elsewhere.add_endpoint().id, "--report", str(tmp_path / "report.html"))
    assert (1, "1 of 1 succeeded") == (ended.status, ended.out.splitlines()[-1])
    assert f"tripwire-async: {tmp_path / 'page.css'}: No such file or directory\n" == ended.err


def test_an_interrupted_run_writes_its_reports(cli: Cli, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """With the known outcomes, and with the tests that were not started."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    for _ in range(3):
        elsewhere.add_endpoint()
    interrupting = threading.Thread(target=lambda: _interrupt(elsewhere))
    interrupting.start()
    page, junit = tmp_path / "report.html", tmp_path / "junit.xml"
    ended = cli("test", "--all", "--in-flight", "1", "--report", str(page), "--junit", str(junit))
    interrupting.join()
    assert 130 == ended.status
    assert "tripwire-async: interrupted: 1 unknown, 2 not started\n" == ended.err
    assert "The run was interrupted" in page.read_text(encoding="utf-8")
    assert "2" == ElementTree.parse(junit).getroot().get("skipped")  # noqa: S314 - our own


def _interrupt(elsewhere: Elsewhere) -> None:
    elsewhere.wait(lambda server: any(request.operation == "sendTestWebhook" for request in server.requests))
    os.kill(os.getpid(), signal.SIGINT)


def test_several_hosts_are_summed_up(cli: Cli, elsewhere: Elsewhere) -> None:
    """Hosts with reasons first; a single host has no summary."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    for url in ("https://a.example/1", "https://a.example/2"):
        elsewhere.add_endpoint(url)
    assert "median" not in cli("test", "--all").out
    elsewhere.set_outcome(DeliveryOutcome("failed", 500), elsewhere.add_endpoint("https://b.example:8443/").id)
    hosts = [one.split() for one in cli("test", "--all").out.splitlines() if ".example" in one]
    assert [["b.example:8443", "0", "1"], ["a.example", "2", "2"]] == [one[:3] for one in hosts]
    assert ["1", "failed"] == hosts[0][-2:]


def test_many_endpoints_are_not_all_listed(cli: Cli, elsewhere: Elsewhere) -> None:
    """They would push the rest off the output; machines and reports get them all."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    for _ in range(51):
        elsewhere.add_endpoint()
    assert "51 of 51 succeeded\n" == cli("test", "--all", "--yes").out
    assert 51 == len(cli("test", "--all", "--yes", "--json").data)


def test_a_key_that_may_not_list_endpoints_tests_those_that_are_named(cli: Cli, elsewhere: Elsewhere) -> None:
    """Their names stay unknown; all of them cannot be tested then."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    endpoint = elsewhere.add_endpoint().id
    elsewhere.ask(lambda server: server.fail("listWebhookEndpoints", Fault.status(403), times=2))
    ended = cli("test", endpoint, "--json")
    assert (0, None) == (ended.status, ended.data[0]["name"])
    assert 3 == cli("test", "--all").status


def test_progress_is_one_line() -> None:
    """Done, pending, rejected, pace, time left, and the reason of a pause."""
    assert (
        "412 of 1,000 done; 188 pending, 12 sending, 3 failed, 1 timed out, 8 refused; 9.8/s, about 72.0 s left; "
        "cooldown: the rate limit was reached, sending continues in 38.2 s"
    ) == line(MIDST)
    assert "8 refused; 9.8/s; cooldown" in line(attrs.evolve(MIDST, seconds_left=0.0))
    beginning = attrs.evolve(MIDST, endpoints=None, states={}, sending=0, pending=0, seconds_left=None, limits=None)
    assert "0 done; 0 pending, 0 refused; 0.0/s" == line(beginning)


def test_progress_goes_to_stderr_where_nothing_can_be_redrawn(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line now and then, so that a log shows that it is alive; with --json none."""
    monkeypatch.setattr(output, "_FIRST_PROGRESS", 0.05)
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    endpoint = elsewhere.add_endpoint().id
    assert "tripwire-async: 0 of 1 done; 1 pending, 0 refused; 0.0/s" in cli("test", endpoint, "--timeout", "1").err
    assert "0 of 1 done" not in cli("test", endpoint, "--timeout", "0.5", "--json").err


@pytest.mark.usefixtures("terminal")
def test_progress_is_a_bar_on_a_terminal(cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is redrawn in place and gone at the end; a cooldown is shown as one."""
    monkeypatch.setattr("tripwire_async.deliveries.listed_tests.make_progress", lambda *_, **__: MIDST)
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    out = cli("test", elsewhere.add_endpoint().id).out
    assert "412 of 1,000 done" in out
    assert "188 pending, 12 sending, 3 failed, 1 timed out, 8 refused" in out
    assert "cooldown: the rate limit was reached" in out
    assert "\x1b[2K" in out
    assert out.endswith("1 of 1 succeeded\n")


def test_the_document_of_a_run_sums_it_up(cli: Cli, elsewhere: Elsewhere) -> None:
    """Programs get the sums."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    elsewhere.add_endpoint("https://a.example/")
    document = json.loads(cli("test", "--all", "--json").out)
    assert ({"succeeded": 1}, "a.example", False) == (
        document["states"],
        document["hosts"][0]["host"],
        document["interrupted"],
    )
