"""What ``test`` says at its end, and the exit status that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.reports import report_document
from tripwire_async.reports._words import in_words, seconds_in_words
from tripwire_async.reports.report import GOOD

from .exit_codes import ExitCode
from .output import complain
from .runner import exit_code
from .tables import Table
from .test_rows import NUMBERS, TITLES, cells

if TYPE_CHECKING:
    from tripwire_async.reports import Report, ReportedTest

    from .output import Screen

_MOST_ROWS: Final = 50
"""With more endpoints a table of all would push everything else off the screen; the reports have them."""


def show(screen: Screen, report: Report) -> None:
    """Print what became of the tests, by endpoint if they are few, each trouble in a line, and by host."""
    rows = [(test.endpoint_id, *cells(test)) for test in report.tests] if len(report.tests) <= _MOST_ROWS else []
    screen.show(report_document(report), Table(("endpoint", *TITLES), rows, NUMBERS))
    for test in report.tests:
        if not test.is_good and not (report.interrupted and _is_cut_off(test)):
            complain(f"{test.endpoint_id}: {in_words(test.state)}: {test.trouble}")
    if report.interrupted:
        under_way, not_begun = (report.states.get(state, 0) for state in ("unknown", "not_begun"))
        complain(f"interrupted: the end of {under_way:,} is unknown, and {not_begun:,} were not begun")
    if len(report.hosts()) > 1:
        screen.table(_by_host(report))
    screen.say(f"{report.good:,} of {len(report.tests):,} succeeded")


def status(report: Report) -> ExitCode:
    """Return the exit status for *report*: OK only if every test came out as it should."""
    bad = [test for test in report.tests if not test.is_good]
    if not bad:
        return ExitCode.OK
    codes = {
        ExitCode.BAD_OUTCOME if test.outcome is None or test.outcome.error is None else exit_code(test.outcome.error)
        for test in bad
    }
    # One trouble that befell all is told by its own status: a wrong key, a server that is not there.
    return codes.pop() if len(codes) == 1 and len(bad) == len(report.tests) else ExitCode.BAD_OUTCOME


def _is_cut_off(test: ReportedTest) -> bool:
    """Say whether nothing but the end of the run kept *test* from its own."""
    return test.outcome is None or (test.state == "unknown" and test.outcome.error is None)


def _by_host(report: Report) -> Table:
    titles = ("host", "succeeded", "of", "median", "slowest", "otherwise")
    rows = [
        (
            host.host or "unknown",
            host.good,
            host.endpoints,
            seconds_in_words(host.median),
            seconds_in_words(host.slowest),
            ", ".join(f"{count:,} {in_words(state)}" for state, count in host.states.items() if state not in GOOD)
            or None,
        )
        for host in report.hosts()
    ]
    return Table(titles, rows, frozenset({"succeeded", "of", "median", "slowest"}))
