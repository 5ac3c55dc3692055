"""State of a server as JSON, for the control API and the page."""

from __future__ import annotations

import shlex
from itertools import islice
from typing import TYPE_CHECKING, Final

from tripwire_async._version import __version__
from tripwire_async.receiver import sign_webhook
from tripwire_async.testing._service.messages import encode
from tripwire_async.testing.clock import ManualClock

if TYPE_CHECKING:
    from tripwire_async.testing._server.controls import ServerControls
    from tripwire_async.testing._service.dispatcher import RecordedRequest
    from tripwire_async.testing._service.records import Delivery, Endpoint, JsonObject

NEWEST: Final = 200
"""Number of deliveries and requests in a view."""


def state(server: ServerControls) -> JsonObject:
    """Return everything that the page shows, newest deliveries and requests first."""
    deliveries, requests = server.state.deliveries, server.requests
    return {
        "service": {
            "profile": server.profile.name,
            "title": server.profile.title,
            "base_url": server.base_url,
            "organization_id": server.organization_id,
            "version": __version__,
        },
        "endpoints": [_endpoint(server, endpoint) for endpoint in server.state.endpoints.values()],
        "deliveries": [_delivery(delivery) for delivery in islice(reversed(deliveries.values()), NEWEST)],
        "requests": [_request(request) for request in islice(reversed(requests), NEWEST)],
        "faults": [rule.describe() for rule in server.faults.rules],
        "totals": {
            "deliveries": len(deliveries),
            "requests": server.received,
            "rate_limited": server.rate_limited,
        },
        "limit": server.limit_use(),
        "clock": {"manual": isinstance(server.clock, ManualClock), "time": server.state.calendar.timestamp()},
    }


def webhook(server: ServerControls, delivery: Delivery) -> JsonObject:
    """Return *delivery* with its webhook, signed now, so that its `curl` line passes the check of the age."""
    body = encode(delivery.event.envelope())
    endpoint = delivery.endpoint
    timestamp = int(server.state.calendar.unix_time())
    signature = sign_webhook(body, endpoint.signing_secret, timestamp, profile=server.profile)
    headers = {"Content-Type": "application/json", **signature}
    text = body.decode()
    words = ["curl", "--request", "POST", endpoint.url]
    for name, value in headers.items():
        words += ["--header", f"{name}: {value}"]
    curl = shlex.join([*words, "--data-raw", text])
    return {**_delivery(delivery), "webhook": {"url": endpoint.url, "headers": headers, "body": text, "curl": curl}}


def _endpoint(server: ServerControls, endpoint: Endpoint) -> JsonObject:
    outcome = server.outcome_for(endpoint.id)
    return {**endpoint.to_json(), "outcome": None if outcome is None else outcome.status}


def _delivery(delivery: Delivery) -> JsonObject:
    return {**delivery.to_json(), "endpoint_name": delivery.endpoint.name, "latency": delivery.latency}


def _request(request: RecordedRequest) -> JsonObject:
    return {
        "id": request.request_id,
        "time": request.received_at,
        "method": request.method,
        "path": request.path,
        "operation": request.operation,
        "status": request.status,
        "duration": request.duration,
        "retry_after": request.retry_after,
        "client_request_id": request.headers.get("x-client-request-id"),
    }
