"""Printed forms of public objects, as they appear in a console, in logs and in failed assertions."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs
import pytest

import tripwire_async
from tests.support.model_strategies import MODELS, sample
from tests.support.public_modules import MODULES
from tripwire_async import AsyncTripwire
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.errors import ConfigurationError, ServerError
from tripwire_async.middleware import RateLimit, Retry, default_middleware
from tripwire_async.receiver import RecentEvents, Router, WebhookReceiver
from tripwire_async.testing import DeliveryOutcome, Fault, ManualClock

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request, Response
    from tripwire_async.testing import TripwireServer

_REFERENCE = DeliveryReference(
    organization_id="org_" + "0" * 26, endpoint_id="we_" + "0" * 32, event_id="wevt_" + "0" * 32
)


@pytest.mark.parametrize("module", [*(f"tripwire_async.{name}" for name in MODULES), "tripwire_async"])
def test_no_public_class_has_the_repr_of_object(module: str) -> None:
    """``<… object at 0x…>`` tells nothing. Protocols have no instances, and exceptions print their message."""
    found = [
        name
        for name in importlib.import_module(module).__all__
        if inspect.isclass(one := getattr(importlib.import_module(module), name))
        and one.__repr__ is object.__repr__
        and not getattr(one, "_is_protocol", False)
    ]
    assert [] == found


def test_a_client_and_its_parts_are_printed_with_their_settings() -> None:
    """Without an address in memory."""
    client = AsyncTripwire("sk_test_key", base_url="http://127.0.0.1:1")
    router = Router()
    router.on("webhook.test")(lambda _: None)
    nested = Router(router)
    parts = [
        client,
        client.sessions,
        client.organizations.api_keys,
        client.gate.login_sessions,
        client.with_raw_response,
        client.with_raw_response.webhooks,
        client.webhooks.loopback_endpoint(),
        nested,
        WebhookReceiver(nested, "whsec_hidden"),
        RecentEvents(),
        ManualClock(),
        *default_middleware("sk_test_key"),
    ]
    printed = [repr(part) for part in parts]
    assert [] == [text for text in printed if "0x" in text or "hidden" in text or "test_key" in text]
    assert "<Sessions: attach_client_user, clear_client_user, get, iter, list>" in printed
    assert "<Router: webhook.test>" in printed
    assert "<RateLimit max_in_flight=200 store=None>" in printed
    assert "<Router: no handlers>" == repr(Router())
    assert "send_test" in repr(client.with_raw_response.webhooks)
    assert repr(client.gate) == "<Gate: agent_tokens, login_sessions, registry, services, sessions>"


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_printed_in_one_short_line(model: type[Any]) -> None:
    """At most 200 characters, with the id; `rich` gets all fields that are set."""
    value = sample(model)
    printed = repr(value)
    assert (True, True) == (len(printed) <= 200, printed.startswith(f"{model.__name__}(")), printed
    identifier = getattr(value, "id", None)
    if isinstance(identifier, str) and len(identifier) <= 60:
        assert f"id={identifier!r}" in printed
    unset = (None, tripwire_async.UNSET)
    fields = [field.name for field in attrs.fields(model)]
    expected = [name for name in fields if not any(getattr(value, name) is one for one in unset)]
    assert expected == [name for name, _ in value.__rich_repr__()]


async def test_ids_and_states_go_first(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """Long texts are cut, dates are short, and omitted fields show as an ellipsis."""
    endpoint = tripwire_server.add_endpoint("https://example.com/" + "long/" * 20)
    tripwire_server.set_outcome(DeliveryOutcome("failed", 500))
    organization = tripwire_server.organization_id
    pending = await tripwire.webhooks.send_test(organization, endpoint.id)
    delivery = repr(await pending.settled(timeout=timedelta(seconds=5)))
    assert delivery.startswith(f"WebhookDelivery(id='{pending.delivery_ids[0]}', event_id='wevt_")
    assert delivery.endswith(", …)")
    [listed] = await tripwire.webhooks.list_endpoints(organization)
    assert ("name='test', status='active'" in repr(listed), "…" in repr(listed)) == (True, True)
    created = await tripwire.organizations.get(organization)
    assert f"created_at={created.created_at.isoformat()}" in repr(created)


async def test_a_page_is_a_sequence(tripwire: AsyncTripwire) -> None:
    """Indexes, slices, length and truth; `data`, the name on the wire, gets advice."""
    page = await tripwire.sessions.list(limit=5)
    assert (page.items[0], page.items[-1], page.items[1:3]) == (page[0], page[-1], page[1:3])
    assert (5, True) == (len(page), bool(page))
    assert not await tripwire.sessions.list(search="nothing has this text")
    with pytest.raises(AttributeError, match=r"no attribute 'data': use page\.items, or page itself"):
        _ = page.data  # type: ignore[attr-defined] - the mistake
    with pytest.raises(AttributeError, match=r"^'Page' object has no attribute 'itmes'$"):
        _ = page.itmes  # type: ignore[attr-defined] - the mistake
    assert f"<Page of 5 items, limit=5, next_cursor={page.next_cursor!r}, request_id={page.request_id!r}>" == repr(page)
    assert ["items", "limit", "has_more", "next_cursor", "request_id"] == [name for name, _ in page.__rich_repr__()]
    last = await tripwire.sessions.list(limit=200, search=page[0].id)
    assert "<Page of 1 items, limit=200, the last page, request_id=" in repr(last)


async def test_a_listing_shows_its_call_and_how_to_use_it(tripwire: AsyncTripwire) -> None:
    """In a console the reader sees what is missing: an await."""
    listing = tripwire.sessions.list(limit=2, verdict="bot")
    expected = (
        "<Listing listSessions(limit=2, verdict='bot'): await it for one page, or use async for to read all items>"
    )
    assert expected == repr(listing).replace("<Verdict.BOT: 'bot'>", "'bot'")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listing.page())
    assert 2 == len(task.result())


def test_a_listing_or_run_that_is_dropped_warns() -> None:
    """A forgotten await is reported, as for coroutines."""
    client = AsyncTripwire("sk_test_key", base_url="http://127.0.0.1:1")
    with pytest.warns(RuntimeWarning, match=r"nothing was requested by <Listing listSessions\(\)"):
        client.sessions.list()
    with pytest.warns(RuntimeWarning, match="<TestRun 0 of 1 done> was never awaited or iterated, so nothing was sent"):
        client.webhooks.send_tests("org_" + "0" * 26, ["we_" + "0" * 32])


def test_the_package_lists_its_names_and_submodules() -> None:
    """And no names of its own code; a submodule is imported on first access."""
    names = dir(tripwire_async)
    assert sorted({*tripwire_async.__all__, *MODULES, "cli", "models", "profiles", "resources"}) == names
    assert all(hasattr(tripwire_async, name) for name in names)


@pytest.mark.parametrize("value", ["5", None, float("nan"), True])
async def test_a_timeout_that_is_no_duration_is_named(tripwire: AsyncTripwire, value: Any) -> None:
    """The message names the argument and what it accepts, before anything is sent."""
    token = _REFERENCE.to_token()
    if value is not None:
        with pytest.raises(ValueError, match="timeout must be a number of seconds, a timedelta, or None for no limit"):
            await tripwire.webhooks.resume(token).settled(timeout=value)
    with pytest.raises(ConfigurationError, match="timeout must be a positive number of seconds"):
        AsyncTripwire("sk_test_key", timeout="5")  # type: ignore[arg-type] - the mistake


async def test_a_client_takes_durations_and_limits(tripwire_server: TripwireServer) -> None:
    """A timedelta equals its seconds; the limits apply to all calls of the client."""
    requests: list[Request] = []
    active: list[int] = [0]

    async def record(request: Request, call_next: Handler) -> Response:
        requests.append(request)
        return await call_next(request)

    async def count(_: object, __: object, proceed: Any) -> Any:
        active.append(active[-1] + 1)
        await asyncio.sleep(0.005)
        active.append(active[-1] - 1)
        return await proceed()

    arguments = {"timeout": timedelta(seconds=5), "deadline": timedelta(minutes=1), "max_attempts": 2}
    key, url = tripwire_server.secret_key, tripwire_server.base_url
    async with AsyncTripwire(key, base_url=url, middleware=[record, *default_middleware(key)], **arguments) as client:
        await client.with_options(timeout=timedelta(seconds=3)).sessions.list(limit=1)
    assert [(3.0, 2)] == [(request.timeout, request.max_attempts) for request in requests]
    tripwire_server.fail(None, Fault("count", count))
    async with AsyncTripwire(key, base_url=url, max_in_flight=2) as client:
        await client.sessions.list(limit=1)
        await asyncio.gather(*(client.sessions.list(limit=1) for _ in range(8)))
    assert 2 == max(active)
    with tripwire_server.fail(None, Fault.status(503)) as rule:
        async with AsyncTripwire(key, base_url=url, max_attempts=1) as client:
            with pytest.raises(ServerError):
                await client.sessions.list(limit=1)
    assert 1 == rule.hits


def test_limits_of_a_client_are_checked() -> None:
    """Before anything is sent; with your own middleware, its `RateLimit` has the limit."""
    with pytest.raises(ConfigurationError, match="max_in_flight must be an integer of at least 1, not 0"):
        AsyncTripwire("sk_test_key", max_in_flight=0)
    with pytest.raises(ConfigurationError, match=r"max_attempts must be an integer of at least 1, not 1\.5"):
        AsyncTripwire("sk_test_key", max_attempts=1.5)  # type: ignore[arg-type] - the mistake
    own = [Retry(), RateLimit()]
    with pytest.raises(ConfigurationError, match=r"pass RateLimit\(max_in_flight=…\) in middleware= instead"):
        AsyncTripwire(max_in_flight=7, middleware=own)
