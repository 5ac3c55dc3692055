"""Validation of request bodies and queries; a failure is a 422 that lists every invalid field."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard, cast
from urllib.parse import urlsplit

import attrs

from .errors import FieldIssue, validation_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .messages import ServiceRequest
    from .records import JsonObject

Predicate: TypeAlias = "Callable[[Any], bool]"


@attrs.frozen
class Check:
    """A *predicate* for a value, the description of *expected* values and the word for the *issue*."""

    expected: str
    predicate: Predicate
    issue: str = "invalid"


@attrs.frozen
class Field:
    """A field of a body: its check and whether it is required."""

    check: Check
    required: bool = False


def required(check: Check) -> Field:
    """Return a required field."""
    return Field(check, required=True)


def optional(check: Check) -> Field:
    """Return an optional field."""
    return Field(check)


def text(min_length: int = 0, max_length: int | None = None) -> Check:
    """Expect a string with a length in the given range."""
    limits = [f"at least {min_length}"] if max_length is None else [f"{min_length} to {max_length}"]
    return Check(
        f"string of {limits[0]} characters",
        lambda value: (
            isinstance(value, str) and min_length <= len(value) and (max_length is None or len(value) <= max_length)
        ),
        "invalid_string",
    )


def matching(pattern: str, expected: str, *, issue: str = "invalid_string") -> Check:
    """Expect a string that matches *pattern* completely."""
    compiled = re.compile(pattern)
    return Check(expected, lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None, issue)


def one_of(values: Iterable[str]) -> Check:
    """Expect one of *values*."""
    allowed = tuple(values)
    expected = "one of " + ", ".join(allowed)
    return Check(expected, lambda value: isinstance(value, str) and value in allowed, "invalid_enum_value")


def list_of(item: Check, min_items: int = 0) -> Check:
    """Expect a list of at least *min_items* items that pass *item*."""
    return Check(
        f"list of at least {min_items} items, each {item.expected}",
        lambda value: _is_list(value) and len(value) >= min_items and all(map(item.predicate, value)),
        "invalid_list",
    )


def nullable(check: Check) -> Check:
    """Expect what *check* expects, or null."""
    return Check(f"{check.expected}, or null", lambda value: value is None or check.predicate(value), check.issue)


def object_with(fields: Mapping[str, Field], expected: str) -> Check:
    """Expect an object with *fields*; further fields are allowed."""
    return Check(
        expected,
        lambda value: isinstance(value, dict) and not _issues(cast("JsonObject", value), fields),
        "invalid_object",
    )


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def is_loopback(url: str) -> bool:
    """Return whether *url* points to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


BOOLEAN: Final = Check("boolean", lambda value: isinstance(value, bool), "invalid_boolean")
OBJECT: Final = Check("object", lambda value: isinstance(value, dict), "invalid_object")
URL: Final = Check("http or https URL", _is_url, "invalid_url")
WEBHOOK_URL: Final = Check(
    "https URL, or an http URL on a loopback address",
    lambda value: _is_url(value) and (value.startswith("https:") or is_loopback(value)),
    "invalid_url",
)
SLUG: Final = matching(r"[a-z0-9]+(?:-[a-z0-9]+)*", "lowercase letters and digits, separated by single hyphens")
ENDPOINT_ID: Final = matching(r"we_[0-9a-f]{32}", "webhook endpoint id")
LIMIT: Final = matching(r"[1-9]\d?|1\d\d|200", "integer between 1 and 200", issue="invalid_integer")


def _received(value: object) -> str | float | bool | None:
    return value if value is None or isinstance(value, str | int | float) else type(value).__name__


def _issues(body: Mapping[str, Any], fields: Mapping[str, Field]) -> list[FieldIssue]:
    found: list[FieldIssue] = []
    for name, field in fields.items():
        if name not in body:
            if field.required:
                found.append(FieldIssue(name, "required"))
        elif not field.check.predicate(body[name]):
            found.append(FieldIssue(name, field.check.issue, field.check.expected, _received(body[name])))
    return found


def checked_body(
    request: ServiceRequest, fields: Mapping[str, Field], *, is_open: bool = False, min_fields: int = 0
) -> dict[str, Any]:
    """Return the body of *request*; raise 400 if it is not an object, 422 with every invalid field.

    Unless *is_open*, fields other than *fields* are invalid. The body needs at least *min_fields* fields.
    """
    body = request.json()
    issues = _issues(body, fields)
    if not is_open:
        issues += [FieldIssue(name, "unknown_field") for name in body if name not in fields]
    if len(body) < min_fields:
        issues.append(FieldIssue("body", "too_few_fields", f"at least {min_fields} of {', '.join(fields)}", len(body)))
    if issues:
        raise validation_error(*issues)
    return body


def checked_query(request: ServiceRequest, allowed: Mapping[str, Check]) -> Mapping[str, str]:
    """Return the query of *request*; raise 422 with every parameter that is invalid or not *allowed*."""
    issues: list[FieldIssue] = []
    for name, value in request.query.items():
        check = allowed.get(name)
        if check is None:
            issues.append(FieldIssue(name, "unknown_parameter"))
        elif not check.predicate(value):
            issues.append(FieldIssue(name, check.issue, check.expected, value))
    if issues:
        raise validation_error(*issues, parameter_set=request.resource)
    return request.query


def page_limit(query: Mapping[str, str]) -> int:
    """Return the page size in *query*, 50 by default."""
    return int(query.get("limit", "50"))
