"""The comparison with other libraries: it counts what the server saw, and ends when the time is up."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import attrs
import pytest

from tests.benchmarks.versus import ours
from tests.benchmarks.versus.contest import Contender, Rules, play, send_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.server_process import RunningServer
    from tests.benchmarks.versus.contest import Send

RULES = Rules(sends=3, limit=2, window=60.0, seconds=30.0)


@asynccontextmanager
async def _once(where: RunningServer) -> AsyncIterator[Send]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {where.secret_key}"}) as session:

        async def send(endpoint_id: str) -> None:
            async with session.post(where.base_url + send_path(where, endpoint_id)) as response:
                response.raise_for_status()

        yield send


@asynccontextmanager
async def _never(_: RunningServer) -> AsyncIterator[Send]:
    async def send(_: str) -> None:
        await asyncio.Event().wait()

    yield send


@asynccontextmanager
async def _astray(where: RunningServer) -> AsyncIterator[Send]:
    async with _once(where) as send:

        async def send_elsewhere(_: str) -> None:
            await send("we_elsewhere")

        yield send_elsewhere


def test_successes_and_refusals_are_what_the_server_counted() -> None:
    """Of three sends that try once, two pass."""
    score = play(Contender("aiohttp", "no retries", _once), RULES)
    assert (2, 3, 1) == (score.successes, score.requests, score.refused)


def test_ours_sends_them_all() -> None:
    """Below the limit without a refusal."""
    (contender,) = ours.CONTENDERS
    score = play(contender, attrs.evolve(RULES, limit=10))
    assert (3, 3, 0) == (score.successes, score.requests, score.refused)


def test_what_is_not_done_in_time_has_failed() -> None:
    """The contest goes on without those that hang."""
    score = play(Contender("aiohttp", "hangs", _never), attrs.evolve(RULES, seconds=0.01))
    assert (0, 0, 0) == (score.successes, score.requests, score.refused)


def test_a_contender_that_is_set_up_wrongly_is_not_put_down_as_one_that_lost() -> None:
    """If no send succeeded, something else than the limit failed them."""
    with pytest.raises(ExceptionGroup, match="it is not the limit"):
        play(Contender("aiohttp", "wrong id", _astray), RULES)
