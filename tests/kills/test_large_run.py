"""A run over 100,000 endpoints on virtual time, of which it takes three hours."""

from __future__ import annotations

import pytest

from tests.support.large_run import check_large_run


@pytest.mark.virtual_time
async def test_a_run_over_100_000_endpoints_with_ten_deaths_sends_one_test_each() -> None:
    """Three workers at a time."""
    await check_large_run(100_000)
