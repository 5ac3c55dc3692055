"""Report as a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tripwire_async._codec.converter import unstructure
from tripwire_async._secrets.redaction import redact

if TYPE_CHECKING:
    from tripwire_async.models import WebhookDelivery

    from .report import HostSummary, Report, ReportedTest


def report_document(report: Report) -> dict[str, Any]:
    """Return *report* as dicts and lists for `json.dumps`; durations are in seconds, times in ISO 8601."""
    return {
        "organization_id": report.organization_id,
        "started_at": report.started_at.isoformat(),
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "about": dict(report.about),
        "endpoints": len(report.tests),
        "passed": report.passed,
        "states": dict(report.states),
        "reasons": [
            {"reason": reason.text, "states": dict(reason.states), "endpoint_ids": list(reason.endpoint_ids)}
            for reason in report.reasons()
        ],
        "hosts": [_host(host) for host in report.hosts()],
        "data": [_test(test) for test in report.tests],
    }


def _host(host: HostSummary) -> dict[str, Any]:
    return {
        "host": host.host,
        "endpoints": host.endpoints,
        "passed": host.passed,
        "states": dict(host.states),
        "median_latency": host.median,
        "slowest_latency": host.slowest,
    }


def _test(test: ReportedTest) -> dict[str, Any]:
    outcome = test.outcome
    pending = None if outcome is None else outcome.pending
    error = None if outcome is None else outcome.error
    return {
        "endpoint_id": test.endpoint_id,
        "name": test.name,
        "url": test.url,
        "state": test.state,
        "event_id": None if pending is None else pending.event_id,
        "request_ids": [] if outcome is None else list(outcome.request_ids),
        "attempts": 0 if outcome is None else outcome.attempts,
        "latency": test.latency,
        "seconds": None if test.seconds is None else round(test.seconds, 3),
        "timings": None
        if outcome is None
        else {name: round(value, 3) for name, value in attrs.asdict(outcome.timings).items()},
        "delivery": None if test.delivery is None else _delivery(test.delivery),
        "error": None if error is None else {"type": type(error).__name__, "message": redact(str(error))},
    }


def _delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return *delivery* in the format of the API, with secrets in the endpoint's response redacted."""
    shown: dict[str, Any] = unstructure(delivery)
    for field in ("response_body", "error"):
        if shown[field] is not None:
            shown[field] = redact(shown[field])
    return shown
