"""What ``test`` says at its end, and the exit status that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.reports import report_document
from tripwire_async.reports.formatting import duration, state_label
from tripwire_async.reports.report import PASSED

from .exit_codes import ExitCode
from .outcome_rows import NUMBERS, TITLES, cells
from .output import warn
from .runner import exit_code
from .tables import Table

if TYPE_CHECKING:
    from tripwire_async.reports import Report, ReportedTest

    from .output import Output

_MOST_ROWS: Final = 50
"""With more endpoints a table of all would push everything else off the output; the reports have them."""


def show(output: Output, report: Report) -> None:
    """Print what became of the tests, by endpoint if they are few, each reason in a line, and by host."""
    rows = [(test.endpoint_id, *cells(test)) for test in report.tests] if len(report.tests) <= _MOST_ROWS else []
    output.emit(report_document(report), Table(("endpoint", *TITLES), rows, NUMBERS))
    for test in report.tests:
        if not test.passed and not (report.interrupted and _is_cut_off(test)):
            warn(f"{test.endpoint_id}: {state_label(test.state)}: {test.reason}")
    if report.interrupted:
        under_way, not_started = (report.states.get(state, 0) for state in ("unknown", "not_started"))
        warn(f"interrupted: the end of {under_way:,} is unknown, and {not_started:,} were not begun")
    if len(report.hosts()) > 1:
        output.table(_by_host(report))
    output.line(f"{report.passed:,} of {len(report.tests):,} succeeded")


def status(report: Report) -> ExitCode:
    """Return the exit status for *report*: OK only if every test came out as it should."""
    bad = [test for test in report.tests if not test.passed]
    if not bad:
        return ExitCode.OK
    codes = {
        ExitCode.BAD_OUTCOME if test.outcome is None or test.outcome.error is None else exit_code(test.outcome.error)
        for test in bad
    }
    # One reason that befell all is told by its own status: a wrong key, a server that is not there.
    return codes.pop() if len(codes) == 1 and len(bad) == len(report.tests) else ExitCode.BAD_OUTCOME


def _is_cut_off(test: ReportedTest) -> bool:
    """Return whether the run was interrupted before *test* had ended."""
    return test.outcome is None or not test.outcome.is_final


def _by_host(report: Report) -> Table:
    titles = ("host", "succeeded", "of", "median", "slowest", "otherwise")
    rows = [
        (
            host.host or "unknown",
            host.passed,
            host.endpoints,
            duration(host.median),
            duration(host.slowest),
            ", ".join(f"{count:,} {state_label(state)}" for state, count in host.states.items() if state not in PASSED)
            or None,
        )
        for host in report.hosts()
    ]
    return Table(titles, rows, frozenset({"succeeded", "of", "median", "slowest"}))
