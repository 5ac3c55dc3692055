"""Fixtures for pytest: the API on loopback, and a client on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    from pytest_asyncio import fixture
except ModuleNotFoundError:
    # Pytest loads this wherever the library is installed, and must start there whether or not anybody uses it. What
    # does use it is told by pytest itself that async tests and fixtures need a plugin.
    from pytest import fixture  # type: ignore[no-redef] # noqa: PT013 - one name, whichever of the two it comes from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async import AsyncTripwire
    from tripwire_async.testing import TripwireServer


@fixture
async def tripwire_server() -> AsyncIterator[TripwireServer]:
    """Run the API on loopback for one test."""
    from tripwire_async.testing import TripwireServer  # noqa: PLC0415 - no aiohttp at the start of pytest

    async with TripwireServer() as server:
        yield server


@fixture
async def tripwire(tripwire_server: TripwireServer) -> AsyncIterator[AsyncTripwire]:
    """Open a client on the ``tripwire_server`` of the same test."""
    from tripwire_async import AsyncTripwire  # noqa: PLC0415 - no aiohttp at the start of pytest

    async with AsyncTripwire(tripwire_server.secret_key, base_url=tripwire_server.base_url) as client:
        yield client
