"""Result of ``test``: its output and its exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.reports import report_document
from tripwire_async.reports.formatting import duration, state_label
from tripwire_async.reports.report import PASSED

from .exit_codes import ExitCode
from .failure import exit_code
from .outcome_rows import NUMBERS, TITLES, cells
from .output import warn
from .tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripwire_async.deliveries import Plan
    from tripwire_async.models import WebhookEndpoint
    from tripwire_async.reports import Report, ReportedTest

    from .output import Output

_MOST_ROWS: Final = 50
"""Largest table of endpoints; the reports list all of them."""

_LONGEST_RESPONSE: Final = 200
"""Largest number of characters shown of a response."""


def show(output: Output, report: Report, *, interruption: str | None = None) -> None:
    """Print the result by endpoint if there are few, each problem on one line, and the result by host.

    *interruption* describes an interrupted run; by default the tests that have not ended are counted.
    """
    rows = [(test.endpoint_id, *cells(test)) for test in report.tests] if len(report.tests) <= _MOST_ROWS else []
    output.emit(report_document(report), Table(("endpoint", *TITLES), rows, NUMBERS))
    for test in report.tests:
        if not test.passed and not (report.interrupted and _is_cut_off(test)):
            problem = f"{test.endpoint_id}: {state_label(test.state)}: {test.reason}{_response(test)}"
            warn(problem, url_source=output.url_source)
    if report.interrupted:
        unknown, not_started = (report.states.get(state, 0) for state in ("unknown", "not_started"))
        warn(interruption or f"interrupted: {unknown:,} unknown, {not_started:,} not started")
    if len(report.hosts()) > 1:
        output.table(_by_host(report))
    output.line(report.headline)


def status(report: Report) -> ExitCode:
    """Return the exit status for *report*: OK if every test passed."""
    bad = [test for test in report.tests if not test.passed]
    if not bad:
        return ExitCode.OK
    codes = {
        ExitCode.BAD_OUTCOME if test.outcome is None or test.outcome.error is None else exit_code(test.outcome.error)
        for test in bad
    }
    # A problem of all tests, such as a wrong key, has its own status.
    return codes.pop() if len(codes) == 1 and len(bad) == len(report.tests) else ExitCode.BAD_OUTCOME


def _is_cut_off(test: ReportedTest) -> bool:
    """Return whether the run was interrupted before *test* had ended."""
    return test.outcome is None or not test.outcome.is_final


def _response(test: ReportedTest) -> str:
    """Return what the endpoint of a failed *test* responded, which often explains the status."""
    text = " ".join(((test.delivery and test.delivery.response_body) or "").split())
    if len(text) > _LONGEST_RESPONSE:
        text = text[: _LONGEST_RESPONSE - 1] + "…"
    return f" Response: {text}" if text else ""


def _by_host(report: Report) -> Table:
    titles = ("host", "passed", "of", "median", "slowest", "did not pass")
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
    return Table(titles, rows, frozenset({"passed", "of", "median", "slowest"}))


def show_plan(output: Output, plan: Plan, ids: Sequence[str], endpoints: Sequence[WebhookEndpoint]) -> None:
    """Print the endpoints that a run would test, and its estimated requests and duration."""
    details = {endpoint.id: endpoint for endpoint in endpoints}
    rows = [(id_, details[id_].name, details[id_].url) if id_ in details else (id_, None, None) for id_ in ids]
    document = {
        "dry_run": True,
        "endpoints": plan.endpoints,
        "requests": plan.requests,
        "seconds": round(plan.seconds, 1),
        "data": [{"endpoint_id": id_, "name": name, "url": url} for id_, name, url in rows],
    }
    output.emit(document, Table(("endpoint", "name", "url"), rows), none="no active endpoints")
    output.line(
        f"Would send {plan.endpoints:,} tests with about {plan.requests:,} requests"
        f" in about {duration(max(1.0, plan.seconds))}; nothing was sent."
    )
