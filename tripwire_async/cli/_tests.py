"""A test webhook to one endpoint, followed to its end: a row of a table, and an object of a document."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import attrs

from tripwire_async._converter import unstructure
from tripwire_async.errors import DeliveryTimeoutError, TripwireError

if TYPE_CHECKING:
    from tripwire_async import AsyncTripwire, PendingDelivery, PollSchedule
    from tripwire_async.models import WebhookDelivery


@attrs.define(eq=False)
class SentTest:
    """What is known of one test: it may still be under way."""

    endpoint_id: str
    pending: PendingDelivery | None = None
    error: TripwireError | ValueError | None = None
    seconds: float | None = None

    @property
    def latest(self) -> WebhookDelivery | None:
        """The delivery as it was last read."""
        return None if self.pending is None else self.pending.latest

    @property
    def state(self) -> str:
        """The delivery's status, or what kept it from having one."""
        if isinstance(self.error, DeliveryTimeoutError):
            return "timed_out"
        if self.error is not None:
            return "refused" if self.pending is None else "unknown"
        if self.pending is None:
            return "sending"
        return "pending" if self.latest is None else str(self.latest.status)

    @property
    def trouble(self) -> str:
        """What went wrong, for a person."""
        if self.error is not None:
            return str(self.error)
        return f"{self.state}: {self.latest.error}" if self.latest is not None and self.latest.error else self.state

    @property
    def milliseconds(self) -> int | None:
        """How long it took, the waiting included; None while it is under way."""
        return None if self.seconds is None else round(self.seconds * 1000)

    @property
    def request_id(self) -> str | None:
        """The service's id of the request that sent the test, or was refused."""
        return getattr(self.error if self.pending is None else self.pending, "request_id", None)

    def cells(self) -> tuple[object, ...]:
        """Return what stands under `TITLES`."""
        latest = self.latest
        return (
            self.state.replace("_", " "),
            None if latest is None else latest.attempts,
            None if latest is None else latest.response_status,
            self.milliseconds,
            self.request_id,
        )

    def document(self) -> dict[str, Any]:
        """Return the test for a machine."""
        return {
            "endpoint_id": self.endpoint_id,
            "state": self.state,
            "event_id": None if self.pending is None else self.pending.event_id,
            "request_id": self.request_id,
            "milliseconds": self.milliseconds,
            "delivery": None if self.latest is None else unstructure(self.latest),
            "error": None if self.error is None else {"type": type(self.error).__name__, "message": str(self.error)},
        }


TITLES: Final = ("status", "attempts", "response", "ms", "request id")
NUMBERS: Final = frozenset({"attempts", "response", "ms"})


async def send_and_wait(
    client: AsyncTripwire,
    organization_id: str,
    test: SentTest,
    *,
    until: str = "settled",
    timeout: float | None = None,
    poll: PollSchedule | None = None,
) -> None:
    """Send *test* and wait *until* its delivery is ``settled`` or has ``left-pending``, *timeout* seconds at most.

    What goes wrong is written into *test* and raised nowhere.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        test.pending = await client.webhooks.send_test(organization_id, test.endpoint_id, poll=poll)
        wait = test.pending.settled if until == "settled" else test.pending.wait
        await wait(timeout=timeout)
    except (TripwireError, ValueError) as error:
        test.error = error
    test.seconds = loop.time() - began
