"""Outcome of the test of one endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias, cast

import attrs

from tripwire_async._codec.converter import DecodeError
from tripwire_async._secrets.redaction import sanitize

from ._outcome_data import (
    delivery_from_dict,
    delivery_to_dict,
    error_from_dict,
    error_to_dict,
    pending_from_token,
)

if TYPE_CHECKING:
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

    def to_dict(self) -> dict[str, float]:
        """Return the durations by name, in seconds, rounded to microseconds."""
        return {
            "queued": _rounded(self.queued),
            "rate_limit_wait": _rounded(self.rate_limit_wait),
            "backoff_wait": _rounded(self.backoff_wait),
            "network_time": _rounded(self.network_time),
            "settling": _rounded(self.settling),
        }


def _rounded(seconds: float) -> float:
    # A journal stores five for each test. Most waits are 0, and `round` to a number of digits takes several times as
    # long as this. Values beyond the bound, from a damaged file, cannot be converted to a whole number.
    return round(1e6 * seconds) / 1e6 if seconds and -1e9 < seconds < 1e9 else seconds


_FORMAT: Final = 1
"""Version of `TestOutcome.to_dict`."""

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
        error: Error that explains the state; None if the delivery explains it. ``unknown`` always has one. A
            `TripwireError` has no traceback here, since those of a large run would take much memory.
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

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as a dict of plain JSON types, with the version of its format under ``format``.

        *pending* becomes its resume token, and *error* its class, text and attributes. Only the first 1,024 characters
        of the endpoint's response body are kept. The dict contains no secret.
        """
        pending = self.pending
        return {
            "format": _FORMAT,
            "endpoint_id": self.endpoint_id,
            "state": self.state,
            "delivery": None if self.delivery is None else delivery_to_dict(self.delivery),
            "error": None if self.error is None else error_to_dict(self.error),
            "token": None if pending is None else pending.to_token(),
            "request_id": None if pending is None else pending.request_id,
            "attempts": self.attempts,
            "request_ids": list(self.request_ids),
            "timings": self.timings.to_dict(),
            "is_final": self.is_final,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> TestOutcome:
        """Return the outcome from which `to_dict` made *data*, also if another process made it.

        The error has its class if that is a class of this library, otherwise it is a `TripwireError` with the same
        text. *pending* has no client, so it cannot be awaited: pass its `to_token` to ``client.webhooks.resume``.

        Raises:
            ValueError: *data* is something else, or was made by a later version.
        """
        if not isinstance(data, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - it may come from a file
            msg = f"this is not an outcome: it is of the type {type(data).__name__}"
            raise ValueError(msg)  # noqa: TRY004 - one class for everything that is not an outcome
        if data.get("format") != _FORMAT:
            msg = f"this is not an outcome of format {_FORMAT}: its format is {data.get('format')!r}"
            raise ValueError(msg)
        fields = cast("Mapping[str, Any]", data)
        try:
            delivery = None if fields["delivery"] is None else delivery_from_dict(fields["delivery"])
            error, token = fields["error"], fields["token"]
            return cls(
                endpoint_id=fields["endpoint_id"],
                state=fields["state"],
                delivery=delivery,
                error=None if error is None else error_from_dict(error, delivery),
                pending=None if token is None else pending_from_token(token, delivery, fields["request_id"]),
                attempts=fields["attempts"],
                request_ids=tuple(fields["request_ids"]),
                timings=TestTimings(**fields["timings"]),
                is_final=fields["is_final"],
            )
        except (AttributeError, KeyError, TypeError, DecodeError) as problem:
            msg = f"this is not a complete outcome: {problem}"
            raise ValueError(msg) from problem

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as `to_dict` does: a client cannot be pickled."""
        return TestOutcome.from_dict, (self.to_dict(),)
