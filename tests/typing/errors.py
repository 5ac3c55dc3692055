"""Code of users with errors, for the type checkers only."""

from __future__ import annotations

from typing import assert_type

from tripwire_async import errors


def everything_has_one_root(error: errors.TripwireError) -> str:
    return assert_type(error.message, str)


def an_api_error_has_the_details_of_the_response(error: errors.APIError) -> None:
    assert_type(error.status, int)
    assert_type(error.code, str | None)
    assert_type(error.request_id, str | None)
    assert_type(error.retryable, bool | None)
    assert_type(error.retry_after, float | None)
    assert_type(error.attempts, int)
    assert_type(error.field_errors, tuple[errors.FieldError, ...])


def one_class_a_status_narrows(error: errors.TripwireError) -> float | None:
    match error:
        case errors.RateLimitedError(retry_after=retry_after):
            return assert_type(retry_after, float | None)
        case errors.TransportError(maybe_sent=True):
            return None
        case _:
            return 0.0


def timeouts_are_also_pythons_own(error: errors.RequestTimeoutError | errors.DeliveryTimeoutError) -> TimeoutError:
    return error


def a_status_has_a_class(status: int) -> dict[int, type[errors.APIError]]:
    return {status: errors.error_class(status)}
