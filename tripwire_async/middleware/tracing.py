"""OpenTelemetry spans for calls and attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._http.headers import header
from tripwire_async.errors import ConfigurationError

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler


@final
class Tracing:
    """Create a client span for each call or attempt, and propagate the trace to the service.

    As the first middleware it creates one span per call, including all waits. After `Retry` it creates one span per
    attempt. Span names and attributes follow OpenTelemetry's conventions for HTTP clients and use the path template;
    ids, headers and bodies are never recorded. The program's propagators add their headers, usually ``traceparent``.

    Args:
        tracer: Creates the spans; the default is the tracer ``tripwire_async`` of the global provider.

    Raises:
        ConfigurationError: The extra ``otel`` is not installed.
    """

    __slots__ = ("_tracer",)

    def __init__(self, tracer: Tracer | None = None) -> None:
        try:
            from opentelemetry import trace  # noqa: PLC0415 - an extra
        except ImportError:
            msg = "Tracing needs the package opentelemetry-api: run pip install 'tripwire-async[otel]'"
            raise ConfigurationError(msg) from None
        self._tracer = trace.get_tracer("tripwire_async") if tracer is None else tracer

    def __repr__(self) -> str:
        return "<Tracing>"

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Pass *request* on within a span."""
        from opentelemetry import propagate, trace  # noqa: PLC0415 - an extra

        operation = request.operation
        with self._tracer.start_as_current_span(
            f"{operation.method} {operation.path}",
            kind=trace.SpanKind.CLIENT,
            attributes={
                "http.request.method": operation.method,
                "url.template": operation.path,
                "server.address": request.url.host or "",
                "server.port": request.url.port or 0,
                "tripwire.operation": operation.id,
            },
            # An exception message can contain private data. Its class is in `error.type`.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            carrier: dict[str, str] = {}
            propagate.inject(carrier)
            for name, value in carrier.items():
                request = request.with_header(name, value)
            before = request.stats.attempts
            try:
                response = await call_next(request)
            except BaseException as error:
                _set_error(span, type(error).__name__)
                raise
            finally:
                if (resent := request.stats.attempts - before - 1) > 0:
                    span.set_attribute("http.request.resend_count", resent)
            span.set_attribute("http.response.status_code", response.status)
            if (request_id := header(response.headers, "X-Request-Id")) is not None:
                span.set_attribute("tripwire.request_id", request_id)
            if response.status >= 400:
                _set_error(span, str(response.status))
            return response


def _set_error(span: Span, error_type: str) -> None:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - an extra

    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR)
