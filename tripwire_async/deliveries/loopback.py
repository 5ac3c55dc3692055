"""Endpoint in the process that sends the tests, so that a test is sent and received in one place."""

from __future__ import annotations

import contextlib
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, final

import attrs

from tripwire_async._http.messages import CallStats
from tripwire_async._secrets.keys import hide, require_secret
from tripwire_async.errors import DeliveryError, DeliveryTimeoutError, EventDecodeError, SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Mapping
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._secrets.secret import Secret
    from tripwire_async.models import WebhookDelivery
    from tripwire_async.receiver import WebhookEvent, WebhookResponse

    from .sender import Sender

K = TypeVar("K")
T = TypeVar("T")

_MAX_BODY: Final = 64 * 1024
_REMEMBERED: Final = 1000
"""Webhooks that are remembered, beside one for each test in progress."""


@attrs.frozen(kw_only=True)
class ReceivedTest:
    """Test that was sent, received in this process, and confirmed by the service.

    Attributes:
        event: The event as it was received.
        delivery: The delivery as the service reports it.
        latency: Seconds from the start of the send until its webhook arrived, without waits for the rate limit.
    """

    event: WebhookEvent
    delivery: WebhookDelivery
    latency: float


@attrs.frozen
class _Arrival:
    """Webhook that arrived, with the time of its arrival."""

    time: float
    event: WebhookEvent


class LoopbackStatistics(NamedTuple):
    """State of a loopback endpoint.

    Attributes:
        expected: Tests that are in progress.
        arrived: Webhooks that are remembered as accepted.
        rejected: Webhooks that are remembered as rejected.
    """

    expected: int
    arrived: int
    rejected: int


@final
class LoopbackEndpoint:
    """Endpoint that receives the tests sent from the same process, as an async context manager.

    ::

        async with tripwire.webhooks.loopback_endpoint(port=8080) as loopback:
            received = await loopback.test_and_receive(organization_id, endpoint_id, secret)

    Webhooks that are not signed with the secret of a test in progress are rejected with status 401.

    Attributes:
        port: Port on which it listens; assigned when the block is entered.
    """

    def __init__(
        self, sender: Sender, host: str, port: int, *, tolerance: float, now: Callable[[], float] | None, clock: Clock
    ) -> None:
        from tripwire_async.receiver.arguments import check_tolerance  # noqa: PLC0415 - few programs receive as well

        check_tolerance(tolerance)
        self.port = port
        self._sender = sender
        self._host = host
        self._tolerance = tolerance
        self._now = now
        self._clock = clock
        self._stack = contextlib.AsyncExitStack()
        self._is_open = False
        self._expected: Counter[Secret] = Counter()
        # The secret is part of the key, so that the owner of one endpoint cannot displace the webhook of another one.
        self._arrivals: OrderedDict[tuple[str, Secret], _Arrival] = OrderedDict()
        self._rejected: OrderedDict[str, SignatureError] = OrderedDict()

    @property
    def url(self) -> str:
        """URL of the endpoint on this machine; every path is accepted."""
        return f"http://{self._host}:{self.port}/"

    def __repr__(self) -> str:
        return f"<LoopbackEndpoint {self.url if self._is_open else 'not open'}>"

    async def __aenter__(self) -> LoopbackEndpoint:
        """Start to listen; raises OSError if the port cannot be used."""
        from tripwire_async.receiver.aiohttp_web import listen  # noqa: PLC0415 - few programs receive as well

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

    def test_and_receive(
        self, organization_id: str, endpoint_id: str, secret: str | Secret, *, timeout: float = 60.0
    ) -> Coroutine[Any, Any, ReceivedTest]:
        """Send a test to an endpoint whose URL leads here; return when its webhook arrived and its delivery succeeded.

        The webhook must carry the event of the test and a signature with the endpoint's *secret* over its exact bytes.
        *timeout* is in seconds, for all of it. Any number of tests may run at once. Scopes ``webhooks:manage`` and
        ``webhooks:read``.

        Raises:
            SignatureError: The webhook arrived without a valid signature of the endpoint.
            DeliveryError: The delivery failed or was skipped, or the webhook arrived at another receiver.
            DeliveryTimeoutError: The delivery did not settle in time.
            RuntimeError: The block of the endpoint was not entered.
            TripwireError: Any error of a send.
        """
        # Not a coroutine function: the frame of one that is cancelled before it starts holds the secret.
        secret = hide(secret)
        require_secret(secret, name="secret")
        return self._test_and_receive(organization_id, endpoint_id, secret, timeout)

    async def _test_and_receive(
        self, organization_id: str, endpoint_id: str, secret: Secret, timeout: float
    ) -> ReceivedTest:
        if not self._is_open:
            msg = "the loopback endpoint is not listening: enter it with `async with` first"
            raise RuntimeError(msg)
        started = self._clock.now()
        stats = CallStats()
        with self._expecting(secret):
            pending = await self._sender.send_once(organization_id, endpoint_id, deadline=timeout, stats=stats)
            try:
                delivery = await pending.settled(max(0.0, started + timeout - self._clock.now()))
            except DeliveryTimeoutError as error:
                raise self._rejected.get(pending.event_id, error) from None
        arrival = self._arrivals.get((pending.event_id, secret))
        if arrival is None and any(event_id == pending.event_id for event_id, _ in self._arrivals):
            msg = f"the webhook of {pending.event_id} is signed with another secret than that of {endpoint_id}"
            raise SignatureError(msg)
        if arrival is None:
            raise self._rejected.get(pending.event_id) or _not_arrived(delivery)
        return ReceivedTest(event=arrival.event, delivery=delivery, latency=arrival.time - started - stats.waited)

    def statistics(self) -> LoopbackStatistics:
        """Return the state of the endpoint, for tests and debugging."""
        return LoopbackStatistics(
            expected=self._expected.total(), arrived=len(self._arrivals), rejected=len(self._rejected)
        )

    @contextlib.contextmanager
    def _expecting(self, secret: Secret) -> Generator[None]:
        """Accept webhooks that are signed with *secret*."""
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
        self._remember(self._rejected, event_id, SignatureError(response.body.decode()))
        return response

    def _remember(self, kept: OrderedDict[K, T], key: K, value: T) -> None:
        """Keep the first *value* of a key, as the service may send a webhook again."""
        kept.setdefault(key, value)
        if len(kept) > _REMEMBERED + self._expected.total():
            kept.popitem(last=False)


def _not_arrived(delivery: WebhookDelivery) -> DeliveryError:
    if delivery.status == "succeeded":
        problem = "succeeded, but its webhook did not arrive here; check that the endpoint's URL leads to this process"
    else:
        reason = delivery.error or "the service gives no reason"
        problem = f"{delivery.status}, and its webhook did not arrive here: {reason}"
    msg = f"the delivery of {delivery.event_id} to {delivery.endpoint_id}: {problem}"
    return DeliveryError(msg, event_id=delivery.event_id, endpoint_id=delivery.endpoint_id, latest=delivery)
