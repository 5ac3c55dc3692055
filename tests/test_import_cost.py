"""What `import tripwire_async` brings along, asked of a Python of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ASK = """
import json, sys
import {module}
print(json.dumps(sorted(sys.modules)))
"""


def modules_after_importing(module: str) -> set[str]:
    """Return the names of all modules that are there after *module* was imported in a new process."""
    asked = subprocess.run(  # noqa: S603 - this Python, and a program written above
        [sys.executable, "-W", "error", "-c", ASK.format(module=module)], capture_output=True, check=True
    )
    return set(json.loads(asked.stdout))


def brought(loaded: set[str], name: str) -> set[str]:
    """Return those of *loaded* that are *name* or lie in it."""
    return {module for module in loaded if module == name or module.startswith(f"{name}.")}


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Return what importing the client brings."""
    return modules_after_importing("tripwire_async.client")


@pytest.mark.parametrize(
    "name",
    [
        "argparse",
        "cattrs",
        "cryptography",
        "opentelemetry",
        "pytest",
        "redis",
        "rich",
        "tenacity",
        "tripwire_async._codegen",
        "tripwire_async.cli",
        "tripwire_async.testing",
        "uvloop",
        "yaml",
    ],
)
def test_the_import_leaves_out_what_a_program_may_never_use(loaded: set[str], name: str) -> None:
    """Extras, the server for tests, the command line, what writes bodies and what retries come when they are used."""
    assert set() == brought(loaded, name)


def test_the_import_builds_no_models(loaded: set[str]) -> None:
    """The models of a resource come when the resource is first used, not before."""
    assert set() == brought(loaded, "tripwire_async._generated.models")


def test_the_package_alone_brings_nothing_heavy() -> None:
    """Its names come from their homes when they are asked for: ``tripwire-async --help`` waits for no aiohttp."""
    loaded = modules_after_importing("tripwire_async")
    assert {"tripwire_async", "tripwire_async._version"} == brought(loaded, "tripwire_async")
    assert set() == brought(loaded, "aiohttp") | brought(loaded, "asyncio") | brought(loaded, "attr")


def test_the_check_sees_what_an_import_brings() -> None:
    """The tests above would notice: a module that is imported is among those that are counted."""
    assert {"tripwire_async.errors"} == brought(
        modules_after_importing("tripwire_async.errors"), "tripwire_async.errors"
    )
