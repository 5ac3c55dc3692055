"""Cancellations of a run that go astray: in a middleware, and of one task of the run alone."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, webhooks
from tests.support.runs import SEND, assert_no_task_left, outcomes_of, run_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Request, Response

pytestmark = pytest.mark.virtual_time


async def test_a_cancellation_that_a_middleware_loses_ends_the_run() -> None:
    """The send goes on, and no other follows."""
    service = Service()

    async def lossy(request: Request, call_next: Callable[[Request], object]) -> Response:
        if request.operation.id == SEND:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(5.0)
        return await service(request)

    ids = [endpoint(number) for number in range(3)]
    run = webhooks(service, lossy).send_tests(ORGANIZATION, ids, in_flight=1, until="sent")
    waiting = asyncio.create_task(outcomes_of(run))
    await asyncio.sleep(2.0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (True, 1) == (waiting.cancelled(), len(service.sent))
    assert_no_task_left()


async def test_cancelling_one_task_of_a_run_cancels_the_run() -> None:
    """A program that cancels all tasks of its loop may reach the tasks of a run in any order."""
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(outcomes_of(run_of(Service(takes=5.0), 3)))
    await asyncio.sleep(2.0)
    names = {"WorkerPool._work": 0}
    for task in asyncio.all_tasks() - before - {waiting}:
        name = getattr(task.get_coro(), "__qualname__", "")
        if names.get(name) == 0:
            names[name] += 1
            task.cancel()
    await asyncio.wait([waiting])
    assert (True, {"WorkerPool._work": 1}) == (waiting.cancelled(), names)
    assert_no_task_left()
