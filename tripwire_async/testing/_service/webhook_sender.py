"""Deliveries: events that are signed and really posted, again and again until somebody takes them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

import aiohttp
import attrs
import msgspec

from tripwire_async.testing.clock import ManualClock

from .checks import is_loopback
from .messages import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Timer
    from tripwire_async.testing.clock import Calendar

    from .records import Delivery, Event, JsonObject

FinalStatus: TypeAlias = Literal["succeeded", "failed", "skipped"]

_BODY_READ: Final = 65_536
_BODY_KEPT: Final = 2_048
_OUT_OF_REACH: Final = "This test server posts to loopback addresses only."


@attrs.frozen
class DeliveryOutcome:
    """How a delivery ends by script, *after* so many seconds of the server's clock, without a post."""

    status: FinalStatus
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None
    attempts: int = 1
    after: float = 0.0


@attrs.frozen
class WebhookSettings:
    """How deliveries are posted: seconds before the first attempt, seconds for each, how many, how far.

    *backoff* is the wait before the second attempt, in seconds of the server's clock; it doubles each time. *timeout*
    is in real seconds. Addresses other than loopback are refused unless *anywhere* is true: a test that names
    ``https://example.com/hook`` must not reach it.
    """

    delay: float = 0.05
    backoff: float = 0.2
    max_attempts: int = 3
    timeout: float = 5.0
    anywhere: bool = False
    enabled: bool = True


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature of *body*, sent at *timestamp* (Unix seconds), under an endpoint's whole *secret*."""
    return hmac.new(secret.encode(), b"%d.%b" % (timestamp, body), hashlib.sha256).hexdigest()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    left = _BODY_READ
    while left > 0 and (part := await response.content.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


@final
class WebhookSender:
    """Brings events to their endpoints, one task a delivery; `close` ends them all.

    *changed* is called after each change of a delivery, *approved* with each answer to ``gate.session.approved``.
    """

    def __init__(
        self,
        calendar: Calendar,
        settings: WebhookSettings,
        changed: Callable[[], None],
        approved: Callable[[Event, JsonObject], None],
    ) -> None:
        self._calendar = calendar
        self._clock = calendar.clock
        self._changed = changed
        self._approved = approved
        self._session: aiohttp.ClientSession | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._timers: dict[str, Timer] = {}
        self.settings = settings
        self.outcomes: dict[str | None, DeliveryOutcome] = {}

    @property
    def in_progress(self) -> int:
        """How many deliveries have something coming."""
        return len(self._tasks) + len(self._timers)

    def send(self, event: Event) -> None:
        """Set out with every pending delivery of *event*."""
        for delivery in event.deliveries:
            if delivery.status != "pending":
                continue
            script = self.outcomes.get(delivery.endpoint.id) or self.outcomes.get(None)
            if script is not None:
                self._apply_outcome(delivery, script)
            elif self.settings.enabled:
                task = asyncio.create_task(self._deliver(delivery), name=f"deliver {delivery.id}")
                self._tasks[delivery.id] = task
                task.add_done_callback(partial(self._done, delivery.id))

    def settle(self, delivery: Delivery, outcome: DeliveryOutcome) -> None:
        """End *delivery* by *outcome*, whatever was coming."""
        self.hold(delivery)
        delivery.status = outcome.status
        delivery.attempts = outcome.attempts
        delivery.response_status = outcome.response_status
        delivery.response_body = outcome.response_body
        delivery.error = outcome.error
        delivery.updated_at = self._calendar.timestamp()
        self._changed()

    def hold(self, delivery: Delivery) -> None:
        """Leave *delivery* as it is: nothing more will come by itself."""
        task = self._tasks.get(delivery.id)
        if task is not None:
            task.cancel()
        timer = self._timers.pop(delivery.id, None)
        if timer is not None:
            timer.cancel()

    async def close(self) -> None:
        """End every delivery that is under way, and the connections to the endpoints."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _done(self, delivery_id: str, _: asyncio.Task[None]) -> None:
        del self._tasks[delivery_id]
        self._changed()

    def _apply_outcome(self, delivery: Delivery, script: DeliveryOutcome) -> None:
        if script.after <= 0:
            self.settle(delivery, script)
            return
        when = self._clock.now() + script.after
        self._timers[delivery.id] = self._clock.call_at(when, lambda: self.settle(delivery, script))

    def _move(self, delivery: Delivery, status: Literal["pending", "delivering", "succeeded", "failed"]) -> None:
        delivery.status = status
        delivery.updated_at = self._calendar.timestamp()
        self._changed()

    async def _deliver(self, delivery: Delivery) -> None:
        await self._clock.sleep(self.settings.delay)
        wait = self.settings.backoff
        while True:
            self._move(delivery, "delivering")
            received = await self._attempt(delivery)
            delivery.attempts += 1
            if received:
                return self._move(delivery, "succeeded")
            if delivery.attempts >= self.settings.max_attempts or delivery.error == _OUT_OF_REACH:
                return self._move(delivery, "failed")
            self._move(delivery, "pending")
            await self._clock.sleep(wait)
            wait *= 2

    async def _attempt(self, delivery: Delivery) -> bool:
        """Post *delivery* once; write down what came back and say whether it was received."""
        delivery.response_status = delivery.response_body = delivery.error = None
        url = delivery.endpoint.url
        if not (self.settings.anywhere or is_loopback(url)):
            delivery.error = _OUT_OF_REACH
            return False
        body = encode(delivery.event.envelope())
        timestamp = int(self._calendar.unix_time())
        headers = {
            "Content-Type": "application/json",
            "X-Tripwire-Timestamp": str(timestamp),
            "X-Tripwire-Signature": sign(delivery.endpoint.signing_secret, timestamp, body),
        }
        hold = self._clock.hold() if isinstance(self._clock, ManualClock) else contextlib.nullcontext()
        with hold:
            try:
                async with self._connected().post(url, data=body, headers=headers, allow_redirects=False) as response:
                    delivery.response_status = response.status
                    answer = await _read(response)
            except TimeoutError:
                delivery.error = f"The endpoint did not answer within {self.settings.timeout:g} seconds."
                return False
            except (aiohttp.ClientError, OSError) as error:
                delivery.error = f"{type(error).__name__}: {error}"
                return False
        delivery.response_body = answer[:_BODY_KEPT].decode(errors="replace")
        return self._is_received(delivery, answer)

    def _is_received(self, delivery: Delivery, answer: bytes) -> bool:
        status = delivery.response_status
        if status is None or not 200 <= status < 300:
            delivery.error = f"The endpoint answered {status}."
            return False
        if delivery.event.type != "gate.session.approved":
            return True
        try:
            envelope: JsonObject | None = msgspec.convert(decode(answer)["encrypted_delivery"], dict[str, Any])
        except (msgspec.DecodeError, KeyError, TypeError):
            envelope = None
        if status != 200 or envelope is None:
            delivery.error = "The endpoint's answer carries no encrypted_delivery."
            return False
        self._approved(delivery.event, envelope)
        return True

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self.settings.timeout),
                headers={"User-Agent": "Tripwire-Webhooks/1.0"},
            )
        return self._session
