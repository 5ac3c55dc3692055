"""Classification of failed reads: temporary ones, and ones that end the wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.errors import (
    APIError,
    DeliveryError,
    RateLimitedError,
    ResponseDecodeError,
    ServerError,
    TransportError,
)

if TYPE_CHECKING:
    from tripwire_async.errors import NotFoundError, TripwireError

    from ._record import DeliveryRecord

_FRESH: Final = 30.0
"""Seconds for which an event that cannot be found counts as one that is not readable yet, or only for a moment."""

_MISSING_READS: Final = 3
"""Reads, one after the other, that do not find a known event before it counts as deleted."""


def may_pass(error: Exception) -> bool:
    """Return whether the same read may succeed later.

    A response without an error code is not the service's own: a proxy or a firewall in between has sent it.
    """
    if isinstance(error, APIError):
        return isinstance(error, (RateLimitedError, ServerError)) or error.code is None
    return isinstance(error, TransportError) or (isinstance(error, ResponseDecodeError) and error.path is None)


def note_missing(record: DeliveryRecord, error: NotFoundError, started: float) -> TripwireError | None:
    """Note a read, *started* at that time, that has not found the event; return an error if the wait must end.

    An event that was never read may be absent because an id is wrong, so a 404 without an error code counts too.
    """
    if record.latest is None:
        if record.first_tried_at is None or started - record.first_tried_at <= _FRESH:
            return None
        advice = (
            f"did not appear within {_FRESH:g} seconds; check that the ids are right and belong to the organization"
        )
    else:
        if not may_pass(error):
            record.miss(started)
        seconds = 0.0 if record.missing_since is None else started - record.missing_since
        if record.missing_reads < _MISSING_READS or seconds < _FRESH:
            return None
        advice = (
            f"has been missing for {seconds:.0f} seconds and may have been deleted; its delivery was last known as"
            f" {record.latest.status}"
        )
    reference = record.reference
    failure = DeliveryError(
        f"event {reference.event_id} {advice}",
        event_id=reference.event_id,
        endpoint_id=reference.endpoint_id,
        latest=record.latest,
    )
    failure.__cause__ = error
    return failure
