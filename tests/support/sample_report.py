"""Sample outcomes of every state, with hostile names and response bodies."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from tripwire_async.deliveries import TestOutcome, TestTimings
from tripwire_async.deliveries._record import DeliveryRecord
from tripwire_async.deliveries.pending import PendingDelivery
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.errors import DeliveryTimeoutError, TransportError
from tripwire_async.models import (
    WebhookDelivery,
    WebhookDeliveryEventType,
    WebhookDeliveryStatus,
    WebhookEndpoint,
    WebhookEndpointStatus,
)
from tripwire_async.reports import make_report

if TYPE_CHECKING:
    from tripwire_async.deliveries.delivery_poller import DeliveryPoller
    from tripwire_async.reports import Report

STARTED_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ORGANIZATION = "org_" + "0" * 32
HOSTS = ("hooks.example.com", "shop.example.org:8443", "a-rather-long-name.of.a.customer.example.net")

CANARY = "<script>window.canary = 1</script><img src=x onerror='window.canary=2'>\"'&amp;"
SECRET = "sk_live_" + "s3cr3t" * 5


def endpoint_id(number: int) -> str:
    return f"we_{number:032x}"


def endpoint(number: int, *, name: str | None = None, url: str | None = None) -> WebhookEndpoint:
    return WebhookEndpoint(
        object="webhook_endpoint",
        id=endpoint_id(number),
        name=f"customer {number}" if name is None else name,
        url=f"https://{HOSTS[number % 3]}/hooks/{number}" if url is None else url,
        status=WebhookEndpointStatus.ACTIVE,
        event_types=(),
        created_at=STARTED_AT,
        updated_at=STARTED_AT,
    )


def delivery(number: int, status: str, seconds: float = 0.25, **fields: Any) -> WebhookDelivery:
    defaults: dict[str, Any] = {"attempts": 1, "response_status": 200, "response_body": "ok", "error": None}
    return WebhookDelivery(
        object="webhook_delivery",
        id=f"wdlv_{number:032x}",
        event_id=f"wevt_{number:032x}",
        endpoint_id=endpoint_id(number),
        event_type=WebhookDeliveryEventType.WEBHOOK_TEST,
        status=WebhookDeliveryStatus(status),
        created_at=STARTED_AT,
        updated_at=STARTED_AT + timedelta(seconds=seconds),
        **defaults | fields,
    )


def _never(organization_id: str) -> DeliveryPoller:
    raise AssertionError


def outcome(
    number: int, state: str, latest: WebhookDelivery | None = None, error: Exception | None = None
) -> TestOutcome:
    pending = None
    if latest is not None:
        reference = DeliveryReference(
            organization_id=ORGANIZATION,
            event_id=latest.event_id,
            endpoint_id=endpoint_id(number),
            delivery_ids=(latest.id,),
        )
        pending = PendingDelivery(DeliveryRecord(reference, latest, None, None), _never, f"req_{number:032x}")
    return TestOutcome(
        endpoint_id=endpoint_id(number),
        state=state,  # type: ignore[arg-type] - a valid state
        delivery=latest,
        error=error,
        pending=pending,
        attempts=1,
        request_ids=() if pending is None else (f"req_{number:032x}",),
        timings=TestTimings(queued=3.0, rate_limit_wait=0.5, backoff_wait=0.0, network_time=0.02, settling=0.4),
    )


def every_kind() -> list[TestOutcome]:
    """Return an outcome of each state: endpoint 0 succeeded, 1 failed, and so on."""
    late = DeliveryTimeoutError(
        "the delivery had not settled after 60 seconds", event_id="wevt_x", endpoint_id=endpoint_id(2), latest=None
    )
    failed = delivery(
        1, "failed", 4.2, attempts=3, response_status=500, response_body=CANARY + SECRET, error=f"500 {CANARY}"
    )
    return [
        outcome(0, "succeeded", delivery(0, "succeeded")),
        outcome(1, "failed", failed),
        outcome(2, "timed_out", delivery(2, "delivering", attempts=2, response_status=503), late),
        outcome(3, "refused", None, ValueError(f"no such thing as {CANARY} {SECRET}")),
        outcome(4, "unknown", None, TransportError("the connection was lost", maybe_sent=True, attempts=1)),
        outcome(5, "skipped", delivery(5, "skipped", attempts=0, response_status=None, response_body=None)),
    ]


def kinds_report(**changes: Any) -> Report:
    """Return a report with each state, and an endpoint whose test was not started."""
    endpoints = [
        endpoint(0),
        endpoint(1, name=CANARY, url=f"https://user:{SECRET}@{HOSTS[1]}/{'long/' * 30}?token={SECRET}#{SECRET}"),
        endpoint(2, name=f"my key is {SECRET}"),
        endpoint(5, url="https://[broken/"),
        endpoint(6),
    ]
    given: dict[str, Any] = {
        "organization_id": ORGANIZATION,
        "started_at": STARTED_AT,
        "seconds": 75.25,
        "endpoints": endpoints,
        "endpoint_ids": [endpoint_id(number) for number in range(7)],
    }
    return make_report(every_kind(), **given | changes)


def large_report(count: int = 1000) -> Report:
    """Return a report of *count* endpoints, most of which succeeded."""
    rng = random.Random(7)  # noqa: S311 - reproducible sample data
    outcomes: list[TestOutcome] = []
    for number in range(count):
        seconds = rng.lognormvariate(-1.2, 0.9)
        if rng.random() < 0.04:
            broken = delivery(
                number, "failed", seconds * 8, attempts=5, response_status=502, response_body="Bad gateway", error="502"
            )
            outcomes.append(outcome(number, "failed", broken))
        elif rng.random() < 0.01:
            outcomes.append(outcome(number, "refused", None, ValueError("sendTestWebhook: 404 not found")))
        else:
            outcomes.append(outcome(number, "succeeded", delivery(number, "succeeded", seconds)))
    return make_report(
        outcomes,
        organization_id=ORGANIZATION,
        started_at=STARTED_AT,
        seconds=76.5,
        endpoints=[endpoint(number) for number in range(count)],
    )


ABOUT = {
    "API": "https://api.example.com",
    "limits": "200 in flight, 30 s per attempt, 5 min 00 s per call",
    "command": f"tripwire-async test --all --base-url https://user:{SECRET}@api.example.com",
}


def mixed_report(count: int = 300) -> Report:
    """Return a report of *count* endpoints in every state, with long URLs, as for printing."""
    kinds = every_kind()
    outcomes: list[TestOutcome] = []
    for number in range(count):
        kind = kinds[number % len(kinds)] if number % 2 else kinds[0]
        latest = kind.delivery and attrs.evolve(kind.delivery, endpoint_id=endpoint_id(number))
        error = kind.error
        if kind.state == "refused":
            error = ValueError(f"sendTestWebhook: 404 not_found: no such endpoint (request req_{number:032x})")
        outcomes.append(outcome(number, kind.state, latest, error))
    return make_report(
        outcomes,
        organization_id=ORGANIZATION,
        started_at=STARTED_AT,
        seconds=76.5,
        endpoints=[
            endpoint(number, url=f"https://{HOSTS[number % 3]}/api/v2/integrations/webhooks/{number}/tripwire")
            for number in range(count)
        ],
        about=ABOUT,
    )
