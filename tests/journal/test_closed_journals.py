"""Journals that are closed: an error instead of a file or a connection that nobody closes."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from tests.support.journal_worker import new_run
from tripwire_async.errors import JournalError
from tripwire_async.journal import JournalAsk, RedisJournal, SqliteJournal
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, WindowAsk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.support.redis_server import RedisServer

USES: dict[str, Callable[[SqliteJournal | RedisJournal], Awaitable[object]]] = {
    "begin": lambda journal: journal.begin(new_run()),
    "exchange": lambda journal: journal.exchange(JournalAsk(worker="one", number=1, lease=30.0)),
    "read": lambda journal: anext(aiter(journal.read())),
    "outcomes": lambda journal: anext(aiter(journal.outcomes())),
    "runs": lambda journal: journal.runs(),
    "pause": lambda journal: journal.pause(),
    "drop": lambda journal: journal.drop(),
    "exchange_page": lambda journal: journal.exchange_page(PageAsk(worker="one", after=0.0)),
    "exchange_window": lambda journal: journal.exchange_window(WindowAsk(worker="one", width=200, used=0, wanted=1)),
}


@pytest.fixture
async def closed_redis_journal(redis_server: RedisServer) -> AsyncIterator[RedisJournal]:
    """Return a journal with a run, which was closed."""
    async with RedisJournal(redis_server.url, run="closed") as journal:
        await journal.begin(new_run())
    yield journal
    await journal.aclose()


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("is_used", [False, True])
async def test_a_closed_file_is_not_opened_again(use: str, is_used: bool, tmp_path: Path) -> None:
    """Also if it was closed before its first use."""
    async with SqliteJournal(tmp_path / "run.db") as journal:
        if is_used:
            await journal.begin(new_run())
    with pytest.raises(JournalError) as caught:
        await USES[use](journal)
    expected = f"the journal {tmp_path / 'run.db'} is closed: create a new one, or enter it again with 'async with'"
    assert expected == str(caught.value)
    assert not caught.value.is_missing
    assert is_used == (tmp_path / "run.db").exists()
    async with journal:
        assert 120 == (await journal.begin(new_run())).endpoints


@pytest.mark.parametrize("use", USES)
async def test_a_closed_journal_does_not_connect_to_redis_again(use: str, closed_redis_journal: RedisJournal) -> None:
    """Nothing would close that connection. The error is not taken for an outage that passes."""
    with pytest.raises(JournalError) as caught:
        await USES[use](closed_redis_journal)
    expected = f"{closed_redis_journal!r} is closed: create a new one, or enter it again with 'async with'"
    assert expected == str(caught.value)
    # A coroutine that is not awaited would be reported here.
    gc.collect()
    async with closed_redis_journal as journal:
        assert 120 == (await journal.begin(None)).endpoints
