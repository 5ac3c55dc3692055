"""A canary in every secret there is, and a look for it in everything that can be printed, logged or pickled."""

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
from tripwire_async.testing._service.gate_encryption import seal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


CANARY = "canary0123456789abcdef0123456789abcdef"
KEY = f"sk_test_{CANARY}"
PAIR = generate_key_pair()
FOREIGN = DeliveryKeyPair(private_key=Secret(CANARY), public_key=PAIR.public_key, key_id=PAIR.key_id)
ENVELOPE = encrypt_delivery(PAIR.request, {"KEY": CANARY})
FORBIDDEN = seal(unstructure(PAIR.request), {"PATH": CANARY})


def printed(value: Any) -> str:
    """Return all that can be read of *value* without asking it to reveal anything."""
    forms = [repr(value), str(value), f"{value}", f"{value!r:>9}", "%s %r" % (value, value), pprint.pformat(value)]  # noqa: UP031 - the other way of formatting is one of those that are looked at
    forms += [repr(copy.copy(value)), repr([value]), repr({"it": value})]
    if attrs.has(type(value)):
        dumps = [attrs.asdict(value), attrs.asdict(value, recurse=False), attrs.astuple(value)]
        if type(value) in MODELS:
            dumps.append(unstructure(value))
        forms += [form for dump in dumps for form in (repr(dump), json.dumps(dump, default=repr))]
    return "\n".join(forms)


def reported(error: BaseException) -> str:
    """Return all that a report of *error* could show: its text, its attributes, its causes and every frame's locals."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    pickled = pickle.dumps(error) if isinstance(error, errors.TripwireError) else b""
    return "\n".join([printed(error), repr(vars(error)), *shown.format(), pickled.decode("latin-1")])


@pytest.mark.parametrize(
    "model", [each for each in MODELS if any(Secret in options(field.type) for field in attrs.fields(each))]
)
def test_a_model_shows_no_secret(model: type[Any]) -> None:
    """In a dump neither, alone or inside another model."""
    names = [field.name for field in attrs.fields(model) if Secret in options(field.type)]
    value = attrs.evolve(sample(model), **{name: Secret(f"{name}_{CANARY}") for name in names})
    assert CANARY not in printed(value)
    assert CANARY not in printed(DeliveredCredentials(outputs={"it": Secret(CANARY)}))
    assert [f"{name}_{CANARY}" for name in names] == [getattr(value, name).reveal() for name in names]


def test_every_secret_of_the_description_is_hidden_by_its_type() -> None:
    """Those that the facts call so, by the name of the field."""
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


def test_the_key_pair_and_what_it_opens_show_nothing() -> None:
    """The private key, the credentials and the token that acknowledges them."""
    pair = generate_key_pair()
    assert pair.private_key.reveal() not in printed(pair)
    delivered = decrypt_delivery(encrypt_delivery(pair.request, {"KEY": CANARY}, ack_token=CANARY), pair)
    assert (CANARY, CANARY) == (delivered.outputs["KEY"].reveal(), delivered.ack_token and delivered.ack_token.reveal())
    assert CANARY not in printed(delivered)


def test_a_client_and_its_layers_show_no_key() -> None:
    """Nor does what travels through them."""
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
    """Run an API all of whose secrets hold the canary."""
    async with TripwireServer(secret_key=KEY) as server:
        number = iter(range(10**6))
        monkeypatch.setattr(server.state.ids, "token", lambda prefix: f"{prefix}_{CANARY}{next(number)}")
        yield server


@pytest.fixture
async def client(server: TripwireServer) -> AsyncIterator[AsyncTripwire]:
    """Open a client that does not repeat."""
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
        "message": f"agt_{CANARY} is no token",
        "details": {"fields": [{"name": "agent_token", "issue": "is invalid", "received": f"agt_{CANARY}"}]},
    }
}

FAULTS = {
    "refused": Fault.status(403),
    "broken": Fault.status(500),
    "echo": Fault.html(422, json.dumps(ECHO)),
    "page": Fault.html(502, f"<html>Authorization: Bearer {KEY}</html>"),
    "closed": Fault.closed_connection(),
    "lost": Fault.lost_response(),
    "slow": Fault.delay(0.4),
    "cut off": Fault.truncated_body(),
    "not json": Fault.body(f'{{"data": {{"poll_token": "gtpoll_{CANARY}", "signing_secret": "whsec_{CANARY}'.encode()),
    "not an object": Fault.body(f'["sk_test_{CANARY}"]'.encode()),
    "wrong type": Fault.malformed("meta.request_id", 5),
    "incomplete": Fault.missing("meta"),
}


UNREAD = {"cut off", "not json", "not an object", "wrong type", "incomplete"}
"""What does not fail where the answer has no body that is read."""


@pytest.mark.parametrize(
    ("operation", "fault"),
    [(call, fault) for call in CALLS for fault in FAULTS if call != "revokeGateAgentToken" or fault not in UNREAD],
)
async def test_no_error_of_a_call_shows_a_secret(
    client: AsyncTripwire, server: TripwireServer, operation: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong: in no text, attribute, frame, pickle or log record."""
    caplog.set_level(logging.DEBUG)
    with server.fail(operation, FAULTS[fault]), pytest.raises(errors.TripwireError) as caught:
        await CALLS[operation](client, server.organization_id)
    assert CANARY not in reported(caught.value)
    assert caplog.records
    for record in caplog.records:
        assert CANARY not in record.getMessage() + repr(vars(record))


@pytest.mark.parametrize("operation", ["createOrganizationApiKey", "createWebhookEndpoint", "createGateSession"])
async def test_no_answer_shows_a_secret(client: AsyncTripwire, server: TripwireServer, operation: str) -> None:
    """Neither the model nor a raw answer; and the text is there for who asks."""
    answer = await CALLS[operation](client, server.organization_id)
    raw = await CALLS[operation](client.with_raw_response, server.organization_id)  # type: ignore[arg-type] - the same methods
    assert CANARY not in printed(answer) + repr(vars(answer) if hasattr(answer, "__dict__") else "") + printed(raw)
    secret = next(
        found
        for name in ("revealed_key", "signing_secret", "poll_token")
        if isinstance(found := getattr(answer, name, None), Secret)
    )
    assert CANARY in secret.reveal()


async def test_a_gate_session_shows_nothing_on_its_way(client: AsyncTripwire, server: TripwireServer) -> None:
    """Neither the handle, nor what was handed over, nor the error when that must not be used."""
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
        lambda: decrypt_delivery(ENVELOPE, FOREIGN),
        lambda: decrypt_delivery(FORBIDDEN, PAIR),
    ],
)
def test_what_cannot_work_is_refused_without_being_shown(make: Callable[[], object]) -> None:
    """A key that is none, or an envelope that must not be used, is in no frame of the error."""
    with pytest.raises((errors.ConfigurationError, errors.GateDeliveryError)) as caught:
        make()
    assert CANARY not in reported(caught.value)
