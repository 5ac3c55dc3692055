"""Both ends of a delivery in one process: a test is sent, and seen to arrive."""

from __future__ import annotations

import contextlib
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Final, TypeVar, final

import attrs

from tripwire_async._http.messages import CallStats
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import DeliveryError, DeliveryTimeoutError, EventDecodeError, SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.models import WebhookDelivery
    from tripwire_async.receiver import WebhookEvent, WebhookResponse

    from .sender import Sender

K = TypeVar("K")
T = TypeVar("T")

_MAX_BODY: Final = 64 * 1024
_REMEMBERED: Final = 1000


@attrs.frozen(kw_only=True)
class ReceivedTest:
    """A test that was sent, received here, and confirmed by the service.

    Attributes:
        event: The event as it was received.
        delivery: The delivery as the service tells it.
        latency: Seconds from putting the send on the wire until its webhook was here.
    """

    event: WebhookEvent
    delivery: WebhookDelivery
    latency: float


@attrs.frozen
class _Arrival:
    """A webhook that came: when, and what it says."""

    at: float
    event: WebhookEvent


@final
class LoopbackEndpoint:
    """The receiving end of test sends, as an async context manager.

    ::

        async with tripwire.webhooks.loopback_endpoint(port=8080) as receiver:
            received = await receiver.test_and_receive(organization_id, endpoint_id, secret)

    A webhook that is not signed with the secret of a test under way is answered with 401.

    Attributes:
        port: Where it listens; known once it has been entered.
    """

    def __init__(
        self, sender: Sender, host: str, port: int, *, tolerance: float, now: Callable[[], float] | None, clock: Clock
    ) -> None:
        self.port = port
        self._sender = sender
        self._host = host
        self._tolerance = tolerance
        self._now = now
        self._clock = clock
        self._stack = contextlib.AsyncExitStack()
        self._is_open = False
        self._expected: Counter[Secret] = Counter()
        # By what signed them as well: whoever has the secret of one endpoint must not stand in the way of another's.
        self._arrivals: OrderedDict[tuple[str, Secret], _Arrival] = OrderedDict()
        self._refused: OrderedDict[str, SignatureError] = OrderedDict()

    @property
    def url(self) -> str:
        """The address under which this machine reaches it; the path may be any."""
        return f"http://{self._host}:{self.port}/"

    async def __aenter__(self) -> LoopbackEndpoint:
        """Listen; raises OSError where that is not possible."""
        from tripwire_async.receiver.aiohttp_web import listen  # noqa: PLC0415 - few programs are a server as well

        site = listen(self._respond, host=self._host, port=self.port, max_body=_MAX_BODY)
        self.port = await self._stack.enter_async_context(site)
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._is_open = False
        await self._stack.aclose()

    async def test_and_receive(
        self, organization_id: str, endpoint_id: str, secret: str | Secret, *, timeout: float = 60.0
    ) -> ReceivedTest:
        """Send a test to an endpoint whose URL leads here, and return once both sides agree that it has arrived.

        The webhook must be of the event that the service named, signed with the endpoint's *secret*, over the bytes as
        they came; and the service must know that it was received. *timeout* is in seconds, for all of it. Any number
        may go on at once. Scopes ``webhooks:manage`` and ``webhooks:read``.

        Raises:
            SignatureError: The webhook came, and the signature is not the endpoint's.
            DeliveryError: The service says that the delivery has failed or was skipped, or went somewhere else.
            DeliveryTimeoutError: The service did not settle the delivery in time.
            RuntimeError: The receiver was not entered.
            TripwireError: What a send raises.
        """
        if not self._is_open:
            msg = "the receiver is not listening: enter it with `async with` first"
            raise RuntimeError(msg)
        secret = secret if isinstance(secret, Secret) else Secret(secret)
        began = self._clock.now()
        stats = CallStats()
        with self._expecting(secret):
            pending = await self._sender.send_once(organization_id, endpoint_id, deadline=timeout, stats=stats)
            try:
                delivery = await pending.settled(max(0.0, began + timeout - self._clock.now()))
            except DeliveryTimeoutError as error:
                raise self._refused.get(pending.event_id, error) from None
        arrival = self._arrivals.get((pending.event_id, secret))
        if arrival is None and any(event_id == pending.event_id for event_id, _ in self._arrivals):
            msg = f"the webhook of {pending.event_id} is signed with another secret than that of {endpoint_id}"
            raise SignatureError(msg)
        if arrival is None:
            raise self._refused.get(pending.event_id) or _not_arrived(delivery)
        return ReceivedTest(event=arrival.event, delivery=delivery, latency=arrival.at - began - stats.waited)

    @contextlib.contextmanager
    def _expecting(self, secret: Secret) -> Generator[None]:
        """Take webhooks that *secret* has signed."""
        self._expected[secret] += 1
        try:
            yield
        finally:
            self._expected[secret] -= 1
            if not self._expected[secret]:
                del self._expected[secret]

    async def _respond(self, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        from tripwire_async.receiver import WebhookResponse, parse_event  # noqa: PLC0415 - few programs receive as well
        from tripwire_async.receiver.respond import (  # noqa: PLC0415 - few programs receive as well
            receive_or_reject,
            rejection,
        )

        arrived_at = self._clock.now()
        response = WebhookResponse(401, b"no webhook was expected")
        accepted = False
        now = None if self._now is None else self._now()
        for secret in self._expected:
            result = receive_or_reject(body, headers, secret, tolerance=self._tolerance, now=now)
            if isinstance(result, WebhookResponse):
                response = result
            else:
                accepted = True
                self._remember(self._arrivals, (result.id, secret), _Arrival(arrived_at, result))
        if accepted:
            return WebhookResponse(200)
        try:
            event_id = parse_event(body).id
        except EventDecodeError as error:
            return rejection(error)
        self._remember(self._refused, event_id, SignatureError(response.body.decode()))
        return response

    def _remember(self, kept: OrderedDict[K, T], key: K, one: T) -> None:
        """Keep the first that came; the service can send it again."""
        kept.setdefault(key, one)
        if len(kept) > max(_REMEMBERED, 2 * self._expected.total()):
            kept.popitem(last=False)


def _not_arrived(delivery: WebhookDelivery) -> DeliveryError:
    if delivery.status == "succeeded":
        what = "was received, but not here: does the endpoint's URL lead to this process?"
    else:
        what = f"has {delivery.status} and never came here: {delivery.error or 'without a reason'}"
    msg = f"the service says that the delivery of {delivery.event_id} to {delivery.endpoint_id} {what}"
    return DeliveryError(msg, event_id=delivery.event_id, endpoint_id=delivery.endpoint_id, latest=delivery)
