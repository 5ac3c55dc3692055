"""Report as a table of comma-separated values, for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .report import Report, ReportedTest

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_TITLES: Final = (
    "endpoint_id",
    "name",
    "url",
    "state",
    "attempts",
    "response_status",
    "latency",
    "seconds",
    "reason",
    "event_id",
    "request_ids",
)


def csv_report(report: Report) -> str:
    """Return *report* as CSV: a row of titles, then one row per endpoint in the order of the endpoints.

    Durations are in seconds. Text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_TITLES)
    for test in report.tests:
        writer.writerow(map(_cell, _row(test)))
    return text.getvalue()


def _row(test: ReportedTest) -> tuple[object, ...]:
    delivery, outcome = test.delivery, test.outcome
    return (
        test.endpoint_id,
        test.name,
        test.url,
        test.state,
        None if delivery is None else delivery.attempts,
        None if delivery is None else delivery.response_status,
        None if test.latency is None else round(test.latency, 3),
        None if test.seconds is None else round(test.seconds, 3),
        test.reason,
        None if outcome is None or outcome.pending is None else outcome.pending.event_id,
        None if outcome is None else " ".join(outcome.request_ids),
    )


def _cell(value: object) -> object:
    """Return *value* as the content of a cell that a spreadsheet shows and does not run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
