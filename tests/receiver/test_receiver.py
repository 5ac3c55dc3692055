"""Responses of an endpoint, and its state for the next attempt."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import library_locals
from tests.support.webhook_bodies import DATA, NOW, PAIR, SECRET, body_of, headers_of
from tripwire_async import FOIL
from tripwire_async._secrets.secret import Secret
from tripwire_async.gate_delivery import DeliveredCredentials, decrypt_delivery
from tripwire_async.receiver import (
    Claim,
    EventStore,
    RecentEvents,
    Router,
    WebhookEvent,
    WebhookReceiver,
    WebhookResponse,
    sign_webhook,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

TEST = body_of("webhook.test")
GATE = body_of("gate.session.approved")


def receiver_of(router: Router, secret: Any = SECRET, **options: Any) -> WebhookReceiver:
    return WebhookReceiver(router, secret, now=lambda: NOW, **options)


def counting(result: object = None) -> tuple[Router, list[WebhookEvent]]:
    """A router whose handlers return *result*, and what they saw."""
    router, seen = Router(), list[WebhookEvent]()

    @router.default
    def handle(event: WebhookEvent) -> object:
        seen.append(event)
        return result

    return router, seen


def logged_locals(caplog: pytest.LogCaptureFixture) -> str:
    """Return the printed locals of the library's frames in the logged tracebacks."""
    errors = [record.exc_info[1] for record in caplog.records if record.exc_info]
    return "\n".join(library_locals(error) for error in errors if error is not None)


async def test_an_event_is_handled_and_answered_with_200() -> None:
    """The response has no body."""
    router, seen = counting()
    assert WebhookResponse(200) == await receiver_of(router).respond(TEST, headers_of(TEST))
    assert [event.id for event in seen] == ["wevt_0123456789abcdef0123456789abcdef"]


async def test_a_bad_signature_is_a_401_and_nothing_is_handled(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the reason, without the body."""
    router, seen = counting()
    body = body_of("webhook.test", canary="canary")
    response = await receiver_of(router).respond(body, headers_of(TEST))
    assert response.status == 401
    assert b"signature does not match" in response.body
    assert seen == []
    assert "signature does not match" in caplog.text
    assert "canary" not in caplog.text + response.body.decode()


async def test_a_webhook_of_yesterday_is_a_401() -> None:
    """The tolerance is an argument."""
    router, seen = counting()
    late = WebhookReceiver(router, SECRET, now=lambda: NOW + 86_400)
    assert (await late.respond(TEST, headers_of(TEST))).status == 401
    patient = WebhookReceiver(router, SECRET, now=lambda: NOW + 86_400, tolerance=86_400)
    assert seen == []
    assert (await patient.respond(TEST, headers_of(TEST))).status == 200


@pytest.mark.parametrize("body", [b"", b"rubbish", b"{}", body_of("webhook.test", data={"canary": 1})])
async def test_an_invalid_body_is_a_400_even_when_it_is_signed(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """And is not shown in the log."""
    router, seen = counting()
    assert (await receiver_of(router).respond(body, headers_of(body))).status == 400
    assert seen == []
    assert "not an event" in caplog.text
    assert "canary" not in caplog.text


async def chunks_of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_a_body_is_read_in_chunks() -> None:
    """However it is cut."""
    router, _ = counting()
    response = await receiver_of(router).receive(chunks_of(TEST[:7], b"", TEST[7:]), headers_of(TEST))
    assert WebhookResponse(200) == response


async def test_a_body_that_is_too_large_is_a_413_and_not_read_on() -> None:
    """At the limit it is taken; above it, the chunk that is too much is the last one that is read."""
    router, seen = counting()
    small = receiver_of(router, max_body=len(TEST))
    assert (await small.receive(chunks_of(TEST), headers_of(TEST))).status == 200
    read: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            read.append(len(TEST))
            yield TEST

    response = await small.receive(endless(), headers_of(TEST))
    assert response.status == 413
    assert len(read) == 2
    assert (await small.respond(TEST + b" ", headers_of(TEST + b" "))).status == 413
    assert len(seen) == 1


async def test_the_limit_is_1_mib_by_default() -> None:
    """A body of 2 MiB is rejected, even if it is signed."""
    router, _ = counting()
    fits = TEST + b" " * (1024 * 1024 - len(TEST))
    assert (await receiver_of(router).respond(fits, headers_of(fits))).status == 200
    for size in (1024 * 1024 + 1, 2 * 1024 * 1024):
        body = TEST + b" " * (size - len(TEST))
        assert (await receiver_of(router).receive(chunks_of(body), headers_of(body))).status == 413


async def test_a_handler_that_raises_is_a_500_and_the_next_attempt_is_handled(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the event and holds the traceback, but no body."""
    router, seen = Router(), list[str]()

    @router.on("webhook.test")
    async def fails_once(event: WebhookEvent) -> None:
        seen.append(event.id)
        if len(seen) == 1:
            msg = "no database"
            raise OSError(msg)

    body = body_of("webhook.test", later="canary")
    receiver = receiver_of(router)
    first = await receiver.respond(body, headers_of(body))
    assert first.status == 500
    assert b"database" not in first.body
    assert "event wevt_0123456789abcdef0123456789abcdef of type webhook.test was not handled" in caplog.text
    assert "no database" in caplog.text
    assert "canary" not in caplog.text
    assert [200, 200] == [(await receiver.respond(body, headers_of(body))).status for _ in range(2)]
    assert len(seen) == 2


async def test_an_event_that_comes_again_is_not_handled_again() -> None:
    """Also with a new signature; another event is handled."""
    router, seen = counting()
    receiver = receiver_of(router)
    other = body_of("webhook.test", "wevt_other")
    for body in (TEST, TEST, other, TEST):
        assert (await receiver.respond(body, headers_of(body))).status == 200
    assert ["wevt_0123456789abcdef0123456789abcdef", "wevt_other"] == [event.id for event in seen]


async def test_an_event_that_comes_again_while_it_is_handled_is_a_409() -> None:
    """A 200 would lose the event if the handler fails, which happens here."""
    router, going_on, fail = Router(), asyncio.Event(), asyncio.Event()
    attempts: list[str] = []

    @router.on("webhook.test")
    async def slow(event: WebhookEvent) -> None:
        attempts.append(event.id)
        if len(attempts) == 1:
            going_on.set()
            await fail.wait()
            raise OSError

    receiver = receiver_of(router)
    first = asyncio.create_task(receiver.respond(TEST, headers_of(TEST)))
    await going_on.wait()
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 409
    fail.set()
    assert (await first).status == 500
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 200
    assert len(attempts) == 2


async def test_a_request_that_is_cancelled_leaves_no_claim_behind() -> None:
    """As when the framework gives up on a connection that was lost."""
    router, going_on = Router(), asyncio.Event()
    attempts: list[str] = []

    @router.on("webhook.test")
    async def slow(event: WebhookEvent) -> None:
        attempts.append(event.id)
        if len(attempts) == 1:
            going_on.set()
            await asyncio.Event().wait()

    receiver = receiver_of(router)
    first = asyncio.create_task(receiver.respond(TEST, headers_of(TEST)))
    await going_on.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 200


class BrokenStore:
    """A store whose *broken* method fails."""

    def __init__(self, broken: str) -> None:
        self._store = RecentEvents()
        self.broken = broken

    def _check(self, method: str) -> None:
        if method == self.broken:
            msg = f"{method} failed"
            raise OSError(msg)

    async def claim(self, event_id: str, /) -> Claim:
        self._check("claim")
        return await self._store.claim(event_id)

    async def complete(self, event_id: str, response: bytes, /) -> None:
        self._check("complete")
        await self._store.complete(event_id, response)

    async def release(self, event_id: str, /) -> None:
        self._check("release")
        await self._store.release(event_id)


@pytest.mark.parametrize("broken", ["claim", "complete"])
async def test_a_store_that_fails_is_a_500_and_loses_nothing(broken: str, caplog: pytest.LogCaptureFixture) -> None:
    """Once it works again, the event is handled, possibly a second time."""
    router, seen = counting()
    broken_store = BrokenStore(broken)
    store: EventStore = broken_store
    receiver = receiver_of(router, store=store)
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 500
    assert f"{broken} failed" in caplog.text
    broken_store.broken = ""
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 200
    assert seen


async def current() -> list[str]:
    return ["whsec_new", SECRET]


@pytest.mark.parametrize("secret", [SECRET, Secret(SECRET), ["whsec_new", SECRET], lambda: SECRET, current])
async def test_the_secret_may_be_one_several_or_a_function(secret: Any) -> None:
    """The function is called each time, so a secret can be rotated while the server runs."""
    receiver = receiver_of(counting()[0], secret)
    for _ in range(2):
        assert (await receiver.respond(TEST, headers_of(TEST))).status == 200


async def test_a_rotated_secret_is_believed_from_the_next_webhook_on() -> None:
    """And the former one no longer."""
    secrets = ["whsec_old"]
    receiver = receiver_of(counting()[0], lambda: secrets)
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 401
    secrets[:] = [SECRET]
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 200


async def test_a_set_up_that_cannot_work_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    """The service is not at fault, and sends the event again after the fix."""
    assert (await receiver_of(counting()[0], lambda: "").respond(TEST, headers_of(TEST))).status == 500
    assert "empty webhook signing secret" in caplog.text


@pytest.mark.parametrize(
    ("returned", "ack_token"),
    [
        ({"ACME_KEY": "acme-canary"}, None),
        ({"ACME_KEY": Secret("acme-canary")}, None),
        (DeliveredCredentials(outputs={"ACME_KEY": Secret("acme-canary")}, ack_token=Secret("ack")), Secret("ack")),
    ],
)
async def test_an_approved_gate_session_is_answered_with_encrypted_credentials(
    returned: object, ack_token: Secret | None, caplog: pytest.LogCaptureFixture
) -> None:
    """They are the handler's return value, and only the owner of the key can read them."""
    caplog.set_level(logging.DEBUG)
    router, _ = counting(returned)
    response = await receiver_of(router).respond(GATE, headers_of(GATE))
    assert (200, "application/json") == (response.status, response.content_type)
    credentials = decrypt_delivery(json.loads(response.body)["encrypted_delivery"], PAIR)
    assert DeliveredCredentials(outputs={"ACME_KEY": Secret("acme-canary")}, ack_token=ack_token) == credentials
    assert b"canary" not in response.body
    assert "canary" not in caplog.text


async def test_a_gate_session_under_the_later_name_is_answered_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The envelope opens under that name alone."""
    data = {("foil" if name == "tripwire" else name): value for name, value in DATA["gate.session.approved"].items()}
    body = body_of("gate.session.approved", data=data)
    router, _ = counting({"ACME_KEY": "k"})
    response = await receiver_of(router).respond(body, headers_of(body))
    envelope = json.loads(response.body)["encrypted_delivery"]
    monkeypatch.setattr("tripwire_async.gate_delivery.envelopes.PROFILES", {FOIL.name: FOIL})
    assert decrypt_delivery(envelope, PAIR).outputs == {"ACME_KEY": Secret("k")}


async def test_credentials_that_were_lost_on_the_way_are_given_again() -> None:
    """The same ones: the handler is not called for a second key."""
    router, seen = counting({"ACME_KEY": "k"})
    receiver = receiver_of(router)
    first, second = [await receiver.respond(GATE, headers_of(GATE)) for _ in range(2)]
    assert first == second
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([], "0 handlers of gate.session.approved returned credentials"),
        ([None], "0 handlers of gate.session.approved returned credentials"),
        ([{}, {}], "2 handlers of gate.session.approved returned credentials"),
        (["canary"], "credentials must be a mapping of variables to values, not str"),
        ([{"ACME_KEY": b"canary"}], "the credential ACME_KEY must be text or a Secret, not bytes"),
        ([{"PATH": "canary"}], "must never set PATH"),
        ([{"ACME_GATE_AGENT_TOKEN": "canary"}], "which Gate manages"),
    ],
)
async def test_a_gate_session_without_proper_credentials_is_a_500(
    returned: list[object], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    """None, two, another type, or forbidden variables: the log names the problem and shows no value."""
    router = Router()

    def answering(one: object) -> Callable[[WebhookEvent], object]:
        return lambda event: one

    for one in returned:
        router.on("gate.session.approved")(answering(one))
    assert (await receiver_of(router).respond(GATE, headers_of(GATE))).status == 500
    assert message in caplog.text
    assert "canary" not in caplog.text
    assert "canary" not in logged_locals(caplog)


async def test_a_handler_that_merely_looks_on_returns_nothing() -> None:
    """One that returns credentials, next to others that return None."""
    router, _ = counting()
    router.on("gate.session.approved")(lambda event: None)
    router.on("gate.session.approved")(lambda event: {"ACME_KEY": "k"})
    assert (await receiver_of(router).respond(GATE, headers_of(GATE))).status == 200


async def get_canary() -> str:
    return "whsec_canary"


@pytest.mark.parametrize("secret", ["whsec_canary", ["whsec_canary"], lambda: "whsec_canary", get_canary])
async def test_a_logged_traceback_holds_no_secret(secret: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A handler raises; the frames of the receiver hold the signing secret hidden."""
    router = Router()
    router.on("webhook.test")(lambda event: 1 / 0)
    headers = sign_webhook(TEST, "whsec_canary", NOW)
    assert (await receiver_of(router, secret).respond(TEST, headers)).status == 500
    assert "secret = (Secret('whsec_…'),)" in logged_locals(caplog)
    assert "canary" not in logged_locals(caplog)


async def test_the_clock_is_looked_up_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries that freeze the time replace `time.time` after this module was imported."""
    receiver = WebhookReceiver(counting()[0], SECRET)
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 401
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    assert (await receiver.respond(TEST, headers_of(TEST))).status == 200


def test_a_webhook_can_be_answered_without_an_event_loop() -> None:
    """The receiver also runs under trio, because it does not need asyncio."""
    router, seen = counting()
    receiver = receiver_of(router)
    for expected in (1, 1):
        coroutine = receiver.respond(TEST, headers_of(TEST))
        with pytest.raises(StopIteration) as ended:
            coroutine.send(None)
        assert WebhookResponse(200) == ended.value.value
        assert expected == len(seen)
