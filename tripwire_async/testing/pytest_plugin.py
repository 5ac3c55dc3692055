"""Fixtures for pytest: the API on loopback, and a client for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

try:
    from pytest_asyncio import fixture
except ModuleNotFoundError:
    # Pytest loads this plugin wherever the library is installed, so it must not require pytest-asyncio. A test that
    # uses the async fixtures without that plugin gets pytest's own error.
    from pytest import fixture  # type: ignore[no-redef] # noqa: PT013 - one name for both cases

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async import AsyncTripwire, Profile
    from tripwire_async.testing import TripwireServer


@pytest.fixture
def tripwire_profile() -> Profile:
    """The profile of the server and the client; override this fixture to test with `FOIL`."""
    from tripwire_async.profiles import TRIPWIRE  # noqa: PLC0415 - keeps the start of pytest fast

    return TRIPWIRE


@fixture
async def tripwire_server(tripwire_profile: Profile) -> AsyncIterator[TripwireServer]:
    """Run the API on loopback for one test."""
    from tripwire_async.testing import TripwireServer  # noqa: PLC0415 - keeps the start of pytest fast

    async with TripwireServer(profile=tripwire_profile) as server:
        yield server


@fixture
async def tripwire(tripwire_server: TripwireServer) -> AsyncIterator[AsyncTripwire]:
    """Open a client for the ``tripwire_server`` of the same test."""
    from tripwire_async import AsyncTripwire  # noqa: PLC0415 - keeps the start of pytest fast

    async with AsyncTripwire(
        tripwire_server.secret_key, profile=tripwire_server.profile, base_url=tripwire_server.base_url
    ) as client:
        yield client
