"""Canary values in every secret must not be printed, logged or pickled."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from msgspec.structs import replace

from tests.support.model_strategies import MODELS, options, sample
from tripwire_async import AsyncTripwire, PollSchedule, Secret, errors
from tripwire_async._codec.converter import unstructure
from tripwire_async.gate_delivery import (
    DeliveredCredentials,
    DeliveryKeyPair,
    decrypt_delivery,
    encrypt_delivery,
    generate_key_pair,
    import_key_pair,
)
from tripwire_async.middleware import BearerAuth, Request, Response, default_middleware
from tripwire_async.testing import Fault, TripwireServer
from tripwire_async.testing._service.gate_encryption import encrypt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


CANARY = "canary0123456789abcdef0123456789abcdef"
KEY = f"sk_test_{CANARY}"
PAIR = generate_key_pair()
WRONG_KEY = DeliveryKeyPair(private_key=Secret(CANARY), public_key=PAIR.public_key, key_id=PAIR.key_id)
ENVELOPE = encrypt_delivery(PAIR.request, {"KEY": CANARY})
FORBIDDEN = encrypt(unstructure(PAIR.request), {"PATH": CANARY})


def printed(value: Any) -> str:
    """Return every printed form of *value* that does not reveal secrets explicitly."""
    forms = [repr(value), str(value), f"{value}", f"{value!r:>9}", "%s %r" % (value, value), pprint.pformat(value)]  # noqa: UP031 - printf formatting is one of the tested forms
    forms += [repr(copy.copy(value)), repr([value]), repr({"value": value})]
    if attrs.has(type(value)):
        dumps = [attrs.asdict(value), attrs.asdict(value, recurse=False), attrs.astuple(value)]
        if type(value) in MODELS:
            dumps.append(unstructure(value))
        forms += [form for dump in dumps for form in (repr(dump), json.dumps(dump, default=repr))]
    return "\n".join(forms)


def reported(error: BaseException) -> str:
    """Return what an error report could show: text, attributes, causes and the locals of every frame."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    pickled = pickle.dumps(error) if isinstance(error, errors.TripwireError) else b""
    return "\n".join([printed(error), repr(vars(error)), *shown.format(), pickled.decode("latin-1")])


@pytest.mark.parametrize(
    "model", [each for each in MODELS if any(Secret in options(field.type) for field in attrs.fields(each))]
)
def test_a_model_shows_no_secret(model: type[Any]) -> None:
    """Its repr and its dumps hide secrets, also inside another model."""
    names = [field.name for field in attrs.fields(model) if Secret in options(field.type)]
    value = attrs.evolve(sample(model), **{name: Secret(f"{name}_{CANARY}") for name in names})
    assert CANARY not in printed(value)
    assert CANARY not in printed(DeliveredCredentials(outputs={"value": Secret(CANARY)}))
    assert [f"{name}_{CANARY}" for name in names] == [getattr(value, name).reveal() for name in names]


def test_every_secret_field_of_the_api_has_the_type_secret() -> None:
    """The list is complete, so a new secret field must be added here."""
    hidden = {
        (model.__name__, field.name)
        for model in MODELS
        for field in attrs.fields(model)
        if Secret in options(field.type)
    }
    assert {
        ("AcknowledgeGateSessionDeliveryRequest", "ack_token"),
        ("ApiKey", "revealed_key"),
        ("ConsumeGateLoginSessionRequest", "code"),
        ("GateSessionCreate", "poll_token"),
        ("IssuedApiKey", "revealed_key"),
        ("RevokeAgentTokenRequest", "agent_token"),
        ("VerifyAgentTokenRequest", "agent_token"),
        ("WebhookEndpoint", "signing_secret"),
    } == hidden


def test_a_key_pair_and_decrypted_credentials_show_no_secret() -> None:
    """The private key, the credentials and the acknowledgement token are hidden."""
    pair = generate_key_pair()
    assert pair.private_key.reveal() not in printed(pair)
    delivered = decrypt_delivery(encrypt_delivery(pair.request, {"KEY": CANARY}, ack_token=CANARY), pair)
    assert (CANARY, CANARY) == (delivered.outputs["KEY"].reveal(), delivered.ack_token and delivered.ack_token.reveal())
    assert CANARY not in printed(delivered)


def test_a_client_and_its_middleware_show_no_key() -> None:
    """Requests and responses hide it as well."""
    client = AsyncTripwire(KEY, base_url="https://api.example", middleware=default_middleware())
    assert CANARY not in printed(client) + printed(BearerAuth(KEY)) + repr(vars(client))
    seen: list[Request] = []

    def last(request: Request) -> Any:
        seen.append(request)

    from tests.support.requests import request

    BearerAuth(KEY)(replace(request(), body=CANARY.encode()), last)
    assert CANARY in seen[0].headers["Authorization"]
    assert CANARY not in repr(seen[0]) + repr(Response(200, {}, CANARY.encode()))


# -- over the wire --------------------------------------------------------------------------------------------------


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TripwireServer]:
    """Run a server that has the canary in every secret."""
    async with TripwireServer(secret_key=KEY) as server:
        number = iter(range(10**6))
        monkeypatch.setattr(server.state.ids, "token", lambda prefix: f"{prefix}_{CANARY}{next(number)}")
        yield server


@pytest.fixture
async def client(server: TripwireServer) -> AsyncIterator[AsyncTripwire]:
    """Open a client that does not retry."""
    async with AsyncTripwire(KEY, base_url=server.base_url, timeout=0.2, deadline=1) as client:
        yield client.with_options(max_attempts=1)


CALLS: dict[str, Callable[[AsyncTripwire, str], Awaitable[Any]]] = {
    "createOrganizationApiKey": lambda client, organization: client.organizations.api_keys.create(
        organization, name="ci", type="secret", scopes=["*"]
    ),
    "createWebhookEndpoint": lambda client, organization: client.webhooks.create_endpoint(
        organization, name="hook", url="https://example.com/", event_types=["session.result.persisted"]
    ),
    "createGateSession": lambda client, _: client.gate.sessions.create(service_id="acme-prod", account_name="ci"),
    "pollGateSession": lambda client, _: client.gate.sessions.poll("gates_1", f"gtpoll_{CANARY}"),
    "acknowledgeGateSessionDelivery": lambda client, _: client.gate.sessions.acknowledge(
        "gates_1", f"gtpoll_{CANARY}", f"gtack_{CANARY}"
    ),
    "createGateLoginSession": lambda client, _: client.gate.login_sessions.create(f"agt_{CANARY}", "acme-prod"),
    "consumeGateLoginSessionCode": lambda client, _: client.gate.login_sessions.consume(f"gtcode_{CANARY}"),
    "verifyGateAgentToken": lambda client, _: client.gate.agent_tokens.verify(f"agt_{CANARY}"),
    "revokeGateAgentToken": lambda client, _: client.gate.agent_tokens.revoke(f"agt_{CANARY}"),
}


ECHO = {
    "error": {
        "code": "request.validation_failed",
        "message": f"agt_{CANARY} is not a token",
        "details": {"fields": [{"name": "agent_token", "issue": "is invalid", "received": f"agt_{CANARY}"}]},
    }
}

FAULTS = {
    "forbidden": Fault.status(403),
    "server error": Fault.status(500),
    "echo": Fault.html(422, json.dumps(ECHO)),
    "html": Fault.html(502, f"<html>Authorization: Bearer {KEY}</html>"),
    "closed": Fault.closed_connection(),
    "lost response": Fault.lost_response(),
    "slow": Fault.delay(0.4),
    "cut off": Fault.truncated_body(),
    "not json": Fault.body(f'{{"data": {{"poll_token": "gtpoll_{CANARY}", "signing_secret": "whsec_{CANARY}'.encode()),
    "not an object": Fault.body(f'["sk_test_{CANARY}"]'.encode()),
    "wrong type": Fault.malformed("meta.request_id", 5),
    "incomplete": Fault.missing("meta"),
}


UNREAD = {"cut off", "not json", "not an object", "wrong type", "incomplete"}
"""Faults that do not fail an operation whose response body is not read."""


@pytest.mark.parametrize(
    ("operation", "fault"),
    [(call, fault) for call in CALLS for fault in FAULTS if call != "revokeGateAgentToken" or fault not in UNREAD],
)
async def test_no_error_of_a_call_shows_a_secret(
    client: AsyncTripwire, server: TripwireServer, operation: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The canary is in no text, attribute, frame, pickle or log record."""
    caplog.set_level(logging.DEBUG)
    with server.fail(operation, FAULTS[fault]), pytest.raises(errors.TripwireError) as caught:
        await CALLS[operation](client, server.organization_id)
    assert CANARY not in reported(caught.value)
    assert caplog.records
    for record in caplog.records:
        assert CANARY not in record.getMessage() + repr(vars(record))


@pytest.mark.parametrize("operation", ["createOrganizationApiKey", "createWebhookEndpoint", "createGateSession"])
async def test_no_response_shows_a_secret(client: AsyncTripwire, server: TripwireServer, operation: str) -> None:
    """The model and the raw response hide it; `reveal` returns it."""
    response = await CALLS[operation](client, server.organization_id)
    raw = await CALLS[operation](client.with_raw_response, server.organization_id)  # type: ignore[arg-type] - the same methods
    assert CANARY not in printed(response) + repr(vars(response) if hasattr(response, "__dict__") else "") + printed(
        raw
    )
    secret = next(
        found
        for name in ("revealed_key", "signing_secret", "poll_token")
        if isinstance(found := getattr(response, name, None), Secret)
    )
    assert CANARY in secret.reveal()


async def test_a_gate_session_shows_no_secret_while_it_is_polled(client: AsyncTripwire, server: TripwireServer) -> None:
    """The handle, the credentials and the error for an unusable delivery hide them."""
    schedule = PollSchedule(first=0.01)
    pending = await client.gate.sessions.create(service_id="acme-prod", account_name="ci", poll=schedule)
    server.approve_gate_session(pending.id, {"KEY": CANARY})
    approved = await pending
    assert CANARY == approved.outputs["KEY"].reveal()
    assert CANARY not in printed(approved) + printed(pending) + repr(vars(pending))
    pending = await client.gate.sessions.create(service_id="acme-prod", account_name="ci", poll=schedule)
    server.approve_gate_session(pending.id, {"OTHER": CANARY})
    session = server.state.gate.sessions[pending.id]
    assert session.bundle is not None
    session.bundle["integrator"] = session.bundle["gate"]
    with pytest.raises(errors.GateDeliveryError, match="which Gate manages") as caught:
        await pending
    assert CANARY not in reported(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: AsyncTripwire(f"pk_live_{CANARY}"),
        lambda: AsyncTripwire(f"{KEY} "),
        lambda: AsyncTripwire(f"{KEY}\n"),
        lambda: AsyncTripwire(KEY, middleware=[]),
        lambda: BearerAuth(f"{KEY}\u20ac"),
        lambda: BearerAuth(KEY).replace(f"pk_test_{CANARY}"),
        lambda: AsyncTripwire(KEY).use_key(f"{KEY} "),
        lambda: AsyncTripwire(KEY, base_url="http://api.example"),
        lambda: AsyncTripwire(KEY, timeout=0),
        lambda: import_key_pair(CANARY),
        lambda: import_key_pair(f"{CANARY}!"),
        lambda: decrypt_delivery(ENVELOPE, WRONG_KEY),
        lambda: decrypt_delivery(FORBIDDEN, PAIR),
    ],
)
def test_a_rejected_key_or_envelope_is_not_shown(make: Callable[[], object]) -> None:
    """An invalid key and an unusable envelope are in no frame of the error."""
    with pytest.raises((errors.ConfigurationError, errors.GateDeliveryError)) as caught:
        make()
    assert CANARY not in reported(caught.value)
