"""Modules that `import tripwire_async` loads, measured in a new Python process."""

from __future__ import annotations

import pytest

from tests.support.loaded_modules import modules_loaded_by, within


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Return the modules that importing the client loads."""
    return modules_loaded_by("from tripwire_async import AsyncTripwire")


@pytest.fixture(scope="module")
def loaded_with_webhooks() -> set[str]:
    """Return the modules that are loaded when a client is about to send a test."""
    return modules_loaded_by(
        "from tripwire_async import AsyncTripwire; AsyncTripwire('sk_test_import').webhooks.send_test"
    )


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
def test_importing_the_client_does_not_load_rarely_used_modules(loaded: set[str], name: str) -> None:
    """Resources, extras and rarely used modules are loaded on first use."""
    assert set() == within(loaded, name)


def test_importing_the_client_builds_no_models(loaded: set[str]) -> None:
    """The models of a resource are built when the resource is first used."""
    assert set() == within(loaded, "tripwire_async._generated.models")


def test_a_resource_loads_only_its_own_models(loaded_with_webhooks: set[str]) -> None:
    """It loads the models of its tag and the shared models, and no others."""
    models = "tripwire_async._generated.models"
    assert {models, f"{models}.shared", f"{models}.webhooks"} == within(loaded_with_webhooks, models)


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
def test_sending_one_test_does_not_load_test_runs_or_other_resources(loaded_with_webhooks: set[str], name: str) -> None:
    """Test runs, the loopback endpoint and the other resources are loaded on first use."""
    assert set() == within(loaded_with_webhooks, name)


def test_importing_the_package_loads_nothing_else() -> None:
    """Names are imported on first access, so ``tripwire-async --help`` does not wait for aiohttp."""
    loaded = modules_loaded_by("import tripwire_async")
    assert {"tripwire_async", "tripwire_async._lazy", "tripwire_async._version"} == within(loaded, "tripwire_async")
    assert set() == within(loaded, "aiohttp") | within(loaded, "asyncio") | within(loaded, "attr")


def test_the_check_notices_an_imported_module() -> None:
    """The other tests would fail for a module that is imported."""
    assert {"tripwire_async.errors"} == within(
        modules_loaded_by("import tripwire_async.errors"), "tripwire_async.errors"
    )
