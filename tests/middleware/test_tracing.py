"""Tests of `Tracing` with the OpenTelemetry SDK."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.support.requests import answer, request
from tripwire_async.errors import ConfigurationError, TransportError
from tripwire_async.middleware import Retry, Tracing, compose

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from tripwire_async.middleware import Request, Response


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(spans: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider.get_tracer("test")


async def test_a_call_is_one_client_span_without_ids(spans: InMemorySpanExporter, tracer: Tracer) -> None:
    """Its name is the method and the path template; no ids, headers or bodies are recorded."""

    async def handler(_: Request) -> Response:
        return answer(200, {"x-request-id": "req_1"}, b"body")

    await compose([Tracing(tracer)], handler)(request())
    (span,) = spans.get_finished_spans()
    assert ("GET /v1/things/{thingId}", SpanKind.CLIENT) == (span.name, span.kind)
    assert {
        "http.request.method": "GET",
        "url.template": "/v1/things/{thingId}",
        "server.address": "api.example",
        "server.port": 443,
        "tripwire.operation": "retrieveThing",
        "http.response.status_code": 200,
        "tripwire.request_id": "req_1",
    } == dict(span.attributes or {})
    assert span.status.status_code is StatusCode.UNSET


async def test_a_url_without_a_host_has_an_empty_address(spans: InMemorySpanExporter, tracer: Tracer) -> None:
    """A program's own transport may use one, for example for a socket in the file system."""

    async def handler(_: Request) -> Response:
        return answer()

    await compose([Tracing(tracer)], handler)(request(url="unix:///run/api.socket"))
    (span,) = spans.get_finished_spans()
    attributes = span.attributes or {}
    assert ("", 0) == (attributes["server.address"], attributes["server.port"])


async def test_the_trace_is_propagated_to_the_service(spans: InMemorySpanExporter, tracer: Tracer) -> None:
    """The header contains the trace id of the span."""
    seen: list[str] = []

    async def handler(sent: Request) -> Response:
        seen.append(sent.headers["traceparent"])
        return answer()

    await compose([Tracing(tracer)], handler)(request())
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert seen[0].startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")


@pytest.mark.parametrize("status", [400, 404, 599])
async def test_an_error_status_fails_the_span(spans: InMemorySpanExporter, tracer: Tracer, status: int) -> None:
    """The error type is the status."""

    async def handler(_: Request) -> Response:
        return answer(status)

    assert status == (await compose([Tracing(tracer)], handler)(request())).status
    (span,) = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert str(status) == span.attributes["error.type"]


@pytest.mark.parametrize(
    "error", [TransportError("lost, and sk_live_canary with it", maybe_sent=True), asyncio.CancelledError()]
)
async def test_an_exception_propagates_and_only_its_class_is_recorded(
    spans: InMemorySpanExporter, tracer: Tracer, error: BaseException
) -> None:
    """Spans are exported to other systems, so the message is not recorded."""

    async def handler(_: Request) -> Response:
        raise error

    with pytest.raises(type(error)):
        await compose([Tracing(tracer)], handler)(request())
    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert type(error).__name__ == span.attributes["error.type"]
    assert "canary" not in span.to_json()


@pytest.mark.virtual_time
async def test_a_span_outside_retry_counts_resends_and_inside_each_attempt_has_a_span(
    spans: InMemorySpanExporter, tracer: Tracer
) -> None:
    """The position in the chain decides."""
    statuses = [503, 503, 200] * 2

    async def handler(sent: Request) -> Response:
        sent.stats.attempts += 1
        return answer(statuses.pop(0))

    await compose([Tracing(tracer), Retry()], handler)(request())
    (whole,) = spans.get_finished_spans()
    assert whole.attributes is not None
    assert 2 == whole.attributes["http.request.resend_count"]
    spans.clear()
    await compose([Retry(), Tracing(tracer)], handler)(request())
    attempts = [span.attributes or {} for span in spans.get_finished_spans()]
    assert [503, 503, 200] == [attempt["http.response.status_code"] for attempt in attempts]
    assert not any("http.request.resend_count" in attempt for attempt in attempts)


@pytest.mark.virtual_time
async def test_a_single_resend_is_counted(spans: InMemorySpanExporter, tracer: Tracer) -> None:
    """A call without one has no such attribute."""
    statuses = [503, 200, 200]

    async def handler(sent: Request) -> Response:
        sent.stats.attempts += 1
        return answer(statuses.pop(0))

    chain = compose([Tracing(tracer), Retry()], handler)
    await chain(request())
    await chain(request())
    resends = [(span.attributes or {}).get("http.request.resend_count") for span in spans.get_finished_spans()]
    assert [1, None] == resends


async def test_without_a_provider_nothing_is_recorded_and_nothing_fails() -> None:
    """Without the SDK the API creates spans that are discarded."""

    async def handler(_: Request) -> Response:
        return answer()

    assert 200 == (await compose([Tracing()], handler)(request())).status


def test_a_missing_extra_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message contains the command that installs it."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigurationError, match=r"tripwire-async\[otel\]"):
        Tracing()
