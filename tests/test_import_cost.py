"""What `import tripwire_async` brings along, asked of a Python of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ASK = """
import json, sys
{statement}
print(json.dumps(sorted(sys.modules)))
"""


def modules_after(statement: str) -> set[str]:
    """Return the names of all modules that are there after *statement* ran in a new process."""
    asked = subprocess.run(  # noqa: S603 - this Python, and a program written above
        [sys.executable, "-W", "error", "-c", ASK.format(statement=statement)], capture_output=True, check=True
    )
    return set(json.loads(asked.stdout))


def brought(loaded: set[str], name: str) -> set[str]:
    """Return those of *loaded* that are *name* or lie in it."""
    return {module for module in loaded if module == name or module.startswith(f"{name}.")}


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Return what importing the client brings."""
    return modules_after("from tripwire_async import AsyncTripwire")


@pytest.fixture(scope="module")
def loaded_with_webhooks() -> set[str]:
    """Return what there is once a client is about to send a test."""
    return modules_after("from tripwire_async import AsyncTripwire; AsyncTripwire('sk_test_import').webhooks.send_test")


@pytest.mark.parametrize(
    "name",
    [
        "argparse",
        "cattrs",
        "cryptography",
        "jinja2",
        "opentelemetry",
        "pytest",
        "redis",
        "rich",
        "tenacity",
        "tripwire_async._http.caller",
        "tripwire_async._codegen",
        "tripwire_async._codec.converter",
        "tripwire_async._http.error_body",
        "tripwire_async.cli",
        "tripwire_async.deliveries",
        "tripwire_async._http.encoding",
        "tripwire_async.middleware.retry._loop",
        "tripwire_async.middleware.retry._details",
        "tripwire_async.middleware.rate_limit._shared",
        "tripwire_async.middleware.rate_limit.store",
        "tripwire_async.middleware.rate_limit.redis_store",
        "tripwire_async.middleware.tracing",
        "tripwire_async.receiver",
        "tripwire_async.resources",
        "tripwire_async.testing",
        "uvloop",
        "yaml",
    ],
)
def test_the_import_leaves_out_what_a_program_may_never_use(loaded: set[str], name: str) -> None:
    """What a resource needs comes with the first one; extras and all that few programs use, when they are used."""
    assert set() == brought(loaded, name)


def test_the_import_builds_no_models(loaded: set[str]) -> None:
    """The models of a resource come when the resource is first used, not before."""
    assert set() == brought(loaded, "tripwire_async._generated.models")


def test_a_resource_brings_no_models_but_its_own(loaded_with_webhooks: set[str]) -> None:
    """The models of one tag and those that several tags share are loaded, and no others."""
    models = "tripwire_async._generated.models"
    assert {models, f"{models}.shared", f"{models}.webhooks"} == brought(loaded_with_webhooks, models)


@pytest.mark.parametrize(
    "name",
    [
        "cattrs",
        "statistics",
        "tripwire_async.deliveries.loopback",
        "tripwire_async.deliveries.test_run",
        "tripwire_async.deliveries.outcomes",
        "tripwire_async.deliveries.estimates",
        "tripwire_async.receiver",
        "tripwire_async.resources.gate",
        "tripwire_async.resources.organizations",
        "tripwire_async.resources.sessions",
    ],
)
def test_one_test_is_sent_without_what_many_need(loaded_with_webhooks: set[str], name: str) -> None:
    """The fan-out and the closed loop come when they are asked for, and so do the other resources."""
    assert set() == brought(loaded_with_webhooks, name)


def test_the_package_alone_brings_nothing_heavy() -> None:
    """Its names come from their homes when they are asked for: ``tripwire-async --help`` waits for no aiohttp."""
    loaded = modules_after("import tripwire_async")
    assert {"tripwire_async", "tripwire_async._lazy", "tripwire_async._version"} == brought(loaded, "tripwire_async")
    assert set() == brought(loaded, "aiohttp") | brought(loaded, "asyncio") | brought(loaded, "attr")


def test_the_check_sees_what_an_import_brings() -> None:
    """The tests above would notice: a module that is imported is among those that are counted."""
    assert {"tripwire_async.errors"} == brought(modules_after("import tripwire_async.errors"), "tripwire_async.errors")
