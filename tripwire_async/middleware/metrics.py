"""OpenTelemetry metrics of calls and of the rate limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.metrics import CallbackOptions, Meter, Observation

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler

    from .rate_limit import RateLimit

_REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300)
"""Bounds of HTTP's conventions, in seconds, and some longer ones, because a call includes its waits."""
_WAIT_BUCKETS: Final = (0, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


@final
class Metrics:
    """Record metrics of each call or attempt, and report the state of the rate limit.

    As the first middleware it measures calls, including all waits. After `Retry` it measures attempts. Metric names and
    attributes follow OpenTelemetry's conventions for HTTP clients and use the path template; ids, headers and bodies
    are never recorded.

    Args:
        meter: Creates the instruments; the default is the meter ``tripwire_async`` of the global provider.
        rate_limit: The rate limit of the same chain, whose state is reported; None reports none.
        clock: The time source.

    Raises:
        ConfigurationError: The extra ``otel`` is not installed.
    """

    __slots__ = ("_attempts", "_backoff", "_clock", "_duration", "_resends", "_wait")

    def __init__(
        self, meter: Meter | None = None, *, rate_limit: RateLimit | None = None, clock: Clock = LOOP_CLOCK
    ) -> None:
        try:
            from opentelemetry import metrics  # noqa: PLC0415 - an extra
        except ImportError:
            msg = "Metrics needs the package opentelemetry-api: run pip install 'tripwire-async[otel]'"
            raise ConfigurationError(msg) from None
        meter = metrics.get_meter("tripwire_async") if meter is None else meter
        self._clock = clock
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of calls or attempts.",
            explicit_bucket_boundaries_advisory=_REQUEST_BUCKETS,
        )
        self._attempts = meter.create_counter("tripwire.client.attempts", "{attempt}", "Attempts of calls.")
        self._resends = meter.create_counter("tripwire.client.resends", "{attempt}", "Attempts after the first one.")
        self._wait = meter.create_histogram(
            "tripwire.client.rate_limit.wait_time",
            "s",
            "Waits for the rate limit, a cooldown or an in-flight slot.",
            explicit_bucket_boundaries_advisory=_WAIT_BUCKETS,
        )
        self._backoff = meter.create_histogram(
            "tripwire.client.backoff.wait_time",
            "s",
            "Waits between the attempts of a call.",
            explicit_bucket_boundaries_advisory=_WAIT_BUCKETS,
        )
        if rate_limit is not None:
            _observe(meter, rate_limit)

    def __repr__(self) -> str:
        return "<Metrics>"

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Pass *request* on, and record how it ended."""
        stats = request.stats
        before = stats.attempts, stats.rate_limit_wait, stats.backoff_wait
        started = self._clock.now()
        result: dict[str, str | int]
        try:
            response = await call_next(request)
        except GeneratorExit:
            # The garbage collector ends the call, perhaps while this thread holds a lock of the metrics.
            raise
        except BaseException as error:
            self._record(request, before, started, {"error.type": type(error).__name__})
            raise
        result = {"http.response.status_code": response.status}
        if response.status >= 400:
            result["error.type"] = str(response.status)
        self._record(request, before, started, result)
        return response

    def _record(
        self, request: Request, before: tuple[int, float, float], started: float, result: dict[str, str | int]
    ) -> None:
        """Record the call or attempt that *started* with the counts *before* and ended with *result*."""
        operation, stats = request.operation, request.stats
        attempts, wait, backoff = before
        attributes = {"tripwire.operation": operation.id, "tripwire.priority": request.priority}
        made = stats.attempts - attempts
        self._attempts.add(made, attributes)
        self._resends.add(max(0, made - 1), attributes)
        self._wait.record(stats.rate_limit_wait - wait, attributes)
        self._backoff.record(stats.backoff_wait - backoff, attributes)
        self._duration.record(
            self._clock.now() - started,
            {
                "http.request.method": operation.method,
                "url.template": operation.path,
                "server.address": request.url.host or "",
                "server.port": request.url.port or 0,
                **attributes,
                **result,
            },
        )


def _observe(meter: Meter, rate_limit: RateLimit) -> None:
    """Report the state of *rate_limit* whenever the metrics are read."""
    from opentelemetry.metrics import Observation  # noqa: PLC0415 - an extra

    def read(field: str) -> list[Callable[..., Iterable[Observation]]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            value: float | None = getattr(rate_limit.totals(), field)
            return () if value is None else (Observation(value),)

        return [observe]

    gauge, counter, up_down = (
        meter.create_observable_gauge,
        meter.create_observable_counter,
        meter.create_observable_up_down_counter,
    )
    # Each metric has the name of a field of `RateLimitTotals`.
    for field, create, unit, description in (
        ("limit", gauge, "{request}", "Requests that the service accepts per window."),
        ("window", gauge, "s", "Upper bound of the length of the service's window."),
        ("in_flight", up_down, "{request}", "Requests in flight."),
        ("waiting", up_down, "{call}", "Calls that wait for the rate limit."),
        ("cooldown", gauge, "s", "Seconds until the end of the cooldown; 0 without one."),
        ("rejections", counter, "{request}", "Requests that were rejected with the status 429."),
        (
            "shared",
            gauge,
            "1",
            "1 while the limit is shared with other processes, 0 while the store cannot be reached.",
        ),
    ):
        create(f"tripwire.rate_limit.{field}", read(field), unit, description)
