"""Gate's five parts, over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async import TRIPWIRE, AsyncTripwire, Profile, Secret, errors
from tripwire_async.gate_delivery import decrypt_delivery, generate_key_pair
from tripwire_async.models import (
    AgentTokenStatus,
    GateBranding,
    GateEnvVar,
    GateServiceStatus,
    GateSessionCreate,
    GateSessionStatus,
)
from tripwire_async.testing import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async.testing import TripwireServer


@pytest.fixture
def tripwire_profile() -> Profile:
    """Return the profile that has Gate."""
    return TRIPWIRE


@pytest.fixture
async def anonymous(tripwire_server: TripwireServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncTripwire]:
    """Return a client without a secret key."""
    monkeypatch.delenv("TRIPWIRE_SECRET_KEY", raising=False)
    async with AsyncTripwire(base_url=tripwire_server.base_url) as client:
        yield client


async def test_anybody_may_read_the_registry(anonymous: AsyncTripwire) -> None:
    """The list comes whole: one page, as long as it is, with nothing after it."""
    page = await anonymous.gate.registry.list()
    assert ["acme-prod"] == [service.id for service in page]
    assert (1, False, None) == (page.limit, page.has_more, page.next_cursor)
    assert page.items == tuple([service async for service in anonymous.gate.registry.list()])
    assert page.items[0] == await anonymous.gate.registry.get("acme-prod")


async def test_a_service_is_created_changed_and_disabled(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Nested objects are given as models or mappings; an update keeps the other fields."""
    services = tripwire.gate.services
    endpoint = tripwire_server.add_endpoint("https://example.com/hook")
    variable = GateEnvVar(name="Key", key="ACME_KEY", secret=True)
    created = await services.create(
        id="acme-test",
        name="Acme test",
        description="For tests.",
        website="https://acme.example.com",
        webhook_endpoint_id=endpoint.id,
        dashboard_login_url="https://acme.example.com/login",
        env_vars=[{"name": "Key", "key": "ACME_KEY", "secret": True}],
        sdks=[{"label": "Python", "install": "pip install acme", "url": "https://acme.example.com/python"}],
        branding=GateBranding(verified=False, primary_color="#0a84ff"),
        consent={"terms_url": "https://acme.example.com/terms"},
    )
    assert (variable,) == created.env_vars
    assert created == await services.get("acme-test")
    assert created in (await services.list()).items
    changed = await services.update("acme-test", description="For more tests.", env_vars=(variable, variable))
    assert ("Acme test", "For more tests.") == (changed.name, changed.description)
    assert (variable, variable) == changed.env_vars
    assert "https://acme.example.com/login" == changed.dashboard_login_url
    assert GateServiceStatus.DISABLED == (await services.disable("acme-test")).status


async def test_null_takes_the_dashboards_address_away(tripwire: AsyncTripwire) -> None:
    """It is sent as null; missing arguments are not sent."""
    services = tripwire.gate.services
    address = "https://acme.example.com/login"
    assert address == (await services.update("acme-prod", dashboard_login_url=address)).dashboard_login_url
    assert address == (await services.update("acme-prod", name="Acme 2")).dashboard_login_url
    assert (await services.update("acme-prod", dashboard_login_url=None)).dashboard_login_url is None


async def test_a_taken_id_is_a_conflict(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """As 409."""
    endpoint = tripwire_server.add_endpoint("https://example.com/hook")
    with pytest.raises(errors.ConflictError):
        await tripwire.gate.services.create(
            id="acme-prod",
            name="Acme",
            description="Again.",
            website="https://acme.example.com",
            webhook_endpoint_id=endpoint.id,
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": None}, "updateManagedGateService: name cannot be sent: Expected `str`, got `null`"),
        ({"discoverable": "yes"}, "discoverable cannot be sent: Expected `bool`, got `str`"),
        ({"env_vars": None}, "env_vars must be a list of GateEnvVar, not NoneType"),
        ({"env_vars": [{"name": "Key", "key": "K"}]}, r"env_vars\[0\] cannot be sent: .*required field `secret`"),
        ({"sdks": [5]}, r"sdks\[0\] cannot be sent"),
        ({"branding": {"verified": None}}, "branding.verified cannot be sent: Expected `bool`, got `null`"),
        ({"consent": None}, "consent cannot be sent"),
    ],
)
async def test_arguments_of_a_wrong_type_are_never_sent(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer, given: dict[str, Any], message: str
) -> None:
    """None where the wire knows no null, and whatever else the description does not allow."""
    with pytest.raises(ValueError, match=message):
        await tripwire.gate.services.update("acme-prod", **given)
    assert 0 == len(tripwire_server.requests)


async def test_a_session_is_created_polled_and_acknowledged(
    anonymous: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """With a delivery request of one's own, each step by itself and without a secret key."""
    pair = generate_key_pair()
    sessions = anonymous.gate.sessions
    created = await sessions.create(
        service_id="acme-prod", account_name="ci", metadata={"team": "payments"}, delivery=pair.request
    )
    assert isinstance(created, GateSessionCreate)
    assert "Secret('gtpoll_…')" == repr(created.poll_token)
    assert GateSessionStatus.PENDING == (await sessions.poll(created.id, created.poll_token)).status
    tripwire_server.approve_gate_session(created.id, {"ACME_KEY": "secret"})
    state = await sessions.poll(created.id, created.poll_token.reveal())
    assert (GateSessionStatus.APPROVED, "ci") == (state.status, state.account_name)
    assert state.delivery_bundle is not None
    delivered = decrypt_delivery(state.delivery_bundle.gate, pair)
    assert delivered.ack_token is not None
    receipt = await sessions.acknowledge(created.id, created.poll_token, delivered.ack_token)
    assert created.id == receipt.gate_session_id
    assert {"team": "payments"} == tripwire_server.state.gate.sessions[created.id].metadata
    assert tripwire_server.state.gate.sessions[created.id].is_acknowledged


async def test_a_delivery_request_may_be_a_mapping(anonymous: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """The service's own client accepts it too; an invalid one is never sent."""
    request = generate_key_pair().request
    fields = {
        "version": 1,
        "algorithm": str(request.algorithm),
        "key_id": request.key_id,
        "public_key": request.public_key,
    }
    sessions = anonymous.gate.sessions
    assert (await sessions.create(service_id="acme-prod", account_name="ci", delivery=fields)).id
    sent = len(tripwire_server.requests)
    for given, message in (
        ({"delivery": {**fields, "version": 2}}, "delivery.version cannot be sent"),
        ({"delivery": fields, "metadata": 5}, "metadata must be a mapping, not int"),
    ):
        with pytest.raises(ValueError, match=message):
            await sessions.create(service_id="acme-prod", account_name="ci", **given)
    assert sent == len(tripwire_server.requests)


async def test_an_expired_session_is_gone(anonymous: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """For a poll and for an acknowledgement."""
    pair = generate_key_pair()
    created = await anonymous.gate.sessions.create(service_id="acme-prod", account_name="ci", delivery=pair.request)
    tripwire_server.expire_gate_session(created.id)
    with pytest.raises(errors.GoneError):
        await anonymous.gate.sessions.poll(created.id, created.poll_token)
    with pytest.raises(errors.GoneError):
        await anonymous.gate.sessions.acknowledge(created.id, created.poll_token, "gtack_1")


async def test_an_agent_logs_in_to_a_dashboard(
    tripwire: AsyncTripwire, anonymous: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """The agent begins with its token, the user consents, and the service trades the code in, once."""
    token = tripwire_server.add_agent_token("gacct_1", "ci")
    login = await anonymous.gate.login_sessions.create(token, "acme-prod")
    assert login.consent_url.startswith("https://")
    code = tripwire_server.consent_to_login(login.id)
    account = await tripwire.gate.login_sessions.consume(code)
    assert ("gacct_1", "ci") == (account.gate_account_id, account.account_name)
    with pytest.raises(errors.GoneError):
        await tripwire.gate.login_sessions.consume(Secret(code))


async def test_an_agents_token_is_verified_and_revoked(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """One that is not known is merely not valid."""
    token = tripwire_server.add_agent_token("gacct_1", "ci")
    verified = await tripwire.gate.agent_tokens.verify(token)
    assert (True, "gacct_1", AgentTokenStatus.ACTIVE) == (verified.valid, verified.gate_account_id, verified.status)
    assert (await tripwire.gate.agent_tokens.revoke(Secret(token))) is None
    revoked = await tripwire.gate.agent_tokens.verify(Secret(token))
    assert (False, AgentTokenStatus.REVOKED) == (revoked.valid, revoked.status)
    assert not (await tripwire.gate.agent_tokens.verify("agt_unknown")).valid


async def test_a_rejected_gate_token_is_not_blamed_on_the_secret_key(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Operations with their own token do not need a secret key."""
    with (
        tripwire_server.fail("pollGateSession", Fault.status(401)),
        pytest.raises(errors.AuthenticationError, match="pass the token of this Gate session or agent"),
    ):
        await tripwire.gate.sessions.poll("gate_1", poll_token="gtpoll_1")
