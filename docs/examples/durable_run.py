"""Test every endpoint in a run that survives a deploy, then test the failures again."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tripwire_async import AsyncTripwire
from tripwire_async.journal import SqliteJournal
from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    from tripwire_async.deliveries import TestRun


# [work]
async def work(tripwire: AsyncTripwire, organization: str, path: Path) -> bool:
    """Start or continue the run in the file; return whether it is finished."""
    async with (
        SqliteJournal(path) as journal,
        tripwire.webhooks.send_tests(organization, journal=journal) as tests,
    ):
        stop_on_sigterm(tests)
        async for outcome in tests:
            if outcome.state != "succeeded":
                print(f"{outcome.state}: {outcome.reason}")
        (summary,) = await journal.runs()
    return summary.finished is not None


def stop_on_sigterm(tests: TestRun) -> None:
    """Pause the run when the process receives SIGTERM: sends on the wire finish first."""
    pauses: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(
        signal.SIGTERM, lambda: pauses.append(loop.create_task(tests.pause(within=10.0)))
    )


# [failures]
async def test_failures_again(tripwire: AsyncTripwire, organization: str, path: Path) -> int:
    """Test the endpoints that failed in another run; return how many fail again."""
    async with SqliteJournal(path) as journal, SqliteJournal(path, run="default.2") as second:
        failed = [
            outcome.endpoint_id
            async for outcome in journal.outcomes()
            if outcome.state in {"failed", "timed_out"}
        ]
        outcomes = await tripwire.webhooks.send_tests(organization, failed, journal=second)
    return sum(outcome.state == "failed" for outcome in outcomes)


# [end]
async def end_process_after(count: int, server: TripwireServer) -> None:
    """Send SIGTERM to this process once the server has received a number of tests."""
    await server.until(lambda: len(server.deliveries) >= count)
    signal.raise_signal(signal.SIGTERM)


async def main() -> None:
    """Send SIGTERM to the first worker, and let a second one finish."""
    async with (
        TripwireServer(limit=100, window=1.0) as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        server.set_outcome(DeliveryOutcome("succeeded"))
        ids = [server.add_endpoint(f"https://example.com/{number}").id for number in range(200)]
        server.set_outcome(
            DeliveryOutcome("failed", error="The endpoint answered 500."), endpoint_id=ids[150]
        )
        path = Path(tempfile.mkdtemp()) / "run.db"
        deploy = asyncio.create_task(end_process_after(50, server))
        print("finished:", await work(tripwire, server.organization_id, path))
        await deploy
        print("finished:", await work(tripwire, server.organization_id, path))
        print("webhooks:", len(server.deliveries))
        server.set_outcome(DeliveryOutcome("succeeded"), endpoint_id=ids[150])
        print("fail again:", await test_failures_again(tripwire, server.organization_id, path))
        print("webhooks:", len(server.deliveries))


if __name__ == "__main__":
    asyncio.run(main())
