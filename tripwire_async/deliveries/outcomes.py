"""Outcome of the test of one endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

import attrs

from tripwire_async._secrets.redaction import sanitize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tripwire_async.models import WebhookDelivery

    from .pending import PendingDelivery

Until: TypeAlias = Literal["settled", "sent"]
"""How long a run follows a test: until its delivery has settled, or until the service has accepted it."""

TestState: TypeAlias = Literal["succeeded", "sent", "failed", "skipped", "timed_out", "refused", "unknown"]
"""State in which the test of an endpoint ended.

- ``succeeded``, ``failed``, ``skipped``: the final status of the delivery.
- ``sent``: the service accepted the test, and the run (``until="sent"``) did not wait for the delivery.
- ``timed_out``: time ran out, for the send or for the delivery, which may still arrive.
- ``refused``: the test was not sent. The error gives the reason.
- ``unknown``: the test was or may have been sent, and the result is not known. The error gives the reason.
"""


@attrs.frozen(kw_only=True)
class TestTimings:
    """Duration of the phases of one test, in seconds.

    Attributes:
        queued: Time until the test was in flight.
        rate_limit_wait: Time spent waiting for the rate limit.
        backoff_wait: Time slept between the attempts of the send.
        network_time: Time from the start of the send to the end of its response, summed over all attempts.
        settling: Time from the response until the end of the delivery was known.
    """

    __test__: ClassVar[bool] = False  # not a test class for pytest

    queued: float
    rate_limit_wait: float
    backoff_wait: float
    network_time: float
    settling: float


_REASONS: Final[Mapping[TestState, str]] = {
    "succeeded": "The endpoint accepted the webhook.",
    "sent": "The service accepted the test; its delivery was not awaited.",
    "failed": "The endpoint did not accept the webhook.",
    "skipped": "The service did not send the webhook.",
    "timed_out": "The time was up before the result was known.",
    "refused": "The test was not sent.",
    "unknown": "The result of the delivery is not known.",
}


@attrs.frozen(kw_only=True)
class TestOutcome:
    """Result of the test of one endpoint.

    Attributes:
        endpoint_id: Id of the endpoint.
        state: State in which the test ended.
        delivery: The delivery as it was last read; None if it was never read.
        error: Error that explains the state; None if the delivery explains it. ``unknown`` always has one.
        pending: Handle for awaiting the delivery further, or elsewhere; None if no test was accepted.
        attempts: Number of HTTP requests made for the send; 0 if nothing was sent.
        request_ids: The service's ids of the requests, for its support.
        timings: Duration of the phases of the test.
        is_final: Whether the test has ended; False while it is in progress, or if the run was left before its end.
    """

    __test__: ClassVar[bool] = False  # not a test class for pytest

    endpoint_id: str
    state: TestState
    delivery: WebhookDelivery | None
    error: Exception | None
    pending: PendingDelivery | None
    attempts: int
    request_ids: tuple[str, ...]
    timings: TestTimings
    is_final: bool = True

    @property
    def reason(self) -> str:
        """One plain sentence that explains the state, without secrets."""
        text = ""
        if self.error is not None:
            text = str(self.error) or type(self.error).__name__
        elif self.delivery is not None and self.state in {"failed", "skipped"}:
            text = self.delivery.error or ""
        text = sanitize(text) or _REASONS[self.state]
        return text if text.endswith((".", "!", "?", "…")) else f"{text}."
