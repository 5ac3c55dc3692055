"""Replies of a Redis whose keys were changed, or of another server, to a journal and to a rate limit."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.redis_run import FOUND, VALUES
from tests.support.requests import answer, request
from tripwire_async.errors import JournalError
from tripwire_async.journal import JournalAsk, RedisJournal
from tripwire_async.middleware import RateLimit, RedisStore, compose
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, WindowAsk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async.middleware import Request, Response

DONE: list[Any] = [b"done", [], [], 1, 1, 0, [], b"1774382400000", b"1"]


class _Client:
    """Client of redis-py whose replies are given: to the scripts by their step, to commands by their name."""

    def __init__(self, **replies: Any) -> None:
        self._replies = {"begin": FOUND, "SADD": 1, **replies}

    async def execute_command(self, *args: object) -> Any:
        step: Any = args[0]
        if step in {"EVAL", "EVALSHA"}:
            count: Any = args[2]
            step = args[3 + count]
            if not step:
                return []
        reply = self._replies["slots" if isinstance(step, bytes) else step]
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def aclose(self) -> None:
        """Nothing is open."""


def journal_with(**replies: Any) -> RedisJournal:
    client: Any = _Client(**replies)
    return RedisJournal(client=client, run="run")


async def _begin(journal: RedisJournal) -> object:
    return await journal.begin(None)


async def _exchange(journal: RedisJournal) -> object:
    return await journal.exchange(JournalAsk(worker="w", number=1, appends=(), ended=(), wanted=1, lease=30.0))


async def _page(journal: RedisJournal) -> object:
    return await journal.exchange_page(PageAsk(worker="w", after=0.0))


async def _window(journal: RedisJournal) -> object:
    return await journal.exchange_window(WindowAsk(worker="w", width=1, used=0, wanted=1))


async def _read(journal: RedisJournal) -> object:
    return [segment async for segment in journal.read()]


async def _outcomes(journal: RedisJournal) -> object:
    return [outcome async for outcome in journal.outcomes()]


async def _runs(journal: RedisJournal) -> object:
    return await journal.runs()


def changed(reply: list[Any], place: int, value: Any) -> list[Any]:
    return [*reply[:place], value, *reply[place + 1 :]]


def found(**values: str) -> list[Any]:
    return changed(FOUND, 1, json.dumps({**VALUES, **values}).encode())


@pytest.mark.parametrize(
    ("step", "replies"),
    [
        (_begin, {"begin": None}),
        (_begin, {"begin": []}),
        (_begin, {"begin": [7]}),
        (_begin, {"begin": [b"found", b"{}"]}),
        (_begin, {"begin": [b"found", b"[[["]}),
        (_begin, {"begin": found(endpoints="1" + 12 * "0")}),
        (_begin, {"begin": found(created="soon")}),
        (_exchange, {"exchange": [b"done"]}),
        (_exchange, {"exchange": changed(DONE, 1, [-1])}),
        (_exchange, {"exchange": changed(DONE, 2, [[0, b"[7]", b""]])}),
        (_exchange, {"exchange": changed(DONE, 3, None)}),
        (_exchange, {"exchange": changed(DONE, 6, [b"sent"])}),
        (_exchange, {"exchange": ValueError("redis-py cannot parse it")}),
        (_page, {"page": [0] * 6}),
        (_page, {"page": [0, 1, 7, 0, 0, 0, 0]}),
        (_window, {"window": [-5, 0, 0]}),
        (_read, {"read": [[b"1-0", [b"0", 7]]]}),
        (_read, {"read": [[b"1-0", [b"0", b"[]"]]]}),
        (_outcomes, {"HGET": 7}),
        (_runs, {"SMEMBERS": [7]}),
        (_runs, {"SMEMBERS": TypeError("redis-py cannot make a set of it")}),
        (_runs, {"SMEMBERS": [b"run"], "begin": changed(FOUND, 3, b"many")}),
        (RedisJournal.pause, {"pause": 1}),
        (RedisJournal.drop, {"drop": []}),
    ],
)
async def test_a_malformed_reply_is_an_error_of_the_journal(
    step: Callable[[RedisJournal], Awaitable[object]], replies: dict[str, Any]
) -> None:
    """At once: another attempt would give the same reply, and a log that repeats itself would be read forever."""
    with pytest.raises(JournalError, match="malformed reply"):
        await step(journal_with(**replies))


@pytest.mark.parametrize(
    "reply", [None, [], [1, 0, 600], [1, 0, "many", 60, 0, 0, 1], [2**40, 0, 600, 60, 0, 0, 1], [-1, 0, 6, 6, 0, 0, 1]]
)
async def test_a_malformed_reply_leaves_a_rate_limit_to_the_process(reply: object) -> None:
    """As without the store: the call is made."""

    async def handler(_: Request) -> Response:
        return answer()

    client: Any = _Client(slots=reply)
    limit = RateLimit(store=RedisStore(client=client))
    assert 200 == (await compose((limit,), handler)(request(deadline=math.inf))).status
    assert not limit.state().shared
