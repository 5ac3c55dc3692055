"""Tests of `Metrics` with the OpenTelemetry SDK."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from tests.support.fake_store import FakeStore
from tests.support.rate_limits import call
from tests.support.requests import answer, limited, request
from tripwire_async.errors import ConfigurationError, TransportError
from tripwire_async.middleware import Metrics, RateLimit, Retry, Tracing, compose

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

    from tripwire_async.middleware import Request, Response


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def meter(reader: InMemoryMetricReader) -> Meter:
    return MeterProvider([reader]).get_meter("test")


def points(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    """Return the data points of each metric."""
    data = reader.get_metrics_data()
    return {
        metric.name: list(metric.data.data_points)
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def values(reader: InMemoryMetricReader, prefix: str = "tripwire.rate_limit.") -> dict[str, float]:
    """Return the value of each gauge or counter whose name begins with *prefix*."""
    return {
        name.removeprefix(prefix): one.value
        for name, (one,) in points(reader).items()
        if name.startswith(prefix) and hasattr(one, "value")
    }


async def test_a_call_is_measured_by_the_conventions_of_http_without_ids(
    reader: InMemoryMetricReader, meter: Meter
) -> None:
    """The attributes are those of a span, and the priority tells polls from other calls."""

    async def handler(sent: Request) -> Response:
        sent.stats.attempts += 1
        return answer(200, {"x-request-id": "req_1"}, b"body")

    poll = replace(request(), priority="poll")
    await compose([Metrics(meter)], handler)(poll)
    (duration,) = points(reader)["http.client.request.duration"]
    assert {
        "http.request.method": "GET",
        "url.template": "/v1/things/{thingId}",
        "server.address": "api.example",
        "server.port": 443,
        "tripwire.operation": "retrieveThing",
        "tripwire.priority": "poll",
        "http.response.status_code": 200,
    } == dict(duration.attributes)
    assert 1 == duration.count
    assert 0 == points(reader)["tripwire.client.resends"][0].value
    assert {"tripwire.operation": "retrieveThing", "tripwire.priority": "poll"} == dict(
        points(reader)["tripwire.client.attempts"][0].attributes
    )


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (answer(400), {"http.response.status_code": 400, "error.type": "400"}),
        (answer(404), {"http.response.status_code": 404, "error.type": "404"}),
        (TransportError("lost, and sk_live_canary with it", maybe_sent=True), {"error.type": "TransportError"}),
        (asyncio.CancelledError(), {"error.type": "CancelledError"}),
    ],
    ids=["least status", "status", "exception", "cancellation"],
)
async def test_an_error_is_recorded_by_its_class_or_status(
    reader: InMemoryMetricReader, meter: Meter, outcome: Response | BaseException, expected: dict[str, object]
) -> None:
    """Metrics are exported to other systems, so no message is recorded."""

    async def handler(_: Request) -> Response:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    chain = compose([Metrics(meter)], handler)
    await asyncio.gather(asyncio.ensure_future(chain(request())), return_exceptions=True)
    (duration,) = points(reader)["http.client.request.duration"]
    found = {name: value for name, value in duration.attributes.items() if name in {"error.type", *expected}}
    assert expected == found


async def test_a_call_that_the_garbage_collector_ends_is_not_recorded(
    reader: InMemoryMetricReader, meter: Meter
) -> None:
    """It may run while the same thread holds a lock of the metrics."""

    async def handler(_: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    coroutine: Any = Metrics(meter)(request(), handler)
    coroutine.send(None)
    coroutine.close()
    assert {} == points(reader)


async def test_durations_have_the_buckets_of_the_conventions(reader: InMemoryMetricReader, meter: Meter) -> None:
    """Longer ones follow, because a call includes its waits."""

    async def handler(_: Request) -> Response:
        return answer()

    await compose([Metrics(meter)], handler)(request())
    measured = points(reader)
    bounds = measured["http.client.request.duration"][0].explicit_bounds
    conventions = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
    assert (conventions, [30, 60, 300]) == (list(bounds[:14]), list(bounds[14:]))
    for name in ("tripwire.client.rate_limit.wait_time", "tripwire.client.backoff.wait_time"):
        assert [0, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] == list(measured[name][0].explicit_bounds)


@pytest.mark.virtual_time
async def test_attempts_and_waits_of_a_call_are_recorded(reader: InMemoryMetricReader, meter: Meter) -> None:
    """After a 429 the call waits for Retry-After, in the rate limit and between its attempts."""
    responses = [limited(10, 5, 429, **{"retry-after": "2"}), limited(10, 9)]

    async def handler(sent: Request) -> Response:
        sent.stats.attempts += 1
        return responses.pop(0)

    limit = RateLimit()
    await asyncio.sleep(7.0)
    await compose([Metrics(meter, rate_limit=limit), Retry(random=lambda: 0.5), limit], handler)(call())
    seen = points(reader)
    assert [2, 1] == [seen[f"tripwire.client.{name}"][0].value for name in ("attempts", "resends")]
    waits = [seen[f"tripwire.client.{name}.wait_time"][0].sum for name in ("rate_limit", "backoff")]
    assert 2.0 == pytest.approx(sum(waits), abs=0.2)
    assert 2.0 == pytest.approx(seen["http.client.request.duration"][0].sum, abs=0.2)
    assert 1 == seen["tripwire.rate_limit.rejections"][0].value


@pytest.mark.virtual_time
async def test_the_state_of_the_rate_limit_is_reported(reader: InMemoryMetricReader, meter: Meter) -> None:
    """Before the first response the limit is not reported; without a store nothing is said about sharing."""
    release = asyncio.Event()

    async def handler(_: Request) -> Response:
        await release.wait()
        return limited(2, 1)

    limit = RateLimit()
    Metrics(meter, rate_limit=limit)
    assert {"in_flight": 0, "waiting": 0, "cooldown": 0, "rejections": 0} == values(reader)
    tasks = [asyncio.create_task(limit(call(), handler)) for _ in range(3)]
    await asyncio.sleep(0)
    assert {"in_flight": 1, "waiting": 2, "cooldown": 0, "rejections": 0} == values(reader)
    release.set()
    await tasks[0]

    async def reject(_: Request) -> Response:
        return limited(2, 1, 429, **{"retry-after": "5"})

    await limit(call(), reject)
    assert {"limit": 2, "cooldown": 5, "rejections": 1}.items() <= values(reader).items()
    await asyncio.gather(*tasks)


@pytest.mark.virtual_time
async def test_the_state_of_the_store_is_reported(reader: InMemoryMetricReader, meter: Meter) -> None:
    """1 while the limit is shared, 0 while the store cannot be reached."""
    store = FakeStore()
    limit = RateLimit(store=store)
    Metrics(meter, rate_limit=limit)
    assert "shared" not in values(reader)

    async def handler(_: Request) -> Response:
        return limited(10, 9)

    await limit(call(), handler)
    assert 1 == values(reader)["shared"]
    store.error = ConnectionError()
    await asyncio.sleep(5)
    await limit(call(), handler)
    assert 0 == values(reader)["shared"]


def test_metrics_of_all_loops_are_read_from_any_thread(reader: InMemoryMetricReader, meter: Meter) -> None:
    """Exporters have a thread of their own, without an event loop."""
    limit = RateLimit()
    Metrics(meter, rate_limit=limit)

    async def handler(_: Request) -> Response:
        seen.append(await asyncio.to_thread(values, reader))
        return limited(2, 1)

    seen: list[dict[str, float]] = []
    asyncio.run(limit(call(), handler))  # type: ignore[arg-type] - a coroutine
    assert [1] == [each["in_flight"] for each in seen]


async def test_without_a_provider_nothing_is_recorded_and_nothing_fails() -> None:
    """Without the SDK the API creates instruments without effect."""

    async def handler(_: Request) -> Response:
        return answer()

    assert 200 == (await compose([Metrics(rate_limit=RateLimit())], handler)(request())).status


def test_a_missing_extra_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message contains the command that installs it."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigurationError, match=r"tripwire-async\[otel\]"):
        Metrics()


def test_layers_of_opentelemetry_name_themselves(meter: Meter) -> None:
    """As a part of the client's chain, without the address of the object."""
    assert ("<Metrics>", "<Tracing>") == (repr(Metrics(meter)), repr(Tracing()))
