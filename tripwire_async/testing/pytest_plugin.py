"""Fixtures for pytest: the API on loopback, and a client for it."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Literal

    from tripwire_async import AsyncTripwire, Profile
    from tripwire_async.testing import ManualClock, TripwireServer


# Pytest loads this plugin wherever the library is installed, so it must not require pytest-asyncio.
HAS_PYTEST_ASYNCIO: Final = find_spec("pytest_asyncio") is not None


@pytest.fixture
def tripwire_profile() -> Profile:
    """The profile of the server and the client; override this fixture to test with `FOIL`."""
    from tripwire_async.profiles import TRIPWIRE  # noqa: PLC0415 - keeps the start of pytest fast

    return TRIPWIRE


@pytest.fixture
def tripwire_server(
    request: pytest.FixtureRequest,
    tripwire_profile: Profile,  # noqa: ARG001 - a test can parametrize it only if it is visible here
) -> TripwireServer:
    """Run the API on loopback for one test, on the event loop of the test."""
    server: TripwireServer = request.getfixturevalue(f"_tripwire_server_{_loop_scope(request)}")
    return server


@pytest.fixture
def tripwire(
    request: pytest.FixtureRequest,
    tripwire_profile: Profile,  # noqa: ARG001 - a test can parametrize it only if it is visible here
) -> AsyncTripwire:
    """Open a client for the ``tripwire_server`` of the same test."""
    client: AsyncTripwire = request.getfixturevalue(f"_tripwire_{_loop_scope(request)}")
    return client


@pytest.fixture
def tripwire_clock() -> ManualClock:
    """A clock for the server and the client of the test that jumps over waits; request it to use it."""
    from tripwire_async.testing import ManualClock  # noqa: PLC0415 - keeps the start of pytest fast

    return ManualClock(autojump=True)


@pytest.fixture
def tripwire_server_thread(tripwire_profile: Profile) -> Iterator[TripwireServer]:
    """Run the API in a thread for one test: for synchronous tests, other SDKs and web frameworks."""
    from tripwire_async.testing import TripwireServer  # noqa: PLC0415 - keeps the start of pytest fast

    with TripwireServer(profile=tripwire_profile).in_thread() as server:
        yield server


def _add_fixtures(scope: Literal["function", "class", "module", "package", "session"]) -> None:
    """Add the server and the client for tests whose event loop has *scope*.

    pytest-asyncio binds each fixture function to the event loop of one scope, so there is one pair per scope.
    """
    import pytest_asyncio  # noqa: PLC0415 - may be missing

    async def run_server(request: pytest.FixtureRequest, tripwire_profile: Profile) -> AsyncIterator[TripwireServer]:
        from tripwire_async.testing import TripwireServer  # noqa: PLC0415 - keeps the start of pytest fast

        async with TripwireServer(profile=tripwire_profile, clock=_clock_of(request)) as server:
            yield server

    async def open_client(
        request: pytest.FixtureRequest, tripwire_server: TripwireServer
    ) -> AsyncIterator[AsyncTripwire]:
        from tripwire_async import AsyncTripwire  # noqa: PLC0415 - keeps the start of pytest fast

        tripwire_server.require_own_loop()
        server, clock = tripwire_server, _clock_of(request)
        arguments: dict[str, Any] = {"profile": server.profile, "base_url": server.base_url}
        if clock is not None:
            from tripwire_async.middleware import default_middleware  # noqa: PLC0415 - keeps the start of pytest fast

            # Data on a socket takes real time, in which the clock would jump ahead.
            chain = default_middleware(server.secret_key, profile=server.profile, clock=clock)
            arguments |= {"middleware": [*chain, server.handler], "clock": clock}
        async with AsyncTripwire(server.secret_key, **arguments) as client:
            yield client

    server, client = f"_tripwire_server_{scope}", f"_tripwire_{scope}"
    globals()[server] = pytest_asyncio.fixture(loop_scope=scope, name=server)(run_server)
    globals()[client] = pytest_asyncio.fixture(loop_scope=scope, name=client)(open_client)


if HAS_PYTEST_ASYNCIO:
    _add_fixtures("function")
    _add_fixtures("class")
    _add_fixtures("module")
    _add_fixtures("package")
    _add_fixtures("session")


def _clock_of(request: pytest.FixtureRequest) -> ManualClock | None:
    """Return the clock of the test if it requests the fixture ``tripwire_clock``."""
    if "tripwire_clock" not in request.fixturenames:
        return None
    clock: ManualClock = request.getfixturevalue("tripwire_clock")
    return clock


def _loop_scope(request: pytest.FixtureRequest) -> str:
    """Return the scope of the event loop of the test; fail with advice if pytest-asyncio does not run the test."""
    test = request.node
    function = getattr(test, "function", None)
    function = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    marker = test.get_closest_marker("asyncio")
    if function is not None and not inspect.iscoroutinefunction(function):
        problem = "is synchronous, so the event loop of the server would not run during the test"
    elif not HAS_PYTEST_ASYNCIO:
        problem = "needs the package pytest-asyncio, which is not installed"
    elif marker is None and "anyio_backend" in request.fixturenames:
        problem = "runs on an event loop of anyio, and the server on another one of pytest-asyncio"
    else:
        scope = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope") if marker is not None else None
        return str(scope or request.config.getini("asyncio_default_test_loop_scope"))
    name = getattr(test, "originalname", test.name)
    pytest.fail(
        f"{name} {problem}. Use the fixture tripwire_server_thread, whose server runs in a thread, or make the "
        "test an `async def` that pytest-asyncio runs.",
        pytrace=False,
    )
