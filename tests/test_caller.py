"""Operations and their arguments become requests; answers become models or errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yarl import URL

from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aioresponses import aioresponses

API = "https://api.example"
KEY = "sk_test_canary"
ORGANIZATION = "org_" + "0" * 26
ENDPOINT = "we_" + "0" * 32
ENDPOINTS = f"{API}/v1/organizations/{ORGANIZATION}/webhooks/endpoints"


@pytest.fixture
async def client() -> AsyncIterator[AsyncTripwire]:
    async with AsyncTripwire(KEY, base_url=API) as client:
        yield client


async def test_a_request_carries_the_key_and_says_who_sends_it(client: AsyncTripwire, answers: aioresponses) -> None:
    """The bearer token, what is accepted, and the name of the SDK."""
    answers.get(
        ENDPOINTS,
        payload={"data": [], "pagination": {"limit": 50, "has_more": False}, "meta": {"request_id": "req_1"}},
    )
    page = await client.webhooks.list_endpoints(ORGANIZATION)
    assert () == page.items
    assert "req_1" == page.request_id
    (call,) = answers.requests["GET", URL(ENDPOINTS)]
    assert f"Bearer {KEY}" == call.kwargs["headers"]["Authorization"]
    assert call.kwargs["allow_redirects"] is False
    assert call.kwargs["data"] is None
