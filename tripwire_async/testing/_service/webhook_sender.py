"""Webhook delivery: events are signed and posted, with retries."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final, get_args

import aiohttp
import attrs
import msgspec

from tripwire_async.receiver import sign_webhook
from tripwire_async.testing.clock import ManualClock

from .arguments import check_count, check_name, check_number
from .checks import is_loopback
from .messages import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tripwire_async._concurrency.clock import Timer
    from tripwire_async.profiles import Profile
    from tripwire_async.testing.clock import Calendar

    from .records import Delivery, Event, JsonObject

FinalStatus: TypeAlias = Literal["succeeded", "failed", "skipped"]

_MAX_READ: Final = 65_536
_MAX_STORED: Final = 2_048
_NOT_LOOPBACK: Final = "This test server posts to loopback addresses only."


@attrs.frozen
class DeliveryOutcome:
    """A fixed outcome of deliveries without a post, *after* that many seconds of the server's clock.

    Raises:
        ValueError: *status* is not a final state, or a number is out of range.
    """

    status: FinalStatus
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None
    attempts: int = 1
    after: float = 0.0

    def __attrs_post_init__(self) -> None:
        check_name("status", self.status, get_args(FinalStatus))
        if self.response_status is not None:
            check_count("response_status", self.response_status, 100, 599)
        check_count("attempts", self.attempts, 0)
        check_number("after", self.after, 0)


@attrs.frozen
class WebhookSettings:
    """Settings of the sender of webhooks.

    Attributes:
        delay: Seconds before the first attempt, by the server's clock.
        backoff: Seconds before the second attempt, by the server's clock; doubled for each further one.
        max_attempts: The number of attempts per delivery.
        timeout: Seconds for one attempt, in real time.
        allow_remote: Post to any address. By default only loopback addresses are reached, so that a test with
            ``https://example.com/hook`` sends nothing there.
        enabled: Post at all. Otherwise deliveries stay pending until `TripwireServer.settle`.
    """

    delay: float = 0.05
    backoff: float = 0.2
    max_attempts: int = 3
    timeout: float = 5.0
    allow_remote: bool = False
    enabled: bool = True

    def __attrs_post_init__(self) -> None:
        check_number("delay", self.delay, 0)
        check_number("backoff", self.backoff, 0)
        check_count("max_attempts", self.max_attempts, 1)
        check_number("timeout", self.timeout, 0)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    left = _MAX_READ
    while left > 0 and (part := await response.content.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


@final
class WebhookSender:
    """Delivers events to their endpoints, one task per delivery; `aclose` cancels them.

    *on_change* is called after each change of a delivery, *on_approval* with each response to
    ``gate.session.approved``.
    """

    def __init__(
        self,
        profile: Profile,
        calendar: Calendar,
        settings: WebhookSettings,
        on_change: Callable[[], None],
        on_approval: Callable[[Event, JsonObject], None],
    ) -> None:
        self._profile = profile
        self._calendar = calendar
        self._clock = calendar.clock
        self._on_change = on_change
        self._on_approval = on_approval
        self._session: aiohttp.ClientSession | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._timers: dict[str, Timer] = {}
        self.settings = settings
        self.outcomes: dict[str | None, DeliveryOutcome] = {}
        self._extra_delay = 0.0

    @property
    def in_progress(self) -> int:
        """The number of deliveries that are not settled yet."""
        return len(self._tasks) + len(self._timers)

    def outcome_for(self, endpoint_id: str) -> DeliveryOutcome | None:
        """Return the fixed outcome of new deliveries to an endpoint; None if they are posted."""
        return self.outcomes.get(endpoint_id) or self.outcomes.get(None)

    @contextlib.contextmanager
    def slower(self, seconds: float) -> Generator[None]:
        """Let the deliveries that are sent in the block take *seconds* longer."""
        self._extra_delay += seconds
        try:
            yield
        finally:
            self._extra_delay -= seconds

    def send(self, event: Event) -> None:
        """Start every pending delivery of *event*."""
        for delivery in event.deliveries:
            if delivery.status != "pending":
                continue
            outcome = self.outcome_for(delivery.endpoint.id)
            if outcome is not None:
                self._apply_outcome(delivery, outcome)
            elif self.settings.enabled:
                wait = self.settings.delay + self._extra_delay
                task = asyncio.create_task(self._deliver(delivery, wait), name=f"deliver {delivery.id}")
                self._tasks[delivery.id] = task
                task.add_done_callback(partial(self._done, delivery.id))

    def settle(self, delivery: Delivery, outcome: DeliveryOutcome) -> None:
        """Settle *delivery* with *outcome* and cancel further attempts."""
        self.cancel(delivery)
        delivery.status = outcome.status
        delivery.attempts = outcome.attempts
        delivery.response_status = outcome.response_status
        delivery.response_body = outcome.response_body
        delivery.error = outcome.error
        delivery.updated_at = self._calendar.timestamp()
        self._on_change()

    def cancel(self, delivery: Delivery) -> None:
        """Cancel further attempts; *delivery* keeps its state."""
        task = self._tasks.get(delivery.id)
        if task is not None:
            task.cancel()
        timer = self._timers.pop(delivery.id, None)
        if timer is not None:
            timer.cancel()

    def cancel_all(self) -> None:
        """Cancel all deliveries; they keep their states."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in self._tasks.values():
            task.cancel()

    async def aclose(self) -> None:
        """Cancel all deliveries and close the connections to the endpoints."""
        self.cancel_all()
        tasks = list(self._tasks.values())
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _done(self, delivery_id: str, _: asyncio.Task[None]) -> None:
        del self._tasks[delivery_id]
        self._on_change()

    def _apply_outcome(self, delivery: Delivery, outcome: DeliveryOutcome) -> None:
        after = outcome.after + self._extra_delay
        if after <= 0:
            self.settle(delivery, outcome)
            return
        when = self._clock.now() + after
        self._timers[delivery.id] = self._clock.call_at(when, lambda: self.settle(delivery, outcome))

    def _move(self, delivery: Delivery, status: Literal["pending", "delivering", "succeeded", "failed"]) -> None:
        delivery.status = status
        delivery.updated_at = self._calendar.timestamp()
        self._on_change()

    async def _deliver(self, delivery: Delivery, delay: float) -> None:
        await self._clock.sleep(delay)
        wait = self.settings.backoff
        while True:
            self._move(delivery, "delivering")
            received = await self._attempt(delivery)
            delivery.attempts += 1
            if received:
                return self._move(delivery, "succeeded")
            if delivery.attempts >= self.settings.max_attempts or delivery.error == _NOT_LOOPBACK:
                return self._move(delivery, "failed")
            self._move(delivery, "pending")
            await self._clock.sleep(wait)
            wait *= 2

    async def _attempt(self, delivery: Delivery) -> bool:
        """Post *delivery* once, record the response, and return whether it was received."""
        delivery.response_status = delivery.response_body = delivery.error = None
        url = delivery.endpoint.url
        if not (self.settings.allow_remote or is_loopback(url)):
            delivery.error = _NOT_LOOPBACK
            return False
        body = encode(delivery.event.envelope())
        timestamp = int(self._calendar.unix_time())
        signature = sign_webhook(body, delivery.endpoint.signing_secret, timestamp, profile=self._profile)
        headers = {"Content-Type": "application/json", **signature}
        hold = self._clock.hold() if isinstance(self._clock, ManualClock) else contextlib.nullcontext()
        started = time.perf_counter()
        with hold:
            try:
                async with self._connected().post(url, data=body, headers=headers, allow_redirects=False) as response:
                    delivery.response_status = response.status
                    received = await _read(response)
            except TimeoutError:
                delivery.error = f"The endpoint did not respond within {self.settings.timeout:g} seconds."
                return False
            except (aiohttp.ClientError, OSError) as error:
                delivery.error = f"{type(error).__name__}: {error}"
                return False
            finally:
                delivery.latency = time.perf_counter() - started
        delivery.response_body = received[:_MAX_STORED].decode(errors="replace")
        return self._is_received(delivery, received)

    def _is_received(self, delivery: Delivery, body: bytes) -> bool:
        status = delivery.response_status
        if status is None or not 200 <= status < 300:
            delivery.error = f"The endpoint answered {status}."
            return False
        if delivery.event.type != "gate.session.approved":
            return True
        try:
            envelope: JsonObject | None = msgspec.convert(decode(body)["encrypted_delivery"], dict[str, Any])
        except (msgspec.DecodeError, KeyError, TypeError):
            envelope = None
        if status != 200 or envelope is None:
            delivery.error = "The response of the endpoint contains no encrypted_delivery."
            return False
        self._on_approval(delivery.event, envelope)
        return True

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self.settings.timeout),
                headers={"User-Agent": f"{self._profile.title}-Webhooks/1.0"},
            )
        return self._session
