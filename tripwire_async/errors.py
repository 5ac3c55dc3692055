"""The exceptions of this library.

::

    TripwireError
    ├── ConfigurationError            the configuration is invalid; nothing was sent
    ├── TransportError                no response: the connection failed or was lost
    │   └── RequestTimeoutError       also a TimeoutError
    ├── APIError                      a response with an error status
    │   ├── BadRequestError           400
    │   ├── AuthenticationError       401
    │   ├── PermissionDeniedError     403
    │   ├── NotFoundError             404
    │   ├── ConflictError             409
    │   ├── GoneError                 410
    │   ├── ValidationFailedError     422
    │   ├── RateLimitedError          429
    │   └── ServerError               5xx
    ├── ResponseDecodeError           the response does not match the API's description
    ├── DeliveryError                 a delivery cannot be tracked
    │   └── DeliveryTimeoutError      also a TimeoutError; the delivery may still succeed
    ├── SignatureError                the signature of a webhook is invalid
    ├── EventDecodeError              the body of a webhook is not a valid event
    ├── TokenVerificationError        a sealed token is invalid
    ├── JournalError                  the journal of a durable run cannot be used
    ├── GateDeliveryError             also a ValueError; a Gate delivery is invalid
    └── GateSessionError              a Gate session delivers nothing
        ├── GateSessionRejectedError      the user declined
        └── GateSessionTimeoutError   also a TimeoutError; the user may still consent

An invalid argument is a plain ``ValueError`` or ``TypeError``; nothing was sent.

Every exception can be pickled, for example to leave a process pool, and none contains a secret.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = [
    "APIError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConflictError",
    "DeliveryError",
    "DeliveryTimeoutError",
    "EventDecodeError",
    "FieldError",
    "GateDeliveryError",
    "GateSessionError",
    "GateSessionRejectedError",
    "GateSessionTimeoutError",
    "GoneError",
    "JournalError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitedError",
    "RequestTimeoutError",
    "ResponseDecodeError",
    "ServerError",
    "SignatureError",
    "TokenVerificationError",
    "TransportError",
    "TripwireError",
    "ValidationFailedError",
    "error_class",
]


class TripwireError(Exception):
    """Base class of the exceptions of this library.

    Attributes:
        message: The problem, the call and the remedy.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from the state of the instance: pickle cannot pass the keyword arguments of subclasses."""
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(cls: type[TripwireError], args: tuple[Any, ...], state: dict[str, Any]) -> TripwireError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(TripwireError):
    """The configuration is invalid: a missing key, an unsafe base URL, an extra that is not installed.

    Nothing was sent.
    """


def closed_error() -> ConfigurationError:
    """Return the exception for a call of a client that is closed."""
    return ConfigurationError("the client is closed: create a new one, or enter it again with 'async with'")


class TransportError(TripwireError):
    """There was no complete response: the connection failed, was lost, or a timeout passed.

    Attributes:
        maybe_sent: Whether the service may have received the request. If False, a retry is safe for any method.
        attempts: Number of attempts of the call.
        client_request_id: The id that was sent as ``X-Client-Request-Id``; None without one.
        retry_after: Seconds that the service asked the client to wait before the call ended; None if it did not.
        status: The HTTP status of an incomplete response; None without one.
        request_id: The service's id of the request, from an incomplete response; None without one.
        retryable: Whether a retry can help. False for example for a certificate that is not trusted, and for a proxy
            that rejects its password.
    """

    def __init__(
        self,
        message: str,
        *,
        maybe_sent: bool,
        attempts: int = 1,
        client_request_id: str | None = None,
        retry_after: float | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retryable: bool = True,
    ) -> None:
        super().__init__(message)
        self.maybe_sent = maybe_sent
        self.attempts = attempts
        self.client_request_id = client_request_id
        self.retry_after = retry_after
        self.status = status
        self.request_id = request_id
        self.retryable = retryable


class RequestTimeoutError(TransportError, TimeoutError):
    """The ``timeout`` of an attempt or the ``deadline`` of the call passed."""


@attrs.frozen(kw_only=True)
class FieldError:
    """An input that the service rejected.

    Attributes:
        name: The path of the input, in the service's notation.
        issue: The reason.
        expected: The values that the service accepts; None if it does not say.
        received: The value that was sent: a string, a number, a boolean or None.
    """

    name: str
    issue: str
    expected: str | None = None
    received: str | float | bool | None = None


class APIError(TripwireError):
    """The response has an error status.

    Attributes:
        status: The HTTP status.
        code: The service's stable, dotted code, for example ``auth.invalid_api_key``; None if the body is not in the
            service's format, for example because a proxy sent it.
        request_id: The service's id of the request, for its support; None without one.
        client_request_id: The id that was sent as ``X-Client-Request-Id``; None without one.
        retryable: Whether the service says that a retry can help; None if it does not say.
        next_action: The service's advice: ``retry``, ``new_session``, ``reload_bundle``, ``contact_support``.
        field_errors: The inputs that were rejected.
        docs_url: The page that explains the code.
        retry_after: Seconds to wait before a retry; None if the service does not say.
        attempts: Number of attempts of the call.
        body: The beginning of the response body, redacted.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        request_id: str | None = None,
        client_request_id: str | None = None,
        retryable: bool | None = None,
        next_action: str | None = None,
        field_errors: Sequence[FieldError] = (),
        docs_url: str | None = None,
        retry_after: float | None = None,
        attempts: int = 1,
        body: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.client_request_id = client_request_id
        self.retryable = retryable
        self.next_action = next_action
        self.field_errors = tuple(field_errors)
        self.docs_url = docs_url
        self.retry_after = retry_after
        self.attempts = attempts
        self.body = body


class BadRequestError(APIError):
    """400: the request is malformed."""


class AuthenticationError(APIError):
    """401: the credentials are missing, unknown, expired or revoked."""


class PermissionDeniedError(APIError):
    """403: the credentials do not permit this operation, for example because the key lacks a scope."""


class NotFoundError(APIError):
    """404: the resource does not exist, or is not visible to the key."""


class ConflictError(APIError):
    """409: the request conflicts with existing data, for example a slug that is in use."""


class GoneError(APIError):
    """410: the resource has expired, for example a Gate session or a login code."""


class ValidationFailedError(APIError):
    """422: values are invalid; ``field_errors`` lists them."""


class RateLimitedError(APIError):
    """429: the rate limit is exceeded; ``retry_after`` is the time to wait, if the service gives one."""


class ServerError(APIError):
    """5xx: the service, or a proxy before it, failed."""


_BY_STATUS: Final[Mapping[int, type[APIError]]] = MappingProxyType(
    {
        400: BadRequestError,
        401: AuthenticationError,
        403: PermissionDeniedError,
        404: NotFoundError,
        409: ConflictError,
        410: GoneError,
        422: ValidationFailedError,
        429: RateLimitedError,
    }
)


def error_class(status: int) -> type[APIError]:
    """Return the exception class for a *status* of 400 or more; `APIError` if there is no specific one."""
    return _BY_STATUS.get(status, ServerError if status >= 500 else APIError)


class ResponseDecodeError(TripwireError):
    """The response does not match the API's description: not JSON, incomplete, too large or of another shape.

    Attributes:
        operation: The operation id, for example ``sendTestWebhook``.
        status: The HTTP status.
        path: The place of the mismatch in the body, for example ``$.data.attempts``; None if the body as a whole is
            unusable.
        request_id: The service's id of the request; None without one.
        client_request_id: The id that was sent as ``X-Client-Request-Id``; None without one.
        body: The beginning of the body; empty if it may contain a secret.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int,
        path: str | None = None,
        request_id: str | None = None,
        client_request_id: str | None = None,
        body: str = "",
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        self.path = path
        self.request_id = request_id
        self.client_request_id = client_request_id
        self.body = body


class DeliveryError(TripwireError):
    """A delivery cannot be tracked, for example because its event does not appear or was deleted.

    Attributes:
        event_id: The event of the delivery.
        endpoint_id: The endpoint of the delivery.
        latest: The delivery as it was last read; None if it was never read.
    """

    def __init__(self, message: str, *, event_id: str, endpoint_id: str, latest: object = None) -> None:
        super().__init__(message)
        self.event_id = event_id
        self.endpoint_id = endpoint_id
        self.latest = latest


class DeliveryTimeoutError(DeliveryError, TimeoutError):
    """The timeout of a wait passed; the delivery may still succeed, and can be awaited again.

    Attributes:
        read_at: When the delivery was last read, in UTC; None if it was not read since the test was sent. Where the
            rate limit delays reads, this can be long before the timeout.
    """

    def __init__(
        self,
        message: str,
        *,
        event_id: str,
        endpoint_id: str,
        latest: object = None,
        read_at: datetime | None = None,
    ) -> None:
        super().__init__(message, event_id=event_id, endpoint_id=endpoint_id, latest=latest)
        self.read_at = read_at


class SignatureError(TripwireError):
    """The signature, timestamp or headers of a webhook do not prove that the service sent it."""


class TokenVerificationError(TripwireError):
    """A sealed token is invalid; the message is the same for every cause."""


class EventDecodeError(TripwireError):
    """The body of a webhook is not a valid event, or does not match the model of its event type.

    Attributes:
        path: The place of the mismatch in the body, for example ``$.data.session.id``; None if the body as a whole is
            unusable.
    """

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class JournalError(TripwireError):
    """The journal of a durable run cannot be used; nothing was sent that is not recorded.

    Attributes:
        is_missing: Whether the journal can be used, but has no run of that name.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


class GateDeliveryError(TripwireError, ValueError):
    """A key, request, envelope, payload or environment variable of a Gate delivery is invalid."""


class GateSessionError(TripwireError):
    """A Gate session delivers nothing.

    Attributes:
        gate_session_id: The id of the session.
    """

    def __init__(self, message: str, *, gate_session_id: str) -> None:
        super().__init__(message)
        self.gate_session_id = gate_session_id


class GateSessionRejectedError(GateSessionError):
    """The user declined; only a new session can be approved."""


class GateSessionTimeoutError(GateSessionError, TimeoutError):
    """The timeout of a wait passed; the user may still consent, and the session can be awaited again."""
