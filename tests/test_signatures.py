"""Signatures of the public API, which type checkers and editors read."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import attrs

from tests.support.public_modules import MODULES
from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import Iterator


def functions(owner: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties of *owner*, and its constructor unless attrs wrote it."""
    for name in dir(owner):
        member = inspect.getattr_static(owner, name)
        function = getattr(member, "fget", None) or getattr(member, "func", None) or getattr(member, "__func__", member)
        is_constructor = name == "__init__" and not attrs.has(owner)
        if (not name.startswith("_") or is_constructor) and inspect.isfunction(function):
            yield f"{owner.__name__}.{name}", function


def public_functions() -> Iterator[tuple[str, Any]]:
    """Yield each public function and method with its name."""
    for module in (importlib.import_module(f"tripwire_async.{name}") for name in MODULES):
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isfunction(found):
                yield name, found
            elif inspect.isclass(found):
                yield from functions(found)
    client = AsyncTripwire("sk_test_key")
    gate = client.gate
    resources = (client.sessions, client.fingerprints, client.organizations, client.organizations.api_keys)
    for resource in (client, *resources, client.webhooks, gate.services, gate.sessions, gate.registry):
        yield from functions(type(resource))
    for resource in (gate.login_sessions, gate.agent_tokens):
        yield from functions(type(resource))


def test_no_argument_takes_anything() -> None:
    """``Any`` switches the type checker off; an argument that takes any value is an `object`."""
    found = [
        f"{name}({argument.name}: {argument.annotation})"
        for name, function in public_functions()
        for argument in inspect.signature(function).parameters.values()
        if "Any" in str(argument.annotation).replace("Coroutine[Any, Any", "")
    ]
    assert [] == found


def test_results_that_can_be_anything_are_json() -> None:
    """Only documents whose form is not described are returned as ``Any``."""
    found = {
        name
        for name, function in public_functions()
        if "Any" in str(inspect.signature(function).return_annotation).replace("Coroutine[Any, Any", "")
    }
    assert found <= {"TestOutcome.to_dict", "report_document", "Router.on"}
