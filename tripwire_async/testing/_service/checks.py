"""Checks of what callers send: small functions that name what they expect, and 422 with every field that fails."""

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
    """A *test* of a value, and the words for what it expects."""

    expected: str
    test: Predicate


@attrs.frozen
class Field:
    """A field of a body, by its check and by whether it must be there."""

    check: Check
    required: bool = False


def required(check: Check) -> Field:
    """Return a field that must be there."""
    return Field(check, required=True)


def optional(check: Check) -> Field:
    """Return a field that may be left out."""
    return Field(check)


def text(at_least: int = 0) -> Check:
    """Expect text of *at_least* so many characters."""
    return Check(f"text of at least {at_least} characters", lambda value: _is_text(value, at_least))


def matching(pattern: str, what: str) -> Check:
    """Expect text that *pattern* matches as a whole."""
    compiled = re.compile(pattern)
    return Check(what, lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None)


def one_of(values: Iterable[str]) -> Check:
    """Expect one of *values*."""
    allowed = tuple(values)
    return Check("one of " + ", ".join(allowed), lambda value: isinstance(value, str) and value in allowed)


def list_of(item: Check, at_least: int = 0) -> Check:
    """Expect a list of *at_least* so many items that pass *item*."""
    return Check(
        f"a list of at least {at_least}, each {item.expected}",
        lambda value: _are(value, item.test, at_least),
    )


def nullable(check: Check) -> Check:
    """Expect what *check* expects, or null."""
    return Check(f"{check.expected}, or null", lambda value: value is None or check.test(value))


def object_with(fields: Mapping[str, Field], what: str) -> Check:
    """Expect an object with *fields*; others may come."""
    return Check(what, lambda value: isinstance(value, dict) and not _issues(cast("JsonObject", value), fields))


def _is_text(value: object, at_least: int) -> bool:
    return isinstance(value, str) and len(value) >= at_least


def _are(values: Any, test: Predicate, at_least: int) -> bool:
    return _is_list(values) and len(values) >= at_least and all(map(test, values))


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def is_loopback(url: str) -> bool:
    """Whether *url* stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


BOOLEAN: Final = Check("true or false", lambda value: isinstance(value, bool))
OBJECT: Final = Check("an object", lambda value: isinstance(value, dict))
URL: Final = Check("an http or https URL", _is_url)
WEBHOOK_URL: Final = Check(
    "an https URL (http on a loopback address only)",
    lambda value: _is_url(value) and (value.startswith("https:") or is_loopback(value)),
)
SLUG: Final = matching(r"[a-z0-9]+(?:-[a-z0-9]+)*", "lower-case letters and digits, parted by single dashes")


def _received(value: object) -> str | float | bool | None:
    return value if value is None or isinstance(value, str | int | float) else type(value).__name__


def _issues(body: Mapping[str, Any], fields: Mapping[str, Field]) -> list[FieldIssue]:
    found: list[FieldIssue] = []
    for name, field in fields.items():
        if name not in body:
            if field.required:
                found.append(FieldIssue(name, "is required"))
        elif not field.check.test(body[name]):
            found.append(FieldIssue(name, "is invalid", field.check.expected, _received(body[name])))
    return found


def checked_body(
    request: ServiceRequest, fields: Mapping[str, Field], *, is_open: bool = False, at_least: int = 0
) -> dict[str, Any]:
    """Return the body of *request*, checked: 400 when it is no object, 422 with every field that fails.

    A body that is not *is_open* takes no other fields; one with *at_least* takes no fewer.
    """
    body = request.json()
    issues = _issues(body, fields)
    if not is_open:
        issues += [FieldIssue(name, "is not a field of this request") for name in body if name not in fields]
    if len(body) < at_least:
        issues.append(FieldIssue("body", f"needs at least {at_least} field", expected=", ".join(fields)))
    if issues:
        raise validation_error(*issues)
    return body


def checked_query(request: ServiceRequest, allowed: Mapping[str, Check]) -> Mapping[str, str]:
    """Return the query of *request*, checked: 422 with every parameter that fails or that is not *allowed*."""
    issues: list[FieldIssue] = []
    for name, value in request.query.items():
        check = allowed.get(name)
        if check is None:
            issues.append(FieldIssue(name, "is not a parameter of this operation"))
        elif not check.test(value):
            issues.append(FieldIssue(name, "is invalid", check.expected, value))
    if issues:
        raise validation_error(*issues)
    return request.query


LIMIT: Final = matching(r"[1-9]\d?|1\d\d|200", "a whole number from 1 to 200")


def page_limit(query: Mapping[str, str]) -> int:
    """Return how many items a page of a list has; 50 unless the *query* says so."""
    return int(query.get("limit", "50"))
