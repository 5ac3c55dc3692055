"""Record OpenTelemetry metrics of calls and of the rate limit."""

from __future__ import annotations

import asyncio

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, Metrics, RateLimit, RequestLog, Retry
from tripwire_async.testing import Fault, TripwireServer

SHOWN = {
    "http.client.request.duration": "count",
    "tripwire.client.attempts": "value",
    "tripwire.rate_limit.limit": "value",
}


# [chain]
def measured_client(secret_key: str, base_url: str) -> AsyncTripwire:
    """Return a client whose calls are measured, and whose rate limit is reported."""
    rate_limit = RateLimit()
    return AsyncTripwire(
        base_url=base_url,
        middleware=[
            Metrics(rate_limit=rate_limit),
            RequestLog(),
            Retry(),
            rate_limit,
            BearerAuth(secret_key),
        ],
    )


# [main]
async def main() -> None:
    """Make a call whose first attempt fails, and print some of its metrics."""
    # In production: PeriodicExportingMetricReader(OTLPMetricExporter()).
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    async with (
        TripwireServer() as server,
        measured_client(server.secret_key, server.base_url) as tripwire,
    ):
        with server.fail("listWebhookEndpoints", Fault.status(503), times=1):
            await tripwire.webhooks.list_endpoints(server.organization_id)
        data = reader.get_metrics_data()
    assert data is not None
    found = {
        metric.name: point
        for scope in data.resource_metrics[0].scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }
    for name, field in SHOWN.items():
        print(f"{name}: {getattr(found[name], field)}")


if __name__ == "__main__":
    asyncio.run(main())
