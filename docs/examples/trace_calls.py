"""Create OpenTelemetry spans for calls and for attempts."""

from __future__ import annotations

import asyncio

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RequestLog, Retry, Tracing
from tripwire_async.testing import Fault, TripwireServer


# [chain]
def traced_client(secret_key: str, base_url: str) -> AsyncTripwire:
    """Return a client with a span per call and a span per attempt."""
    return AsyncTripwire(
        base_url=base_url,
        middleware=[
            Tracing(),
            RequestLog(),
            Retry(),
            Tracing(),
            RateLimit(),
            BearerAuth(secret_key),
        ],
    )


# [main]
async def main() -> None:
    """Make a call whose first attempt fails, and print its spans."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    async with (
        TripwireServer() as server,
        traced_client(server.secret_key, server.base_url) as tripwire,
    ):
        with server.fail("listWebhookEndpoints", Fault.status(503), times=1):
            await tripwire.webhooks.list_endpoints(server.organization_id)
    for span in exporter.get_finished_spans():
        attributes = span.attributes or {}
        kind = "call" if span.parent is None else "  attempt"
        print(
            kind,
            attributes["http.response.status_code"],
            attributes.get("http.request.resend_count", 0),
        )


if __name__ == "__main__":
    asyncio.run(main())
