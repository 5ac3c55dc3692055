"""Code of users with a client, for the type checkers only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import assert_type

import tripwire_async
from tripwire_async import FOIL, TRIPWIRE, AsyncTripwire, Page, PendingDelivery, Profile, Secret
from tripwire_async.middleware import Handler, Middleware, Request, Response, compose, default_middleware
from tripwire_async.models import (
    ApiKeyClientTarget,
    Event,
    SessionDetail,
    SessionDetailBehavior,
    WebhookDelivery,
    WebhookDeliveryStatus,
    WebhookEndpoint,
)


async def a_client_is_a_context_manager_of_itself() -> None:
    async with AsyncTripwire("sk_test_key", base_url="http://127.0.0.1:8080", timeout=5) as tripwire:
        assert_type(tripwire, AsyncTripwire)
        assert_type(tripwire.with_options(deadline=60, max_attempts=1), AsyncTripwire)


async def a_handle_is_awaited_in_three_ways(tripwire: AsyncTripwire) -> None:
    pending = await tripwire.webhooks.send_test("org", "endpoint")
    assert_type(pending, PendingDelivery)
    assert_type(await pending, WebhookDelivery)
    assert_type(await pending.wait(timeout=60), WebhookDelivery)
    assert_type(await pending.settled(timeout=None), WebhookDelivery)
    assert_type(await pending.refresh(), WebhookDelivery | None)
    assert_type(pending.latest, WebhookDelivery | None)
    assert_type(pending.delivery_ids, tuple[str, ...])
    assert_type(tripwire.webhooks.resume(pending.to_token()), PendingDelivery)


async def a_duration_is_a_number_or_a_timedelta(tripwire: AsyncTripwire, pending: PendingDelivery) -> None:
    assert_type(tripwire.with_options(timeout=timedelta(seconds=5), deadline=60), AsyncTripwire)
    assert_type(await pending.settled(timeout=timedelta(minutes=1)), WebhookDelivery)
    AsyncTripwire(timeout=timedelta(seconds=5), max_attempts=2, max_in_flight=10)


def a_submodule_needs_no_import(outcome: tripwire_async.deliveries.TestOutcome) -> type[tripwire_async.models.Event]:
    assert_type(outcome.reason, str)
    return tripwire_async.models.Event


async def a_list_is_awaited_or_iterated(tripwire: AsyncTripwire) -> None:
    page = await tripwire.webhooks.list_endpoints("org")
    assert_type(page, Page[WebhookEndpoint])
    assert_type(page.items, tuple[WebhookEndpoint, ...])
    assert_type([endpoint.url for endpoint in page], list[str])
    assert_type(page[0], WebhookEndpoint)
    assert_type(page[:2], tuple[WebhookEndpoint, ...])
    assert_type(await asyncio.create_task(tripwire.webhooks.list_endpoints("org").page()), Page[WebhookEndpoint])
    assert_type([event async for event in tripwire.webhooks.list_events("org", limit=10)], list[Event])


async def the_fields_of_models_have_types(tripwire: AsyncTripwire) -> None:
    endpoint = await tripwire.webhooks.create_endpoint(
        "org", name="hook", url="https://example.com/hook", event_types=["session.result.persisted"]
    )
    assert_type(endpoint.signing_secret, Secret | None)
    delivery = await (await tripwire.webhooks.send_test("org", endpoint.id)).settled()
    assert_type(delivery.status, WebhookDeliveryStatus)
    assert_type(delivery.response_status, int | None)
    assert_type(delivery.error, str | None)


async def add_a_header(request: Request, call_next: Handler) -> Response:
    return await call_next(request.with_header("X-Team", "payments"))


class CountAnswers:
    """An object as a middleware."""

    def __init__(self) -> None:
        self.statuses: list[int] = []

    async def __call__(self, request: Request, call_next: Handler) -> Response:
        response = await call_next(request)
        self.statuses.append(response.status)
        return response


def functions_and_objects_are_middleware(last: Handler) -> AsyncTripwire:
    chain: list[Middleware] = [add_a_header, CountAnswers(), *default_middleware()]
    assert_type(compose(chain, last), Handler)
    return AsyncTripwire(middleware=chain)


async def a_client_has_a_profile(secret: Secret) -> None:
    async with AsyncTripwire(secret, profile=FOIL) as foil:
        assert_type(foil.profile, Profile)
        assert_type(TRIPWIRE.operations, frozenset[str])
        session = await foil.sessions.attach_client_user("sid", "user")
        assert_type(session.client_user_id, str | None)
        assert_type(session.behavior, SessionDetailBehavior | None)
        assert_type(await foil.sessions.clear_client_user("sid"), SessionDetail)
        key = await foil.organizations.api_keys.create("org", name="app", client_target="native-ios")
        assert_type(key.client_target, ApiKeyClientTarget | None)
