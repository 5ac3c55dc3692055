"""Test all endpoints of an organization and write an HTML report."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tripwire_async import AsyncTripwire
from tripwire_async.reports import Report, html_report, make_report
from tripwire_async.testing import DeliveryOutcome, TripwireServer

# [run]


async def test_all(tripwire: AsyncTripwire, organization_id: str) -> Report:
    """Test every active endpoint, for at most ten minutes."""
    endpoints = await tripwire.webhooks.list_endpoints(organization_id)
    started_at = datetime.now(UTC)
    async with tripwire.webhooks.send_tests(organization_id, timeout=600) as run:
        outcomes = await run
    return make_report(
        outcomes,
        organization_id=organization_id,
        started_at=started_at,
        seconds=run.progress().seconds,
        endpoints=endpoints,
    )


def write(report: Report, page: Path) -> None:
    """Write the report and print the hosts with failures."""
    page.write_text(html_report(report), encoding="utf-8")
    for host in report.hosts():
        if host.passed < host.endpoints:
            print(f"{host.host}: {host.passed} of {host.endpoints} succeeded")


# [end]


async def main() -> None:
    """Test 20 endpoints, one of which fails."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        server.set_outcome(DeliveryOutcome("succeeded", 200))
        endpoints = [
            server.add_endpoint(f"https://{'ab'[number % 2]}.example/hooks/{number}")
            for number in range(20)
        ]
        server.set_outcome(DeliveryOutcome("failed", 500), endpoint_id=endpoints[-1].id)
        report = await test_all(tripwire, server.organization_id)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        write(report, page)
        print(
            "19 of 20"
            if "<h1>19 of 20 succeeded</h1>" in page.read_text(encoding="utf-8")
            else "unexpected"
        )


if __name__ == "__main__":
    asyncio.run(main())
