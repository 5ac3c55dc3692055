"""The generated operations match the API's description, and their id patterns match whole ids."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

import tripwire_async
from tests.testing.document import document
from tripwire_async import _generated, models
from tripwire_async._operation import Operation

PACKAGE = Path(tripwire_async.__file__).parent
TAGS = sorted(path.stem for path in (Path(_generated.__file__).parent / "operations").glob("[a-z]*.py"))
CONSTANTS: dict[str, Operation[Any]] = {
    name: value
    for tag in TAGS
    for name, value in vars(importlib.import_module(f"tripwire_async._generated.operations.{tag}")).items()
    if isinstance(value, Operation)
}
DESCRIPTION = document()
DESCRIBED: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DESCRIPTION["paths"].items()
    for method, operation in item.items()
}
AUTHORITIES = {"secretKey": "secret", "pollToken": "poll_token", "agentToken": "agent_token"}


def test_there_is_a_constant_for_each_operation() -> None:
    """Its name is the operation id in capitals."""
    expected = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", id_).upper(): id_ for id_ in DESCRIBED}
    assert {name: operation.id for name, operation in CONSTANTS.items()} == expected
    assert len(CONSTANTS) == 35


@pytest.mark.parametrize("operation", CONSTANTS.values(), ids=lambda operation: operation.id)
def test_an_operation_is_as_described(operation: Operation[Any]) -> None:
    """The description is read without the generator."""
    method, path, described = DESCRIBED[operation.id]
    parameters = described.get("parameters", [])
    schemes = [name for each in described["security"] for name in each]
    success = next(status for status in described["responses"] if status.startswith("2"))
    content = described["responses"][success].get("content")
    body = described.get("requestBody")
    assert (operation.method, operation.path) == (method, path)
    assert [argument.name for argument in operation.path_arguments] == re.findall(r"{(\w+)}", path)
    assert list(operation.query) == [each["name"] for each in parameters if each["in"] == "query"]
    assert operation.authority == (AUTHORITIES[schemes[0]] if schemes else "public")
    assert operation.scope == described.get("x-scope")
    assert list(operation.profiles) == described.get("x-profiles", ["tripwire", "foil"])
    assert operation.success == int(success)
    assert operation.returns is (schema(content) if content else type(None))
    assert operation.body is (schema(body["content"]) if body else None)


def schema(content: dict[str, Any]) -> type[Any]:
    """Return the model of a described body."""
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    model: type[Any] = getattr(models, name)
    assert attrs.has(model)
    return model


@pytest.mark.parametrize(
    ("argument", "good"),
    [
        ("organization_id", "org_" + "0" * 26),
        ("key_id", "key_" + "z" * 26),
        ("endpoint_id", "we_" + "0" * 32),
        ("event_id", "wevt_" + "f" * 32),
        ("session_id", "sid_" + "0" * 26),
        ("visitor_id", "vid_" + "0" * 26),
        ("service_id", "acme-prod"),
    ],
)
def test_the_pattern_of_a_path_argument_matches_the_whole_id(argument: str, good: str) -> None:
    """An id followed by a path, a query or a line break would call another operation."""
    patterns = {
        each.pattern
        for operation in CONSTANTS.values()
        for each in operation.path_arguments
        if each.argument == argument
    }
    (pattern,) = patterns
    assert pattern is not None
    assert pattern.fullmatch(good)
    for bad in ("", f"{good}\n", f" {good}", f"{good}/../x", f"{good}?x=", good.upper(), f"{good}%2f", good[:2]):
        assert not pattern.fullmatch(bad), bad


def test_every_path_argument_has_a_python_name() -> None:
    """Error messages show the name that the user typed."""
    for operation in CONSTANTS.values():
        for argument in operation.path_arguments:
            assert re.fullmatch("[a-z]+(_[a-z]+)*", argument.argument)
            assert argument.argument.replace("_", "") == argument.name.lower()
