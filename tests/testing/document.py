"""Our OpenAPI document as a judge of answers."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import yaml

import tripwire_async

_PATH = Path(tripwire_async.__file__).parent / "_codegen" / "openapi.yaml"


@functools.cache
def document() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(_PATH.read_text(), Loader=loader)  # noqa: S506 - safe, and in C where there is one


@functools.cache
def operations() -> dict[str, tuple[str, re.Pattern[str], dict[str, Any]]]:
    """Every operation by its id: method, pattern of its path, its own part of the document."""
    return {
        operation["operationId"]: (
            method.upper(),
            re.compile(re.sub(r"\{\w+\}", "[^/]+", path)),
            operation,
        )
        for path, item in document()["paths"].items()
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
def validator(name: str) -> jsonschema.Draft202012Validator:
    """Return what checks a value against the schema called *name*."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return jsonschema.Draft202012Validator(schema, format_checker=_FORMATS)


def operation_at(method: str, url: str) -> str:
    """Return the id of the operation that *method* and *url* mean; paths without arguments come first."""
    path = urlsplit(url).path
    found = [name for name, (verb, pattern, _) in operations().items() if verb == method and pattern.fullmatch(path)]
    assert found, f"no operation at {method} {path}"
    return min(found, key=lambda name: operations()[name][1].pattern.count("[^/]+"))


def check_answer(operation: str, status: int, body: Any) -> None:
    """Check an answer against what the document says of *operation* and *status*."""
    if status >= 400:
        validator("ApiErrorEnvelope").validate(body)
        assert status == body["error"]["status"]
        return
    answers = operations()[operation][2]["responses"]
    assert str(status) in answers, f"{operation} does not answer {status}"
    if status == 204:
        assert body is None
        return
    name = answers[str(status)]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    validator(name).validate(body)
