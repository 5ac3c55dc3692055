"""``test`` with a journal, and ``runs``: a run that is paused, continued, shared and listed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.redis_server import RedisServer
from tripwire_async.cli.progress import pace
from tripwire_async.deliveries import Progress
from tripwire_async.testing import DeliveryOutcome, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Elsewhere, Ended
    from tripwire_async.testing import TripwireServer

    Cli = Callable[..., Ended]

COMMAND = [sys.executable, "-m", "tripwire_async"]


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    """Run a Redis server, and return its URL."""
    with RedisServer() as server:
        yield server.url


@pytest.fixture
def journal(tmp_path: Path) -> str:
    """Return the name of a file for a journal."""
    return str(tmp_path / "run.db")


def sent(elsewhere: Elsewhere) -> list[str]:
    """Return the endpoints to which tests were sent."""
    return [
        request.path.split("/")[-2] for request in elsewhere.server.requests if request.operation == "sendTestWebhook"
    ]


def test_a_run_is_recorded_and_its_outcomes_are_kept(
    cli: Cli, elsewhere: Elsewhere, journal: str, tmp_path: Path
) -> None:
    """The same command again answers from the journal, also with the option to resume, and sends nothing."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    ids = [elsewhere.add_endpoint(name=f"hook {number}").id for number in range(3)]
    elsewhere.set_outcome(DeliveryOutcome("failed", 500), ids[1])
    report = tmp_path / "report.html"
    first = cli("test", "--all", "--journal", journal, "--json", "--report", str(report))
    assert (1, ids) == (first.status, [entry["endpoint_id"] for entry in first.data])
    assert "default in " in json.loads(first.out)["about"]["run"]
    assert "3 of 3 tests ended" in report.read_text(encoding="utf-8")
    elsewhere.add_endpoint()
    for again in (("--all", "--journal", journal), (*ids, "--journal", journal), ("--resume", journal)):
        ended = cli("test", *again, "--json")
        assert (1, [entry["state"] for entry in first.data]) == (ended.status, [entry["state"] for entry in ended.data])
        assert "hook 1" == ended.data[1]["name"]
        assert re.search(r"nothing was sent: the run default finished at [-0-9]+ [:0-9]+Z; --run NAME", ended.err)
    assert "nothing was sent" not in first.err
    assert sorted(ids) == sorted(sent(elsewhere))
    shown = cli("runs", "show", journal)
    assert re.search(r"(?m)^by state +(2 succeeded, 1 failed|1 failed, 2 succeeded)$", shown.out)
    assert "continue" not in shown.out
    assert ("finished", 3) == tuple(
        cli("runs", "show", journal, "--json").data[name] for name in ("state", "endpoints")
    )


def test_the_failed_tests_of_a_run_are_a_run_of_their_own(cli: Cli, elsewhere: Elsewhere, journal: str) -> None:
    """With another name in the same journal; a run without a failure has none."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    good, bad = elsewhere.add_endpoint().id, elsewhere.add_endpoint().id
    elsewhere.set_outcome(DeliveryOutcome("failed", 500), bad)
    assert 1 == cli("test", good, bad, "--journal", journal, "--run", "nightly").status
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200), bad)
    again = ("test", "--failed-of", "nightly", "--journal", journal, "--run", "nightly.2", "--json")
    assert [bad] == [entry["endpoint_id"] for entry in cli(*again).data]
    assert [bad] == [entry["endpoint_id"] for entry in cli(*again).data]
    assert [good, bad, bad] == sorted(sent(elsewhere), key=[good, bad].index)
    none = cli("test", "--failed-of", "nightly.2", "--journal", journal, "--run", "nightly.3")
    assert (0, "All tests of the run nightly.2 passed.\n", "") == (none.status, none.out, none.err)
    assert ["nightly", "nightly.2"] == [run["name"] for run in cli("runs", "list", journal, "--json").data]


def settle_all(server: TripwireServer) -> None:
    """End all deliveries with success."""
    for delivery_id in server.deliveries:
        server.settle(delivery_id, "succeeded", response_status=200)


def pause_soon(elsewhere: Elsewhere, number: int, count: int = 1) -> threading.Thread:
    """Send signal *number* to this process *count* times, once a delivery is awaited."""

    def act() -> None:
        elsewhere.wait(lambda server: any(request.operation == "retrieveEvent" for request in server.requests))
        for _ in range(count):
            os.kill(os.getpid(), number)

    thread = threading.Thread(target=act)
    thread.start()
    return thread


@pytest.fixture
def hangup() -> Iterator[None]:
    """Restore the action of SIGHUP, which a run ignores after the first one."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize(
    ("number", "count"),
    [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGHUP, 1), (signal.SIGINT, 2), (signal.SIGHUP, 2)],
)
def test_a_signal_pauses_a_run_and_it_can_be_continued(
    cli: Cli, elsewhere: Elsewhere, journal: str, number: int, count: int
) -> None:
    """The status names the signal, the command to continue is printed, and no test is sent twice."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    ids = [elsewhere.add_endpoint().id for _ in range(2)]
    thread = pause_soon(elsewhere, number, count)
    ended = cli("test", *ids, "--journal", journal, "--run", "nightly", "--json")
    thread.join()
    assert 128 + number == ended.status
    assert ended.err.endswith(f"to continue: tripwire-async test --resume {journal} --run nightly\n")
    assert "paused: 0 of 2 tests ended" in ended.err
    assert ["unknown"] * 2 == [entry["state"] for entry in ended.data]
    shown = cli("runs", "show", journal, "nightly")
    assert re.search(r"(?m)^state +(stopped|paused)$", shown.out)
    assert f"To continue it: tripwire-async test --resume {journal} --run nightly\n" in shown.out
    elsewhere.ask(settle_all)
    resumed = cli("test", "--resume", journal, "--run", "nightly", "--json")
    assert (0, ids) == (resumed.status, [entry["endpoint_id"] for entry in resumed.data])
    assert sorted(ids) == sorted(sent(elsewhere))


@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_without_a_journal_ends_with_a_signal_as_with_ctrl_c(cli: Cli, elsewhere: Elsewhere, number: int) -> None:
    """The outcomes so far are reported, and the status names the signal."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    thread = pause_soon(elsewhere, number)
    ended = cli("test", elsewhere.add_endpoint().id, "--json")
    thread.join()
    assert (128 + number, True) == (ended.status, json.loads(ended.out)["interrupted"])


@pytest.mark.usefixtures("hangup")
def test_a_signal_that_is_ignored_does_not_end_a_run(cli: Cli, elsewhere: Elsewhere) -> None:
    """Of a command that ``nohup`` started."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200, after=0.5))
    thread = pause_soon(elsewhere, signal.SIGHUP)
    ended = cli("test", elsewhere.add_endpoint().id, "--json")
    thread.join()
    assert (0, False) == (ended.status, json.loads(ended.out)["interrupted"])


def test_an_error_that_ends_the_worker_names_the_command_to_continue(
    cli: Cli, elsewhere: Elsewhere, journal: str
) -> None:
    """A revoked key does not end the run."""
    ids = [elsewhere.add_endpoint().id for _ in range(2)]
    elsewhere.ask(lambda server: server.fail("sendTestWebhook", Fault.status(401)))
    ended = cli("test", *ids, "--journal", journal)
    assert 3 == ended.status
    hint, error = ended.err.splitlines()[-2:]
    assert f"tripwire-async: to continue: tripwire-async test --resume {journal}" == hint
    assert "401" in error


def test_two_processes_share_a_run(cli: Cli, elsewhere: Elsewhere, redis: str) -> None:
    """Each test is sent once, both report the whole run, and the journal is in Redis."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200, after=0.2))
    ids = [elsewhere.add_endpoint().id for _ in range(60)]
    command = [*COMMAND, "test", "--all", "--yes", "--journal", redis, "--run", "shared", "--json"]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]  # noqa: S603 - this Python
    for worker in workers:
        out, _ = worker.communicate(timeout=60)
        assert (0, set(ids)) == (worker.returncode, {entry["endpoint_id"] for entry in json.loads(out)["data"]})
    assert sorted(ids) == sorted(sent(elsewhere))
    [run] = cli("runs", "list", redis, "--json").data
    assert ("shared", "finished", 60, {"succeeded": 60}, 0) == (
        run["name"],
        run["state"],
        run["endpoints"],
        {state: count for state, count in run["counts"].items() if count},
        run["workers"],
    )


def test_a_process_that_is_killed_leaves_a_run_that_another_finishes(
    cli: Cli, elsewhere: Elsewhere, journal: str
) -> None:
    """Without a second webhook for any endpoint."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200, after=0.3))
    ids = [elsewhere.add_endpoint().id for _ in range(30)]
    command = [*COMMAND, "test", *ids, "--journal", journal, "--in-flight", "5"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - this Python
        elsewhere.wait(lambda server: len(server.deliveries) >= 8)
        process.kill()
    resumed = cli("test", "--resume", journal, "--json")
    assert (0, ids) == (resumed.status, [entry["endpoint_id"] for entry in resumed.data])
    assert sorted(ids) == sorted(sent(elsewhere))


def test_a_run_can_be_paused_and_dropped_from_elsewhere(cli: Cli, elsewhere: Elsewhere, journal: str) -> None:
    """The worker leaves, as with a signal; a run that is dropped is gone."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    endpoint = elsewhere.add_endpoint().id
    command = [*COMMAND, "test", endpoint, "--journal", journal]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - this Python
        elsewhere.wait(lambda server: any(request.operation == "retrieveEvent" for request in server.requests))
        assert "running" in cli("runs", "list", journal).out
        paused = cli("runs", "pause", journal)
        assert (0, f"Paused. To continue it: tripwire-async test --resume {journal}\n") == (paused.status, paused.out)
        _, err = process.communicate(timeout=20)
    assert (130, True) == (process.returncode, "to continue: tripwire-async test --resume" in err)
    assert "  paused  " in cli("runs", "list", journal).out
    unconfirmed = cli("runs", "drop", journal)
    assert 2 == unconfirmed.status
    assert "Delete the run default of 1 endpoints in" in unconfirmed.err
    assert "Deleted the run default.\n" == cli("runs", "drop", journal, "--yes").out
    gone = cli("runs", "list", journal)
    assert (0, "tripwire-async: the journal has no runs\n") == (gone.status, gone.err)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("test", "--resume", "missing.db"), "missing.db"),
        (("runs", "list", "missing.db"), "missing.db"),
        (("runs", "show", "garbage.db"), "garbage.db"),
        (("test", "--resume", "garbage.db"), "garbage.db"),
        (("test", "we_" + "0" * 32, "--journal", "missing/run.db"), "missing/run.db"),
        (("test", "we_" + "0" * 32, "--journal", "garbage.db"), "garbage.db"),
        (("runs", "show", "redis://127.0.0.1:1"), "127.0.0.1:1"),
        (("runs", "show", "finished.db", "nightly"), "has no run"),
        (("test", "we_" + "1" * 32, "--journal", "finished.db"), "--resume"),
    ],
)
def test_a_journal_that_cannot_be_used_is_one_line(
    cli: Cli,
    elsewhere: Elsewhere,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    """With the status of a usage error, no Python names, and no file made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "garbage.db").write_bytes(b"garbage" * 1000)
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    cli("test", elsewhere.add_endpoint().id, "--journal", "finished.db")
    before = len(sent(elsewhere))
    ended = cli(*arguments)
    assert (2, "") == (ended.status, ended.out)
    [line] = ended.err.splitlines()
    assert words in line
    assert not re.search(r"resume_tests|SqliteJournal|RedisJournal|journal=", line)
    assert before == len(sent(elsewhere))
    assert not (tmp_path / "missing.db").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--resume", "x.db", "--journal", "y.db"), "--resume names the journal, so --journal is not needed"),
        (("--all", "--run", "x"), "--run is the name of a run in a journal: pass --journal or --resume as well"),
        (("--failed-of", "x", "--run", "y"), "--run is the name of a run in a journal"),
        (("--failed-of", "x"), "--failed-of needs --journal and another name for the new run, such as --run x.2"),
        (("--failed-of", "x", "--journal", "y.db", "--run", "x"), "such as --run x.2"),
        (("--resume", "x.db", "--all"), "continue a run with --resume JOURNAL"),
    ],
)
def test_options_of_a_journal_must_fit_together(
    cli: Cli, elsewhere: Elsewhere, arguments: tuple[str, ...], words: str
) -> None:
    """Said before anything is opened or sent."""
    ended = cli("test", *arguments)
    assert (2, True) == (ended.status, words in ended.err)
    assert [] == list(elsewhere.server.requests)


def test_an_unfinished_run_has_no_failed_tests_yet(cli: Cli, elsewhere: Elsewhere, journal: str) -> None:
    """Its outcomes could change; the command to finish it is printed."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    thread = pause_soon(elsewhere, signal.SIGINT)
    cli("test", elsewhere.add_endpoint().id, "--journal", journal, "--run", "a b")
    thread.join()
    ended = cli("test", "--failed-of", "a b", "--journal", journal, "--run", "c")
    assert 2 == ended.status
    assert (
        f"--failed-of a b: the run is not finished: continue it with tripwire-async test --resume {journal} --run 'a b'"
        in ended.err
    )


def test_a_dry_run_creates_no_journal(cli: Cli, elsewhere: Elsewhere, journal: str) -> None:
    """It prints the plan."""
    elsewhere.add_endpoint()
    ended = cli("test", "--all", "--journal", journal, "--dry-run", "--json")
    assert (0, 1) == (ended.status, json.loads(ended.out)["endpoints"])
    assert not os.path.exists(journal)


def test_progress_names_the_workers_if_there_are_several() -> None:
    """Of the whole run."""
    progress = Progress(
        endpoints=10,
        states={"succeeded": 4},
        sending=0,
        pending=0,
        seconds=2.0,
        seconds_left=3.0,
        limits=None,
        workers=3,
    )
    assert "2.0/s by 3 workers, about 3.0 s left" == pace(progress)


def test_the_password_of_a_journal_is_not_printed(cli: Cli) -> None:
    """In the command to continue and in errors."""
    ended = cli("runs", "pause", "redis://:hunter2@127.0.0.1:1")
    assert 2 == ended.status
    assert "hunter2" not in ended.out + ended.err
