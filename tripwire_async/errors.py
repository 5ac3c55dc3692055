"""Every exception that this library raises.

::

    TripwireError
    ├── ConfigurationError            the client cannot work as it was set up; nothing was sent
    ├── TransportError                no answer: the connection failed, was lost or ran out of time
    │   └── RequestTimeoutError       also a TimeoutError
    ├── APIError                      the service answered with a status of 400 or more
    │   ├── BadRequestError           400
    │   ├── AuthenticationError       401
    │   ├── PermissionDeniedError     403
    │   ├── NotFoundError             404
    │   ├── ConflictError             409
    │   ├── GoneError                 410
    │   ├── ValidationFailedError     422
    │   ├── RateLimitedError          429
    │   └── ServerError               5xx
    ├── ResponseDecodeError           the answer is not what the API's description says
    ├── DeliveryError                 a delivery cannot be followed
    │   └── DeliveryTimeoutError      also a TimeoutError; the delivery may yet arrive
    ├── SignatureError                a webhook that the service did not sign
    ├── EventDecodeError              a webhook's body is no event
    ├── TokenVerificationError        a sealed token that cannot be opened
    ├── GateDeliveryError             also a ValueError; a Gate delivery that must not be used
    └── GateSessionError              a Gate session that hands nothing over
        ├── GateSessionRejectedError      the user said no
        └── GateSessionTimeoutError   also a TimeoutError; it may yet be approved

Arguments that are wrong before anything is sent are plain ``ValueError`` and ``TypeError``.

Every error survives pickling, so that it can cross a process pool, and none holds a secret.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    """The root of everything that this library raises.

    Attributes:
        message: What happened and what to do about it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from the instance's state: subclasses take keyword arguments, which pickle cannot call."""
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(cls: type[TripwireError], args: tuple[Any, ...], state: dict[str, Any]) -> TripwireError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(TripwireError):
    """The client cannot work as it was set up: a missing key, an unsafe address, an extra not installed.

    Nothing was sent.
    """


class TransportError(TripwireError):
    """No answer came: the connection failed, was lost or ran out of time.

    Attributes:
        maybe_sent: False when it is certain that the service received nothing, so that repeating is safe for any
            method; True when the request may have been received and worked on.
        attempts: How many times the call was put on the wire, this one included.
        client_request_id: The id that was sent as ``X-Client-Request-Id``; None when no such header was sent.
        retry_after: Seconds that the service had asked to wait before this call gave up; None when it had not.
        status: The HTTP status of an answer that broke off; None when none began.
        request_id: The service's id of the request, from an answer that broke off; None when there was none.
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
    ) -> None:
        super().__init__(message)
        self.maybe_sent = maybe_sent
        self.attempts = attempts
        self.client_request_id = client_request_id
        self.retry_after = retry_after
        self.status = status
        self.request_id = request_id


class RequestTimeoutError(TransportError, TimeoutError):
    """The time for an attempt (``timeout``) or for the whole call (``deadline``) ran out."""


@attrs.frozen(kw_only=True)
class FieldError:
    """One input that the service refused.

    Attributes:
        name: The path of the input, as the service names it.
        issue: What is wrong with it.
        expected: What would have been accepted; None when the service does not say.
        received: What was sent: text, a number, a boolean or None.
    """

    name: str
    issue: str
    expected: str | None = None
    received: str | float | bool | None = None


class APIError(TripwireError):
    """The service answered with a status of 400 or more.

    Attributes:
        status: The HTTP status.
        code: The service's stable, dotted code (``auth.invalid_api_key``); None when the body was not the service's
            own, as when a proxy in between answered.
        request_id: The service's id of the request; quote it to support. None when there was none.
        client_request_id: Our id of the call, sent as ``X-Client-Request-Id``; None when no such header was sent.
        retryable: Whether the service says that repeating can help; None when it does not say.
        next_action: What the service advises: ``retry``, ``new_session``, ``reload_bundle``, ``contact_support``.
        field_errors: The inputs that were refused, one each.
        docs_url: The page that explains the code.
        retry_after: Seconds to wait before trying again; None when the service does not say.
        attempts: How many times the call was put on the wire.
        body: The beginning of the answer's body, for a person to read.
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
    """401: the request carried no credentials that the service knows."""


class PermissionDeniedError(APIError):
    """403: the key is bad, revoked, or lacks the scope that the operation needs."""


class NotFoundError(APIError):
    """404: there is no such thing, or this key may not see it."""


class ConflictError(APIError):
    """409: the request collides with what is already there, such as a taken slug."""


class GoneError(APIError):
    """410: it was there and has expired, such as a Gate session or a login code."""


class ValidationFailedError(APIError):
    """422: the values are invalid; ``field_errors`` names them."""


class RateLimitedError(APIError):
    """429: the key's limit is used up; ``retry_after`` says for how long, where the service told."""


class ServerError(APIError):
    """5xx: the service, or something on the way to it, failed."""


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
    """Return the class for a *status* of 400 or more; statuses without a class of their own are `APIError`."""
    return _BY_STATUS.get(status, ServerError if status >= 500 else APIError)


class ResponseDecodeError(TripwireError):
    """The answer is not what the API's description says: not JSON, cut off, too large or of another shape.

    Attributes:
        operation: The id of the operation, as ``sendTestWebhook``.
        status: The HTTP status of the answer.
        path: Where in the body the trouble is, as ``$.data.attempts``; None when the body as a whole is unusable.
        request_id: The service's id of the request; None when there was none.
        client_request_id: Our id of the call; None when no such header was sent.
        body: The beginning of the body, with nothing in it when it might hold a secret.
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
    """A delivery cannot be followed, as when its event never appears.

    Attributes:
        event_id: The event that carries the delivery.
        endpoint_id: The endpoint that it goes to.
        latest: The delivery as it was last read; None when it was never seen.
    """

    def __init__(self, message: str, *, event_id: str, endpoint_id: str, latest: object = None) -> None:
        super().__init__(message)
        self.event_id = event_id
        self.endpoint_id = endpoint_id
        self.latest = latest


class DeliveryTimeoutError(DeliveryError, TimeoutError):
    """The wait ran out; the delivery may yet arrive, and the same handle can be awaited again."""


class SignatureError(TripwireError):
    """A webhook whose signature, timestamp or headers do not prove that the service sent it."""


class TokenVerificationError(TripwireError):
    """A sealed token that cannot be opened; one and the same error whatever the cause."""


class EventDecodeError(TripwireError):
    """A webhook's body that is no event, or an event of a known type with another content than its own.

    Attributes:
        path: Where in the body the trouble is, as ``$.data.session.id``; None when the body as a whole is unusable.
    """

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class GateDeliveryError(TripwireError, ValueError):
    """A key, request, envelope, payload or variable of a Gate delivery that must not be used."""


class GateSessionError(TripwireError):
    """A Gate session hands nothing over.

    Attributes:
        gate_session_id: The session.
    """

    def __init__(self, message: str, *, gate_session_id: str) -> None:
        super().__init__(message)
        self.gate_session_id = gate_session_id


class GateSessionRejectedError(GateSessionError):
    """The user said no; only a new session can lead to anything."""


class GateSessionTimeoutError(GateSessionError, TimeoutError):
    """The wait ran out; the session may yet be approved, and the same handle can be awaited again."""
