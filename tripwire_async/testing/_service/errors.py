"""Error responses of the service: one exception and one envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

AUTHENTICATION_DOCS: Final = "introduction"


@attrs.frozen
class FieldIssue:
    """An invalid input: its *name*, the kind of *issue*, and the expected and received values, if known."""

    name: str
    issue: str
    expected: str | None = None
    received: str | float | bool | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the issue as the API reports it."""
        fields: dict[str, Any] = {"name": self.name, "issue": self.issue}
        if self.expected is not None:
            fields |= {"expected": self.expected, "received": self.received}
        return fields


class ServiceError(Exception):
    """An error response with a status of 400 or more.

    *retryable* defaults to True for 429 and 5xx. *docs_page* is the page about the topic, below the profile's
    documentation URL. *parameter_set* names the group of parameters that *fields* belong to.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retryable: bool | None = None,
        fields: Sequence[FieldIssue] = (),
        parameter_set: str | None = None,
        header_name: str | None = None,
        next_action: str | None = None,
        docs_page: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retryable = (status == 429 or status >= 500) if retryable is None else retryable
        self.docs_page = docs_page
        self.headers = headers or {}
        self.details: dict[str, Any] = {}
        if fields:
            self.details["fields"] = [issue.to_json() for issue in fields]
        for name, value in (
            ("parameter_set", parameter_set),
            ("header_name", header_name),
            ("next_action", next_action),
        ):
            if value is not None:
                self.details[name] = value

    def envelope(self, request_id: str, docs_url: str) -> dict[str, Any]:
        """Return the response body for *request_id*; documentation is at *docs_url*."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "retryable": self.retryable,
            "request_id": request_id,
        }
        if self.docs_page is not None:
            error["docs_url"] = f"{docs_url}/{self.docs_page}"
        if self.details:
            error["details"] = self.details
        return {"error": error}


def missing_key() -> ServiceError:
    """Return the error for a request without a bearer token."""
    return ServiceError(
        401,
        "auth.missing_api_key",
        "Missing API key. Send one in the Authorization header.",
        header_name="Authorization",
        docs_page=AUTHENTICATION_DOCS,
    )


def invalid_key() -> ServiceError:
    """Return the error for a key that is unknown, expired or revoked."""
    return ServiceError(
        401,
        "auth.invalid_api_key",
        "The API key is not recognized. Is it active, and does it belong to this environment?",
        docs_page=AUTHENTICATION_DOCS,
    )


def forbidden(message: str) -> ServiceError:
    """Return the error for a recognized credential that does not permit the request."""
    return ServiceError(403, "auth.forbidden", message, docs_page=AUTHENTICATION_DOCS)


def not_found(kind: str, name: str, *, docs_page: str | None = None) -> ServiceError:
    """Return the error for a resource that does not exist or is not visible to the key."""
    return ServiceError(404, "request.not_found", f"There is no {kind} {name}.", docs_page=docs_page)


def conflict(message: str) -> ServiceError:
    """Return the error for a conflict with existing data."""
    return ServiceError(409, "request.conflict", message)


def gone(message: str, *, next_action: str | None = None) -> ServiceError:
    """Return the error for something that has expired or was already used."""
    return ServiceError(410, "request.gone", message, next_action=next_action)


def validation_error(*issues: FieldIssue, parameter_set: str | None = None) -> ServiceError:
    """Return the error for invalid values."""
    names = ", ".join(issue.name for issue in issues)
    message = f"Some values are invalid: {names}."
    return ServiceError(422, "request.validation_failed", message, fields=issues, parameter_set=parameter_set)
