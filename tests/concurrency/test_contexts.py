"""Context variables of shared work, and those of the callers."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, webhooks
from tripwire_async._concurrency.contexts import InEmptyContext
from tripwire_async._concurrency.polling import PollSchedule, SharedPoller
from tripwire_async.middleware import RateLimit, Response, Retry

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request

CALLER: contextvars.ContextVar[str] = contextvars.ContextVar("CALLER")


async def test_work_sees_no_variable_of_its_task_and_sets_none() -> None:
    """Between steps the task's own context is active, and the work keeps its own."""
    seen: list[str | None] = []

    async def work() -> str:
        seen.append(CALLER.get(None))
        CALLER.set("work")
        await asyncio.sleep(0)
        seen.append(CALLER.get(None))
        assert asyncio.current_task() is task
        return "done"

    async def main() -> str:
        CALLER.set("caller")
        result = await InEmptyContext(work())
        assert "caller" == CALLER.get()
        return result

    task = asyncio.create_task(main())
    assert "done" == await task
    assert [None, "work"] == seen


async def test_an_exception_and_a_cancellation_pass_through() -> None:
    """The work can handle a cancellation, and its error reaches the task."""

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            raise KeyError(CALLER.get("none")) from None

    async def main() -> None:
        CALLER.set("caller")
        await InEmptyContext(work())

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(KeyError, match="none"):
        await task


async def test_work_that_is_dropped_is_closed() -> None:
    """When its loop is closed, for example."""
    closed: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(CALLER.get("none"))

    async def main() -> None:
        await InEmptyContext(work())

    coroutine = main()
    coroutine.send(None)
    coroutine.close()
    assert ["none"] == closed


@pytest.mark.virtual_time
async def test_callers_keep_their_variables_through_retries_and_shared_reads_have_none() -> None:
    """A read for several waits belongs to none of their traces, and sends no caller's baggage for the others."""
    seen: list[tuple[str, str | None]] = []

    async def note(request: Request, call_next: Handler) -> Response:
        seen.append((request.operation.id, CALLER.get(None)))
        return await call_next(request)

    busy = [Response(503, {}, b'{"error": {"retryable": true}}')]
    service = Service(takes=1.0, fault=lambda request, when: busy.pop() if busy and when == "before" else None)
    resource = webhooks(service, Retry(), note, RateLimit())

    async def one(name: str) -> None:
        CALLER.set(name)
        pending = await resource.send_test(ORGANIZATION, endpoint(1))
        await pending
        assert name == CALLER.get()
        await pending.refresh()

    await asyncio.gather(*(asyncio.create_task(one(name)) for name in "abc"))
    assert ["a", "a", "b", "c"] == sorted(str(caller) for operation, caller in seen if operation == "sendTestWebhook")
    # Only a refresh, which is the last request of each task, is the caller's own.
    assert {None} == {caller for operation, caller in seen[4:-3]}
    assert ["a", "b", "c"] == sorted(str(caller) for operation, caller in seen[-3:])


@pytest.mark.virtual_time
async def test_reads_of_a_shared_poller_have_no_variables_of_a_wait() -> None:
    """Gate sessions are polled this way."""
    seen: list[str | None] = []

    async def read(_: float | None) -> int:
        seen.append(CALLER.get(None))
        return len(seen)

    poller: SharedPoller[int] = SharedPoller(latest=None, schedule=PollSchedule())

    async def one(name: str) -> int:
        CALLER.set(name)
        return await poller.until(read, lambda count: count == 3, timeout=None)

    assert [3, 3] == await asyncio.gather(*(asyncio.create_task(one(name)) for name in "ab"))
    assert [None] * 3 == seen
