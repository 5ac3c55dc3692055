"""No exception of a rejected webhook, token, key or envelope holds a secret in its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.requests import request
from tests.support.secret_scanner import exposed
from tests.support.webhook_bodies import NOW, body_of
from tripwire_async import AsyncTripwire, Secret
from tripwire_async._codec.converter import unstructure
from tripwire_async.gate_delivery import (
    DeliveryKeyPair,
    decrypt_delivery,
    encrypt_delivery,
    generate_key_pair,
    import_key_pair,
)
from tripwire_async.middleware import BearerAuth
from tripwire_async.receiver import Router, WebhookReceiver, receive_event, sign_webhook, verify_signature
from tripwire_async.sealed_tokens import verify_token
from tripwire_async.testing._service.gate_encryption import encrypt

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "canary0123456789abcdef0123456789abcdef"
KEY = f"sk_test_{CANARY}"
SIGNING = f"whsec_{CANARY}"
BODY = body_of("webhook.test")
FORGED = sign_webhook(b"x", "whsec_other", NOW)
PAIR = generate_key_pair()
ENVELOPE = unstructure(encrypt_delivery(PAIR.request, {"KEY": CANARY}, ack_token=CANARY))
WRONG_PAIR = DeliveryKeyPair(private_key=Secret(CANARY), public_key=PAIR.public_key, key_id=PAIR.key_id)


def raised(function: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception, match=r".") as caught:
        function()
    return caught.value


FORMS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "Secret": Secret,
    "list": lambda secret: [secret, Secret(secret)],
    "tuple": lambda secret: (secret,),
    "generator": lambda secret: (each for each in [secret]),
    "mixed": lambda secret: [secret, 5],
    "bytes": lambda secret: secret.encode(),
    "lone surrogate": lambda secret: f"{secret}\ud800",
}
NO_SECRETS = ("mixed", "bytes")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "verify",
    [
        lambda secret: verify_signature(BODY, FORGED, secret, now=NOW),
        lambda secret: verify_signature(BODY, FORGED, secret),
        lambda secret: verify_signature(BODY, {}, secret, now=NOW),
        lambda secret: verify_signature(BODY, None, secret, now=NOW),  # type: ignore[arg-type] - a mistake under test
        lambda secret: verify_signature("text", FORGED, secret, now=NOW),  # type: ignore[arg-type] - a mistake under test
        lambda secret: verify_signature(BODY, FORGED, secret, tolerance=-1),
        lambda secret: receive_event(BODY, FORGED, secret, now=NOW),
        lambda secret: receive_event(b"{", FORGED, secret, now=NOW),
        lambda secret: sign_webhook("text", secret),  # type: ignore[arg-type] - a mistake under test
        lambda secret: sign_webhook(BODY, secret, "now"),  # type: ignore[arg-type] - a mistake under test
    ],
)
def test_a_rejected_webhook_shows_no_signing_secret(form: str, verify: Callable[[Any], object]) -> None:
    """However the secret is given, and whatever is wrong with the webhook."""
    assert not exposed(raised(lambda: verify(FORMS[form](SIGNING))), CANARY)


@pytest.mark.parametrize("form", [*FORMS, "environment"])
@pytest.mark.parametrize("token", ["bm90IGEgdG9rZW4=", "", "AQAA", 5, "A" * 10_000, "AgABAAAA" * 40])
def test_a_rejected_token_shows_no_key(form: str, token: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the key is given."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", KEY)
    key = None if form == "environment" else FORMS[form](KEY)
    assert not exposed(raised(lambda: verify_token(token, key)), CANARY)
    assert not exposed(raised(lambda: verify_token(token, key, max_inflated=0)), CANARY)


@pytest.mark.parametrize(
    "make",
    [
        lambda: import_key_pair(CANARY),
        lambda: import_key_pair(f"{CANARY}!"),
        lambda: decrypt_delivery(ENVELOPE, WRONG_PAIR),
        lambda: decrypt_delivery({**ENVELOPE, "tag": "A" * 22}, PAIR),
        lambda: decrypt_delivery(encrypt(unstructure(PAIR.request), {"PATH": CANARY}), PAIR),
        lambda: encrypt_delivery(PAIR.request, {"PATH": CANARY}),
        lambda: encrypt_delivery(PAIR.request, {"KEY": CANARY, "OTHER": 5}),  # type: ignore[dict-item] - a mistake under test
        lambda: encrypt_delivery({}, {"KEY": CANARY}, ack_token=CANARY),
        lambda: encrypt_delivery(PAIR.request, {"KEY": f"{CANARY}\ud800"}),
        lambda: AsyncTripwire(f"{KEY} "),
        lambda: AsyncTripwire(KEY, base_url="http://api.example"),
        lambda: AsyncTripwire(KEY, middleware=[]),
        lambda: AsyncTripwire(KEY, middleware=["layer"]),  # type: ignore[list-item] - a mistake under test
        lambda: AsyncTripwire(KEY, timeout=-1),
        lambda: AsyncTripwire(KEY.encode()),  # type: ignore[arg-type] - a mistake under test
        lambda: AsyncTripwire(KEY).with_options(max_attempts=0),
        lambda: AsyncTripwire(KEY).use_key(f"{KEY}\n"),
        lambda: BearerAuth(f"{KEY}€"),
        lambda: BearerAuth(KEY).replace(5),  # type: ignore[arg-type] - a mistake under test
    ],
)
def test_a_rejected_argument_shows_no_secret(make: Callable[[], object]) -> None:
    """Keys, credentials, and other arguments beside them."""
    assert not exposed(raised(make), CANARY)


def test_a_handler_that_raises_at_once_shows_no_key() -> None:
    """The next handler may be a function that raises before it returns an awaitable."""

    def last(_: object) -> Any:
        message = "a mistake in a middleware"
        raise LookupError(message)

    assert not exposed(raised(lambda: BearerAuth(KEY)(request(), last)), CANARY)


@pytest.mark.parametrize("form", NO_SECRETS)
def test_a_receiver_that_rejects_its_secret_shows_nothing(form: str) -> None:
    """A list with something else among the secrets, and bytes."""
    error = raised(lambda: WebhookReceiver(Router(), FORMS[form](SIGNING)))
    assert isinstance(error, TypeError)
    assert not exposed(error, CANARY)


@pytest.mark.parametrize("form", [*FORMS, "function", "async function"])
async def test_a_failure_in_the_receiver_logs_no_secret(form: str, caplog: pytest.LogCaptureFixture) -> None:
    """A handler raises, and the traceback goes to the log."""

    async def current() -> Any:
        return [SIGNING, Secret(SIGNING)]

    sources: dict[str, Any] = {"function": lambda: [SIGNING], "async function": current}
    # What the receiver rejects at once, a function can still return.
    sources |= {each: lambda: FORMS[form](SIGNING) for each in NO_SECRETS}
    source = sources[form] if form in sources else FORMS[form](SIGNING)
    router = Router()

    @router.default
    def fail(_: object) -> None:
        message = "a mistake in a handler"
        raise LookupError(message)

    receiver = WebhookReceiver(router, source)
    secret = f"{SIGNING}\ud800" if form == "lone surrogate" else SIGNING
    response = await receiver.respond(BODY, sign_webhook(BODY, secret))
    assert response.status == 500
    found = [error for record in caplog.records if record.exc_info and (error := record.exc_info[1]) is not None]
    assert found
    assert not [place for error in found for place in exposed(error, CANARY)]
    assert CANARY not in caplog.text + response.body.decode()
