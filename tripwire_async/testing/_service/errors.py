"""What the API answers when it says no: one exception, one envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOCS: Final = "https://docs.tripwirejs.com/errors"


@attrs.frozen
class FieldIssue:
    """A bad input: its *name*, what is wrong with it, and what was expected and received, where that can be said."""

    name: str
    issue: str
    expected: str | None = None
    received: str | float | bool | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the issue as it stands in an answer."""
        fields: dict[str, Any] = {"name": self.name, "issue": self.issue}
        if self.expected is not None:
            fields |= {"expected": self.expected, "received": self.received}
        return fields


class ServiceError(Exception):
    """An answer of 400 or more, raised from wherever it is noticed.

    *retryable* follows from *status* unless it is given: true on 429 and 5xx.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retryable: bool | None = None,
        fields: Sequence[FieldIssue] = (),
        next_action: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retryable = (status == 429 or status >= 500) if retryable is None else retryable
        self.fields = fields
        self.next_action = next_action
        self.headers = headers or {}

    def envelope(self, request_id: str) -> dict[str, Any]:
        """Return the body of the answer to *request_id*."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "retryable": self.retryable,
            "request_id": request_id,
            "docs_url": f"{_DOCS}#{self.code}",
        }
        details: dict[str, Any] = {}
        if self.fields:
            details["fields"] = [issue.to_json() for issue in self.fields]
        if self.next_action is not None:
            details["next_action"] = self.next_action
        if details:
            error["details"] = details
        return {"error": error}


def not_found(what: str, name: str) -> ServiceError:
    """Return the answer for a *what* called *name* that is not there, or not this key's to see."""
    return ServiceError(404, "request.not_found", f"There is no {what} {name}.")


def validation_error(*issues: FieldIssue) -> ServiceError:
    """Return the answer for values that the API does not take."""
    names = ", ".join(issue.name for issue in issues)
    return ServiceError(422, "request.validation_failed", f"Some values are invalid: {names}.", fields=issues)
