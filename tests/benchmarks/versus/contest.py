"""One contender at one server: everything at once, and what the server counted of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

from tests.benchmarks.server_process import RunningServer, server

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.benchmarks.server_process import Report

TIMEOUT = 30.0
"""Seconds for one request, for every contender."""

Send: TypeAlias = Callable[[str], Awaitable[object]]
"""Sends a test webhook to the endpoint with that id, with all the retries that there are."""


@attrs.frozen
class Contender:
    """Something that can send: its *package*, how it is set up, and what opens it for a server."""

    package: str
    settings: str
    open: Callable[[RunningServer], AbstractAsyncContextManager[Send]]


@attrs.frozen
class Rules:
    """What is the same for all: so many *sends* at once, *limit* requests in *window* seconds, *seconds* for it all."""

    sends: int
    limit: int
    window: float
    seconds: float


@attrs.frozen
class Score:
    """What the server counted, and the *seconds* until the last send had ended or the time was up."""

    successes: int
    requests: int
    refused: int
    seconds: float


def send_path(where: RunningServer, endpoint_id: str) -> str:
    """Return the path of a test send."""
    return f"/v1/organizations/{where.organization_id}/webhooks/endpoints/{endpoint_id}/test"


def play(contender: Contender, rules: Rules) -> Score:
    """Let *contender* send to as many endpoints of a new server; an endpoint that got its webhook is a success."""
    with server(limit=rules.limit, window=rules.window, endpoints=rules.sends) as where:
        seconds = asyncio.run(_send_all(contender, where, rules.seconds))
    report: Report | None = where.report
    assert report is not None
    return Score(report.endpoints_reached, report.requests, report.rate_limited, seconds)


async def _send_all(contender: Contender, where: RunningServer, seconds: float) -> float:
    async with contender.open(where) as send:

        async def one(endpoint_id: str) -> None:
            await send(endpoint_id)

        began = time.monotonic()
        sends = [asyncio.create_task(one(each)) for each in where.endpoint_ids]
        _, late = await asyncio.wait(sends, timeout=seconds)
        taken = time.monotonic() - began
        for each in late:
            each.cancel()
        # What a refused send raises differs from library to library; whether it succeeded, the server knows.
        outcomes = await asyncio.gather(*sends, return_exceptions=True)
    failures = [each for each in outcomes if isinstance(each, Exception)]
    if len(failures) == len(outcomes):
        msg = "the limit lets some through, so it is not the limit that failed them"
        raise ExceptionGroup(msg, failures)
    return taken
