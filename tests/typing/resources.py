"""Code of users with resources and raw responses, for the type checkers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from tripwire_async import (
    UNSET,
    ApprovedGateSession,
    AsyncTripwire,
    Page,
    PendingDelivery,
    PendingGateSession,
    RawResponse,
    Secret,
)
from tripwire_async.middleware import CallStats
from tripwire_async.models import (
    AgentTokenVerification,
    ApiKey,
    ApiKeyScope,
    GateManagedService,
    GateRegistryEntry,
    GateSessionCreate,
    GateSessionPollData,
    IssuedApiKey,
    Organization,
    OrganizationStatus,
    SessionDetail,
    SessionSummary,
    Verdict,
    VerdictValue,
    VisitorFingerprintSummary,
    WebhookEndpoint,
)

if TYPE_CHECKING:
    from tripwire_async.gate_delivery import DeliveryKeyPair


async def lists_are_awaited_or_walked(tripwire: AsyncTripwire) -> None:
    assert_type(await tripwire.sessions.list(verdict="bot", limit=10), Page[SessionSummary])
    assert_type([session async for session in tripwire.sessions.list(verdict=Verdict.BOT)], list[SessionSummary])
    assert_type([session async for session in tripwire.sessions.iter(prefetch=1)], list[SessionSummary])
    assert_type([visitor async for visitor in tripwire.fingerprints.iter()], list[VisitorFingerprintSummary])
    assert_type([key async for key in tripwire.organizations.api_keys.iter("org")], list[ApiKey])
    assert_type(await tripwire.gate.registry.list(), Page[GateRegistryEntry])
    assert_type(await tripwire.sessions.get("sid"), SessionDetail)


async def enums_are_also_plain_texts(tripwire: AsyncTripwire) -> None:
    assert_type(await tripwire.organizations.update("org", status="suspended"), Organization)
    await tripwire.organizations.update("org", status=OrganizationStatus.ACTIVE, name=UNSET)
    issued = await tripwire.organizations.api_keys.create("org", name="ci", type="secret", scopes=[ApiKeyScope.ALL])
    assert_type(issued, IssuedApiKey)
    assert_type(issued.revealed_key, Secret)
    await tripwire.webhooks.create_endpoint("org", name="hook", url="https://a.example", event_types=["webhook.test"])  # type: ignore[list-item] # pyright: ignore[reportArgumentType] - no endpoint can ask for it


async def a_misspelt_value_is_an_error(tripwire: AsyncTripwire, text: str) -> None:
    await tripwire.sessions.list(verdict="robot")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - no such verdict
    await tripwire.sessions.list(verdict=text)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - not every text is a verdict
    await tripwire.organizations.api_keys.create("org", name="ci", scopes=["webhook:read"])  # type: ignore[list-item] # pyright: ignore[reportArgumentType] - the scope is webhooks:read
    await tripwire.webhooks.update_endpoint("org", "we", status="enabled")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - the status is active


async def a_value_of_a_later_release_is_passed_on_purpose(tripwire: AsyncTripwire, value: VerdictValue) -> None:
    await tripwire.sessions.list(verdict=Verdict("likely_bot"))
    await tripwire.sessions.list(verdict=value)


async def gate_takes_tokens_as_text_or_secrets(tripwire: AsyncTripwire, pair: DeliveryKeyPair) -> None:
    assert_type(await tripwire.gate.services.update("acme", dashboard_login_url=None), GateManagedService)
    pending = await tripwire.gate.sessions.create(service_id="acme", account_name="ci")
    assert_type(pending, PendingGateSession)
    assert_type(await pending, ApprovedGateSession)
    assert_type(await pending.approved(timeout=60), ApprovedGateSession)
    created = await tripwire.gate.sessions.create(service_id="acme", account_name="ci", delivery=pair.request)
    assert_type(created, GateSessionCreate)
    assert_type(await tripwire.gate.sessions.poll(created.id, created.poll_token), GateSessionPollData)
    assert_type(await tripwire.gate.agent_tokens.verify("agt_1"), AgentTokenVerification)
    assert_type(await tripwire.gate.agent_tokens.revoke(Secret("agt_1")), None)


async def raw_answers_hold_what_the_methods_return(tripwire: AsyncTripwire) -> None:
    raw = await tripwire.with_raw_response.sessions.get("sid")
    assert_type(raw, RawResponse[SessionDetail])
    assert_type(raw.parsed, SessionDetail)
    assert_type(raw.status, int)
    assert_type(raw.attempts, int)
    assert_type(raw.request_id, str | None)
    assert_type(raw.headers.get("X-RateLimit-Remaining"), str | None)
    assert_type(raw.timings, CallStats)
    other = tripwire.with_options(timeout=5).with_raw_response
    assert_type(await other.sessions.list(limit=5), RawResponse[Page[SessionSummary]])
    assert_type(await other.webhooks.send_test("org", "we"), RawResponse[PendingDelivery])
    assert_type(await other.webhooks.list_endpoints("org"), RawResponse[Page[WebhookEndpoint]])
    assert_type(await other.organizations.api_keys.rotate("org", "key"), RawResponse[IssuedApiKey])
    assert_type(await other.gate.agent_tokens.revoke("agt_1"), RawResponse[None])
    assert_type(await other.gate.services.get("acme"), RawResponse[GateManagedService])
    # pyrefly does not call an overloaded descriptor.
    opened = await other.gate.sessions.create(service_id="acme", account_name="ci")  # pyrefly: ignore[not-callable]
    assert_type(opened, RawResponse[PendingGateSession])  # pyrefly: ignore[assert-type]
    await other.sessions.get(5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - an id is text
    await other.sessions.list(colour="red")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] - no such argument
