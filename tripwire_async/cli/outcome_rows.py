"""Table rows for the tests of endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tripwire_async.reports import ReportedTest

TITLES: Final = ("status", "attempts", "response", "ms", "request id")
NUMBERS: Final = frozenset({"attempts", "response", "ms"})


def cells(test: ReportedTest) -> tuple[object, ...]:
    """Return the cells under `TITLES` for a test that has ended."""
    delivery, outcome = test.delivery, test.outcome
    return (
        test.state.replace("_", " "),
        None if delivery is None else delivery.attempts,
        None if delivery is None else delivery.response_status,
        None if test.seconds is None else round(test.seconds * 1000),
        None if outcome is None or not outcome.request_ids else outcome.request_ids[0],
    )


def progress_cells(test: ReportedTest) -> tuple[object, ...]:
    """Return the cells for a test that may not have ended, with its phase as the status."""
    outcome = test.outcome
    if outcome is not None and outcome.is_final:
        return cells(test)
    if outcome is None or outcome.pending is None:
        return ("sending", None, None, None, None)
    stage = "pending" if outcome.delivery is None else str(outcome.delivery.status)
    _, attempts, response, _, request_id = cells(test)
    return (stage, attempts, response, None, request_id)
