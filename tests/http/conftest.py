"""A transport whose connections are checked, for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tripwire_async._http.transport import AiohttpTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
def connections_in_use(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Return a function that counts the connections in use, over all open connectors that the test creates."""
    created: list[aiohttp.TCPConnector] = []
    original = aiohttp.TCPConnector

    def create(**options: Any) -> aiohttp.TCPConnector:
        created.append(original(**options))
        return created[-1]

    monkeypatch.setattr(aiohttp, "TCPConnector", create)

    def count() -> int:
        return sum(len(connector._acquired) for connector in created if not connector.closed)  # noqa: SLF001 - aiohttp has no public count

    return count


@pytest.fixture
async def transport(connections_in_use: Callable[[], int]) -> AsyncIterator[AiohttpTransport]:
    """Close the transport at the end, after a check that no connection is in use."""
    transport = AiohttpTransport(timeout=5.0)
    yield transport
    assert 0 == connections_in_use()
    await transport.close()
