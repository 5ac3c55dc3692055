"""Spans for OpenTelemetry, where a program uses it."""

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
    """Make a client span of each call, or of each attempt, and tell the service which trace it belongs to.

    Put it first for one span a call, with everything that the call waits for; put it after `Retry` for one span an
    attempt. Spans are named and described as OpenTelemetry's conventions for HTTP clients want it, by the path
    template: no ids, no headers and no bodies are in them. The trace goes along in the headers that the program's
    propagators write, ``traceparent`` as a rule.

    Args:
        tracer: What makes the spans; None for the tracer ``tripwire_async`` of the program's provider.

    Raises:
        ConfigurationError: The extra ``otel`` is not installed.
    """

    __slots__ = ("_tracer",)

    def __init__(self, tracer: Tracer | None = None) -> None:
        try:
            from opentelemetry import trace  # noqa: PLC0415 - an extra
        except ImportError:
            msg = "Tracing needs the package opentelemetry-api: pip install 'tripwire-async[otel]'"
            raise ConfigurationError(msg) from None
        self._tracer = trace.get_tracer("tripwire_async") if tracer is None else tracer

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Hand *request* on within a span."""
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
            # The text of an exception can hold what a span should not; its class is in `error.type`.
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
                _failed(span, type(error).__name__)
                raise
            finally:
                if (repeated := request.stats.attempts - before - 1) > 0:
                    span.set_attribute("http.request.resend_count", repeated)
            span.set_attribute("http.response.status_code", response.status)
            if (request_id := header(response.headers, "X-Request-Id")) is not None:
                span.set_attribute("tripwire.request_id", request_id)
            if response.status >= 400:
                _failed(span, str(response.status))
            return response


def _failed(span: Span, why: str) -> None:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - an extra

    span.set_attribute("error.type", why)
    span.set_status(StatusCode.ERROR)
