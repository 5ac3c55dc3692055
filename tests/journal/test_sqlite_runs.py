"""Runs in a file against the real server."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tripwire_async import AsyncTripwire
from tripwire_async.errors import JournalError
from tripwire_async.journal import SqliteJournal
from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    from pathlib import Path


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(each.name for each in folder.iterdir())


async def test_a_run_is_continued_from_its_file(tmp_path: Path) -> None:
    """Each endpoint is sent one test, in two processes' worth of clients."""
    async with TripwireServer(limit=100_000) as server:
        server.set_outcome(DeliveryOutcome("succeeded"))
        ids = [server.add_endpoint("http://127.0.0.1:9/hook").id for _ in range(120)]
        path = tmp_path / "run.db"
        async with (
            AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
            SqliteJournal(path) as journal,
        ):
            run = tripwire.webhooks.send_tests(server.organization_id, ids, journal=journal)
            async with run:
                async for _ in run:
                    break
        async with (
            AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
            SqliteJournal(path) as journal,
        ):
            outcomes = await tripwire.webhooks.resume_tests(journal)
            assert ids == [outcome.endpoint_id for outcome in outcomes]
            assert ids == [outcome.endpoint_id async for outcome in journal.outcomes()]
            (summary,) = await journal.runs()
            assert (summary.counts, summary.workers) == ({"succeeded": 120}, 0)
        sent = Counter(delivery.endpoint.id for delivery in server.deliveries.values())
        assert {1} == set(sent.values())
        assert ["run.db"] == names_in(tmp_path)


async def test_a_run_that_does_not_exist_cannot_be_resumed(tmp_path: Path) -> None:
    """Nothing is requested, and no file is made."""
    async with TripwireServer() as server, AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire:
        async with SqliteJournal(tmp_path / "run.db") as journal:
            with pytest.raises(JournalError, match="does not exist"):
                await tripwire.webhooks.resume_tests(journal)
        assert 0 == server.received
    assert [] == names_in(tmp_path)
