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
"""Seconds for which an event that cannot be found counts as one that is not readable yet."""


def may_pass(error: Exception) -> bool:
    """Return whether the same read may succeed later.

    A response without an error code is not the service's own: a proxy or a firewall in between has sent it.
    """
    if isinstance(error, APIError):
        return isinstance(error, (RateLimitedError, ServerError)) or error.code is None
    return isinstance(error, TransportError) or (isinstance(error, ResponseDecodeError) and error.path is None)


def is_missing(record: DeliveryRecord, now: float) -> bool:
    """Return whether an event that cannot be found has had the time to become readable."""
    return record.latest is None and record.first_tried_at is not None and now - record.first_tried_at > _FRESH


def missing_error(record: DeliveryRecord, cause: NotFoundError) -> TripwireError:
    """Return the error for an event that never appeared."""
    reference = record.reference
    error = DeliveryError(
        f"event {reference.event_id} did not appear within {_FRESH:g} seconds; check that the ids are right and belong"
        " to the organization",
        event_id=reference.event_id,
        endpoint_id=reference.endpoint_id,
    )
    error.__cause__ = cause
    return error
