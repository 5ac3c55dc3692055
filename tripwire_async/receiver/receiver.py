"""Webhook endpoint independent of any web framework: request in, response out."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, cast, final

from tripwire_async._codec.converter import encode
from tripwire_async._logger import LOGGER
from tripwire_async._secrets.keys import Secrets, hide, hide_all
from tripwire_async._secrets.secret import Secret
from tripwire_async.gate_delivery import DeliveredCredentials, encrypt_delivery
from tripwire_async.models import GateApprovedWebhookResponse

from .arguments import check_tolerance, require_whole_number
from .dedupe import EventStore, RecentEvents
from .events import GateSessionApprovedEvent
from .respond import WebhookResponse, receive_or_reject
from .signature import DEFAULT_TOLERANCE, require_signing_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from .events import WebhookEvent
    from .router import Router

__all__ = ["DEFAULT_MAX_BODY", "SecretSource", "WebhookReceiver"]

DEFAULT_MAX_BODY: Final = 1024 * 1024
"""Largest accepted body of a webhook, in bytes."""

SecretSource: TypeAlias = Secrets | Callable[[], Secrets | Awaitable[Secrets]]
"""One signing secret, several, or a function that returns the secrets that are valid now."""

_GATE_APPROVED: Final = "gate.session.approved"

_log = LOGGER.getChild("receiver")


class _TooLargeError(Exception):
    """The body is larger than allowed."""


@final
class WebhookReceiver:
    """Verifies webhooks, dispatches their events to a router and returns the response, for any web framework.

    The statuses of a response:

    - 200: every handler has returned. An event that was handled before gets the same response again, without a handler.
    - 400: the body is not a valid event.
    - 401: the service did not sign the webhook, or too long ago.
    - 409: the same event is being handled right now. The service sends it again later. A 200 would lose the event if
      the handler fails.
    - 413: the body is too large.
    - 500: a handler raised, or something else failed here. The service sends the event again.

    The response to ``gate.session.approved`` holds the encrypted credentials that its handler returned: a mapping of
    variables to values, or `tripwire_async.gate_delivery.DeliveredCredentials`. If no handler returns credentials, or
    more than one does, the status is 500.

    Args:
        router: The handlers of the events.
        secret: The signing secret of the endpoint, several of them, or a function, async or not, that returns the
            secrets that are valid now.
        store: The events that were handled; None means a new `RecentEvents`.
        tolerance: Largest accepted age of a webhook, in seconds.
        max_body: Largest accepted body, in bytes.
        now: Function that returns the time in Unix seconds; None means the system clock.

    Raises:
        ConfigurationError: *secret* is empty, or an API key.
        TypeError: *secret* is not text, a `Secret` or a function, or *tolerance* or *max_body* is not a number.
        ValueError: *tolerance* is negative or not finite.
    """

    __slots__ = ("_max_body", "_now", "_router", "_secret", "_store", "_tolerance")

    def __init__(
        self,
        router: Router,
        secret: SecretSource,
        *,
        store: EventStore | None = None,
        tolerance: float = DEFAULT_TOLERANCE,
        max_body: int = DEFAULT_MAX_BODY,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._router = router
        if not callable(secret):
            secret = hide_all(secret)
            require_signing_secrets(secret)
        check_tolerance(tolerance)
        require_whole_number("max_body", max_body, "bytes")
        self._secret: SecretSource = secret
        self._store = RecentEvents() if store is None else store
        self._tolerance = tolerance
        self._max_body = max_body
        self._now = now

    def __repr__(self) -> str:
        return f"<WebhookReceiver {self._router!r}>"

    async def receive(self, chunks: AsyncIterable[bytes], headers: Mapping[str, str]) -> WebhookResponse:
        """Read the body from *chunks*, up to *max_body* bytes, and return the response.

        An exception of *chunks* propagates, for example when the connection is lost.
        """
        try:
            body = await self._read(chunks)
        except _TooLargeError:
            return self._too_large()
        return await self.respond(body, headers)

    async def respond(self, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        """Return the response to a webhook whose *body* was read already."""
        if len(body) > self._max_body:
            return self._too_large()
        try:
            secret = await self._current_secret()
            now = time.time() if self._now is None else self._now()
            result = receive_or_reject(body, headers, secret, tolerance=self._tolerance, now=now)
        except Exception:  # noqa: BLE001 - an error of the caller's own function becomes a 500
            _log.exception("a webhook could not be verified")
            return _text_response(500, "the webhook could not be verified")
        if isinstance(result, WebhookResponse):
            _log.warning("rejected a webhook: %s", result.body.decode())
            return result
        try:
            return await self._handle_once(result)
        except Exception:  # noqa: BLE001 - an error of a handler or a store becomes a 500
            _log.exception("event %s of type %s was not handled", result.id, result.type)
            return _text_response(500, "the event was not handled")

    async def _read(self, chunks: AsyncIterable[bytes]) -> bytes:
        body = bytearray()
        async for chunk in chunks:
            body += chunk
            if len(body) > self._max_body:
                raise _TooLargeError
        return bytes(body)

    def _too_large(self) -> WebhookResponse:
        _log.warning("rejected a webhook: it has more than %d bytes", self._max_body)
        return _text_response(413, f"the body has more than {self._max_body} bytes")

    async def _current_secret(self) -> tuple[Secret, ...]:
        secret = self._secret() if callable(self._secret) else self._secret
        return hide_all(await secret if inspect.isawaitable(secret) else secret)

    async def _handle_once(self, event: WebhookEvent) -> WebhookResponse:
        claim = await self._store.claim(event.id)
        if claim.state == "busy":
            return _text_response(409, "the event is being handled now; send it again later")
        if claim.state == "done":
            return _success(claim.response)
        try:
            body = await self._handle(event)
            await self._store.complete(event.id, body)
        except BaseException:
            await self._store.release(event.id)
            raise
        return _success(body)

    async def _handle(self, event: WebhookEvent) -> bytes:
        if not isinstance(event, GateSessionApprovedEvent):
            await self._router.dispatch(event)
            return b""
        # Credentials are hidden before a local variable holds them: error reporters print the locals of every frame.
        credentials = _only_one(list(map(_hide_credentials, await self._router.dispatch(event))))
        envelope = encrypt_delivery(
            event.data.delivery,
            credentials.outputs,
            ack_token=credentials.ack_token,
            profile=event.profile,
        )
        return encode(GateApprovedWebhookResponse(encrypted_delivery=envelope))


def _hide_credentials(result: object) -> DeliveredCredentials | type | None:
    """Return the *result* of a handler with its values hidden; its type if it cannot be credentials."""
    if result is None or isinstance(result, DeliveredCredentials):
        return result
    if not isinstance(result, Mapping):
        return type(result)
    outputs = cast("Mapping[str, str | Secret]", result)
    return DeliveredCredentials(outputs={name: hide(value) for name, value in outputs.items()})


def _only_one(results: list[DeliveredCredentials | type | None]) -> DeliveredCredentials:
    given = [result for result in results if result is not None]
    if len(given) != 1:
        msg = f"{len(given)} handlers of {_GATE_APPROVED} returned credentials; exactly one must"
        raise LookupError(msg)
    (credentials,) = given
    if isinstance(credentials, type):
        msg = f"credentials must be a mapping of variables to values, not {credentials.__name__}"
        raise TypeError(msg)
    for name, value in cast("Mapping[str, object]", credentials.outputs).items():
        if not isinstance(value, Secret):
            msg = f"the credential {name} must be text or a Secret, not {cast('type', value).__name__}"
            raise TypeError(msg)
    return credentials


def _text_response(status: int, message: str) -> WebhookResponse:
    return WebhookResponse(status, message.encode())


def _success(body: bytes) -> WebhookResponse:
    return WebhookResponse(200, body, "application/json") if body else WebhookResponse(200)
