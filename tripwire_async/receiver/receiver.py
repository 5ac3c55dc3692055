"""Everything that an endpoint does between a framework's request and its response."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, cast, final

from tripwire_async._codec.converter import encode
from tripwire_async._logger import LOGGER
from tripwire_async._secrets.keys import Secrets
from tripwire_async._secrets.secret import Secret
from tripwire_async.gate_delivery import DeliveredCredentials, encrypt_delivery
from tripwire_async.models import GateApprovedWebhookResponse

from .dedupe import EventStore, RecentEvents
from .events import GateSessionApprovedEvent
from .respond import WebhookResponse, receive_or_reject
from .signature import DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from .events import WebhookEvent
    from .router import Router

__all__ = ["DEFAULT_MAX_BODY", "SecretSource", "WebhookReceiver", "WebhookResponse"]

DEFAULT_MAX_BODY: Final = 1024 * 1024
"""Bytes that a webhook's body may have."""

SecretSource: TypeAlias = Secrets | Callable[[], Secrets | Awaitable[Secrets]]
"""The signing secret, or several, or a function that returns those that are valid now."""

_log = LOGGER.getChild("receiver")


class _TooLargeError(Exception):
    """The body has more bytes than it may have."""


@final
class WebhookReceiver:
    """Verifies webhooks, hands their events to a router, and says what to answer; knows no web framework.

    *secret* is the endpoint's signing secret, several of them, or a function, async or not, that returns those that
    are valid at the moment. *store* remembers which events were handled, by default `RecentEvents`. *tolerance* is in
    seconds, *max_body* in bytes, and *now* returns the time in Unix seconds.

    The answers: 401 to a webhook that the service did not sign; 400 to a body that is no event; 413 to one that is too
    large; 200 when the handlers are done; 500 when one of them raises, or anything else goes wrong here, so that the
    service sends the event again. An event that was handled before is answered as it was then, without a handler. One
    that is being handled at this moment is answered with 409, and the service sends it again later: to say 200 would
    lose the event if the handler fails after all.

    ``gate.session.approved`` is answered with the credentials that its handler returns, encrypted: a mapping of
    variables to values, or `tripwire_async.gate_delivery.DeliveredCredentials`. No handler that returns credentials,
    or more than one, is a 500.
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
        now: Callable[[], float] = time.time,
    ) -> None:
        self._router = router
        self._secret = secret
        self._store = RecentEvents() if store is None else store
        self._tolerance = tolerance
        self._max_body = max_body
        self._now = now

    async def receive(self, chunks: AsyncIterable[bytes], headers: Mapping[str, str]) -> WebhookResponse:
        """Read the body from *chunks*, up to *max_body* bytes, and say what to answer.

        What reading raises, as when the connection is lost, is passed on.
        """
        try:
            body = await self._read(chunks)
        except _TooLargeError:
            return self._too_large()
        return await self.answer(body, headers)

    async def answer(self, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        """Say what to answer to *body*, which was read already."""
        if len(body) > self._max_body:
            return self._too_large()
        try:
            secret = await self._current_secret()
            result = receive_or_reject(body, headers, secret, tolerance=self._tolerance, now=self._now())
        except Exception:  # noqa: BLE001 - an error in the caller's secret function becomes a 500
            _log.exception("a webhook could not be verified")
            return _plain(500, "the webhook could not be verified")
        if isinstance(result, WebhookResponse):
            _log.warning("rejected a webhook: %s", result.body.decode())
            return result
        try:
            return await self._handle_once(result)
        except Exception:  # noqa: BLE001 - whatever a handler or a store raises is answered, too
            _log.exception("event %s of type %s was not handled", result.id, result.type)
            return _plain(500, "the event was not handled")

    async def _read(self, chunks: AsyncIterable[bytes]) -> bytes:
        body = bytearray()
        async for chunk in chunks:
            body += chunk
            if len(body) > self._max_body:
                raise _TooLargeError
        return bytes(body)

    def _too_large(self) -> WebhookResponse:
        _log.warning("refused a webhook: it has more than %d bytes", self._max_body)
        return _plain(413, f"the body has more than {self._max_body} bytes")

    async def _current_secret(self) -> Secrets:
        secret = self._secret() if callable(self._secret) else self._secret
        return await secret if inspect.isawaitable(secret) else secret

    async def _handle_once(self, event: WebhookEvent) -> WebhookResponse:
        claim = await self._store.claim(event.id)
        if claim.state == "busy":
            return _plain(409, "the event is being handled at this moment; send it again later")
        if claim.state == "done":
            return _handled(claim.response)
        try:
            body = await self._handle(event)
            await self._store.complete(event.id, body)
        except BaseException:
            await self._store.release(event.id)
            raise
        return _handled(body)

    async def _handle(self, event: WebhookEvent) -> bytes:
        results = await self._router.dispatch(event)
        if not isinstance(event, GateSessionApprovedEvent):
            return b""
        credentials = _credentials(results)
        envelope = encrypt_delivery(
            event.data.delivery,
            credentials.outputs,
            ack_token=credentials.ack_token,
            service=event.service,
        )
        return encode(GateApprovedWebhookResponse(encrypted_delivery=envelope))


def _credentials(results: tuple[object, ...]) -> DeliveredCredentials:
    credentials = [result for result in results if result is not None]
    if len(credentials) != 1:
        msg = f"{len(credentials)} handlers of gate.session.approved returned credentials; exactly one must"
        raise LookupError(msg)
    (result,) = credentials
    if isinstance(result, DeliveredCredentials):
        return result
    if not isinstance(result, Mapping):
        msg = f"credentials are a mapping of variables to values, not {type(result).__name__}"
        raise TypeError(msg)
    outputs = cast("Mapping[str, str | Secret]", result)
    return DeliveredCredentials(
        outputs={name: value if isinstance(value, Secret) else Secret(value) for name, value in outputs.items()}
    )


def _plain(status: int, message: str) -> WebhookResponse:
    return WebhookResponse(status, message.encode())


def _handled(body: bytes) -> WebhookResponse:
    return WebhookResponse(200, body, "application/json") if body else WebhookResponse(200)
