"""Our OpenAPI document, whole or of one profile, and checks of responses against it."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import yaml

import tripwire_async
from tripwire_async import TRIPWIRE, Profile

_PATH = Path(tripwire_async.__file__).parent / "_codegen" / "openapi.yaml"


@functools.cache
def document() -> dict[str, Any]:
    """Return the whole document."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(_PATH.read_text(), Loader=loader)  # noqa: S506 - the safe loader, in C where it exists


@functools.cache
def document_of(profile: Profile) -> dict[str, Any]:
    """Return the document without the parts of the other profile."""
    return _project(document(), profile.name)


def _project(node: Any, profile: str) -> Any:
    if isinstance(node, list):
        return [_project(item, profile) for item in node if _has(item, profile)]
    if not isinstance(node, dict):
        return node
    kept = {key: _project(value, profile) for key, value in node.items() if _has(value, profile)}
    if "x-value-profiles" in node:
        marks = node["x-value-profiles"]
        kept["enum"] = [value for value in node["enum"] if profile in marks.get(value, (profile,))]
    if isinstance(node.get("required"), list) and "properties" in node:
        dropped = set(node["properties"]) - set(kept["properties"])
        kept["required"] = [name for name in node["required"] if name not in dropped]
    return kept


def _has(node: Any, profile: str) -> bool:
    """Return whether *profile* has *node*, and what it refers to."""
    if not isinstance(node, dict):
        return True
    target = node
    if isinstance(node.get("$ref"), str):
        target = document()
        for step in node["$ref"].split("/")[1:]:
            target = target[step]
    return all(profile in each.get("x-profiles", (profile,)) for each in (node, target))


@functools.cache
def operations(profile: Profile | None = None) -> dict[str, tuple[str, re.Pattern[str], dict[str, Any]]]:
    """Return the method, the pattern of the path, and the description of each operation by id."""
    return {
        operation["operationId"]: (
            method.upper(),
            re.compile(re.sub(r"\{\w+\}", "[^/]+", path)),
            operation,
        )
        for path, item in (document() if profile is None else document_of(profile))["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post", "patch", "delete", "put"}
    }


_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _is_timestamp(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value) is not None


@_FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)


@functools.cache
def validator(name: str, profile: Profile = TRIPWIRE) -> jsonschema.Draft202012Validator:
    """Return a validator for the schema called *name*."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document_of(profile)["components"]}
    return jsonschema.Draft202012Validator(schema, format_checker=_FORMATS)


def operation_at(method: str, url: str, profile: Profile = TRIPWIRE) -> str:
    """Return the id of the operation at *method* and *url*; fixed paths take precedence over placeholders."""
    path = urlsplit(url).path
    known = operations(profile)
    found = [name for name, (verb, pattern, _) in known.items() if verb == method and pattern.fullmatch(path)]
    assert found, f"no operation at {method} {path}"
    return min(found, key=lambda name: known[name][1].pattern.count("[^/]+"))


def response_schema(operation: str, profile: Profile = TRIPWIRE) -> str | None:
    """Return the name of the schema of a successful response to *operation*."""
    responses = operations(profile)[operation][2]["responses"]
    [success] = [response for status, response in responses.items() if status.startswith("2")]
    if "content" not in success:
        return None
    name: str = success["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return name


def check_answer(operation: str, status: int, body: Any, profile: Profile = TRIPWIRE) -> None:
    """Check a response to *operation* against the document."""
    if status >= 400:
        validator("ApiErrorEnvelope", profile).validate(body)
        assert status == body["error"]["status"]
        return
    assert str(status) in operations(profile)[operation][2]["responses"], f"{operation} does not answer {status}"
    name = response_schema(operation, profile)
    if name is None:
        assert body is None
        return
    validator(name, profile).validate(body)
