"""Mistakes in a test that would otherwise match no request and pass silently."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tripwire_async import FOIL, TRIPWIRE
from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer, WebhookSettings
from tripwire_async.testing._service.arguments import near_matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.testing.conftest import Api

FAULT = Fault.status(503)


@pytest.fixture
def idle() -> TripwireServer:
    """Return a server with one endpoint that does not run."""
    server = TripwireServer()
    server.add_endpoint("https://example.com/")
    return server


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("send_test", "sendTestWebhook"),
        ("sendTestWebhok", "sendTestWebhook"),
        ("webhooks.list_endpoints", "listWebhookEndpoints"),
        ("sessions.get", "getSession"),
        ("fingerprints.list", "listVisitorFingerprints"),
        ("organizations.api_keys.revoke", "revokeOrganizationApiKey"),
        ("gate.login_sessions.consume", "consumeGateLoginSessionCode"),
        ("LISTEVENTS", "listEvents"),
    ],
)
def test_a_misspelt_operation_gets_a_suggestion(idle: TripwireServer, text: str, operation: str) -> None:
    """The name of a method is a likely mistake, because it is what the program calls."""
    with pytest.raises(ValueError, match=re.escape(f'unknown operation "{text}": did you mean {operation}?')):
        idle.fail(text, FAULT)


MISTAKES: list[tuple[Callable[[TripwireServer], object], str]] = [
    (lambda server: server.fail("x", FAULT), 'unknown operation "x". Choose from: acknowledgeGateSessionDelivery, '),
    (lambda server: server.fail("updateSession", FAULT), "updateSession is not an operation of Tripwire"),
    (lambda server: server.fail(None, FAULT, endpoint_id="nope"), 'unknown endpoint id "nope". Choose from: we_'),
    (
        lambda server: server.fail("listSessions", FAULT, endpoint_id=next(iter(server.state.endpoints))),
        "listSessions has no endpoint in its path, so endpoint_id='we_",
    ),
    (lambda server: server.fail(None, FAULT, rate=1.5), "rate must be from 0 to 1, not 1.5"),
    (lambda server: server.fail(None, FAULT, rate=True), "rate must be a number, not True"),
    (lambda server: server.fail(None, FAULT, times=0), "times must be at least 1, not 0"),
    (lambda server: server.fail(None, FAULT, times=1.5), "times must be a whole number, not 1.5"),
    (lambda _: Fault.status(200), "status must be from 400 to 599, not 200"),
    (lambda _: Fault.html(99), "status must be from 200 to 599, not 99"),
    (lambda _: Fault.delay(float("nan")), "seconds must be a number, not nan"),
    (lambda _: Fault.not_found_at_first(0), "times must be at least 1, not 0"),
    (lambda server: server.set_outcome(None, endpoint_id="nope"), 'unknown endpoint id "nope". Choose from: we_'),
    (lambda _: DeliveryOutcome("succeded"), 'unknown status "succeded": did you mean succeeded? Choose from: failed'),
    (lambda _: DeliveryOutcome(None), "unknown status None. Choose from: failed, skipped, succeeded"),
    (lambda _: DeliveryOutcome("failed", after=-1), "after must be at least 0, not -1"),
    (lambda _: DeliveryOutcome("failed", 1000), "response_status must be from 100 to 599, not 1000"),
    (lambda _: DeliveryOutcome("failed", attempts=-1), "attempts must be at least 0, not -1"),
    (lambda _: WebhookSettings(max_attempts=0), "max_attempts must be at least 1, not 0"),
    (lambda server: server.settle("wdlv_1", "failed"), 'unknown delivery id "wdlv_1"'),
    (lambda server: server.emit("session.result.persistet"), "did you mean session.result.persisted?"),
    (lambda server: server.add_endpoint("x", event_types=["webhook"]), 'unknown event type "webhook"'),
    (lambda server: server.add_endpoint("x", organization_id="org_1"), 'unknown organization id "org_1"'),
    (lambda server: server.reject_gate_session("x"), 'unknown Gate session "x"'),
    (lambda server: server.consent_to_login("x"), 'unknown login session "x"'),
    (lambda _: TripwireServer(limit=0), "limit must be at least 1, not 0"),
    (lambda _: TripwireServer(port=65_536), "port must be from 0 to 65535, not 65536"),
    (lambda _: TripwireServer(retry_after="second"), 'unknown retry_after "second": did you mean seconds?'),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES, ids=[message[:40] for _, message in MISTAKES])
def test_a_mistake_is_a_value_error(
    idle: TripwireServer, mistake: Callable[[TripwireServer], object], message: str
) -> None:
    """The message names the value, and lists or limits the accepted ones."""
    with pytest.raises(ValueError, match=re.escape(message)):
        mistake(idle)
    assert [] == idle.faults.rules


def test_without_endpoints_the_message_says_so() -> None:
    """There is nothing to choose from."""
    with pytest.raises(ValueError, match="the server has no endpoints yet"):
        TripwireServer().set_outcome(DeliveryOutcome("failed"), endpoint_id="we_1")


def test_the_profile_decides_on_the_operations() -> None:
    """An operation of the other name of the service would match no request."""
    server = TripwireServer(profile=FOIL)
    with pytest.raises(ValueError, match="createGateSession is not an operation of Foil"):
        server.fail("createGateSession", FAULT)
    assert "updateSession" == server.fail("updateSession", FAULT).describe()["operation"]


def test_suggestions_are_only_similar_names() -> None:
    """Nothing is suggested for a text that resembles no name."""
    assert [] == near_matches("quokka", TRIPWIRE.operations)
    assert [] == near_matches("x", [])
    assert ["failed"] == near_matches("fail", ["failed", "succeeded"])


async def _run_with_required_fault(error: Exception | None = None) -> None:
    async with TripwireServer() as server:
        server.fail("listEvents", FAULT, required=True)
        server.fail("getSession", FAULT)
        if error is not None:
            raise error


async def test_a_required_fault_that_no_request_met_is_reported(api: Api) -> None:
    """A test for an error that did not occur proves nothing, so the end of the server fails."""
    with pytest.raises(AssertionError, match=r"no request met <Rule 'status 503' for listEvents, required, hits=0>"):
        await _run_with_required_fault()
    api.server.fail("listEvents", FAULT, required=True)
    await api("GET", "~/events")
    api.server.faults.check_required()


async def test_a_required_fault_is_reported_at_the_end_of_its_block(server: TripwireServer) -> None:
    """The block ends first, so the end of the server does not report it again; an error in the block goes first."""
    with pytest.raises(AssertionError, match="no request met"), server.fail("listEvents", FAULT, required=True):
        pass
    with pytest.raises(KeyError), server.fail("listEvents", FAULT, required=True):
        raise KeyError
    assert [] == server.faults.rules
    server.faults.check_required()


async def test_an_error_of_the_test_goes_before_required_faults() -> None:
    """The exception that ends the block of the server is the one to read."""
    with pytest.raises(KeyError):
        await _run_with_required_fault(KeyError())


async def test_a_rule_and_a_server_show_their_state(api: Api) -> None:
    """A failed assertion on hits or requests explains itself; the key is not shown."""
    server = api.server
    endpoint = server.add_endpoint("https://example.com/")
    rule = server.fail("sendTestWebhook", FAULT, times=2, rate=0.5, endpoint_id=endpoint.id, when=lambda _: True)
    expected = f"<Rule 'status 503' for sendTestWebhook, endpointId={endpoint.id}, times=2, rate=0.5, with a condition"
    assert f"{expected}, hits=0>" == repr(rule)
    assert "<Rule 'delay 1' for all operations, hits=0>" == repr(server.fail(None, Fault.delay(1)))
    server.faults.clear()
    server.set_outcome(DeliveryOutcome("succeeded", after=60))
    await api("POST", f"~/webhooks/endpoints/{endpoint.id}/test")
    name = server.profile.name
    counts = "1 endpoints, 1 deliveries (1 pending), 1 requests, 0 faults"
    assert f"<TripwireServer {name}, {server.base_url}: {counts}>" == repr(server)
    assert "not running" in repr(TripwireServer(secret_key="sk_test_hidden"))
    assert "sk_test_hidden" not in repr(TripwireServer(secret_key="sk_test_hidden"))
    assert "0x" not in repr(FAULT)
