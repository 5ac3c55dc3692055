"""Parser of error bodies: the service's envelope, a proxy's page, or nothing."""

from __future__ import annotations

from typing import Any, Final

import attrs
import msgspec

from tripwire_async._secrets.redaction import sanitize
from tripwire_async.errors import FieldError

_MAX_FIELD_ERRORS: Final = 100


@attrs.frozen(kw_only=True)
class ErrorBody:
    """The error in the service's envelope; parts that are missing or have the wrong type are None.

    All text is sanitized, since anything between client and service may have written it.

    Attributes:
        code: The stable, dotted code.
        message: The explanation for a person; its wording may change.
        retryable: Whether the service says that a retry can help.
        request_id: The service's id of the request.
        docs_url: The page that explains the code.
        next_action: The service's advice: ``retry``, ``new_session``, ``reload_bundle`` or ``contact_support``.
        field_errors: The invalid inputs, at most 100.
    """

    code: str | None = None
    message: str | None = None
    retryable: bool | None = None
    request_id: str | None = None
    docs_url: str | None = None
    next_action: str | None = None
    field_errors: tuple[FieldError, ...] = ()


_EMPTY: Final = ErrorBody()


def read_error_body(body: bytes) -> ErrorBody:
    """Return the error in *body*; empty for HTML, a truncated body or any other content. Never raises."""
    try:
        decoded: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _EMPTY
    error = _object(_object(decoded).get("error"))
    details = _object(error.get("details"))
    fields: list[Any] = _of_type(list, details.get("fields"), [])
    return ErrorBody(
        code=_text(error.get("code")),
        message=_text(error.get("message")),
        retryable=_of_type(bool, error.get("retryable")),
        request_id=_text(error.get("request_id")),
        docs_url=_text(error.get("docs_url")),
        next_action=_text(details.get("next_action")),
        field_errors=tuple(
            _field_error(field)
            for field in map(_object, fields[:_MAX_FIELD_ERRORS])
            if isinstance(field.get("name"), str)
        ),
    )


def _field_error(field: dict[str, Any]) -> FieldError:
    received = field.get("received")
    return FieldError(
        name=sanitize(field["name"]),
        issue=_text(field.get("issue")) or "rejected",
        expected=_text(field.get("expected")),
        received=sanitize(received) if isinstance(received, str) else _of_type((int, float, bool), received),
    )


def _text(value: Any) -> str | None:
    return sanitize(value) if isinstance(value, str) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON's keys are text


def _of_type(type_: type[Any] | tuple[type[Any], ...], value: Any, otherwise: Any = None) -> Any:
    return value if isinstance(value, type_) else otherwise
