"""Runs of tests against the simulated webhook service, and assertions on their outcomes."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from tripwire_async._http.messages import Response

from .delivery_service import ORGANIZATION, Service, endpoint, webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import TestOutcome, TestRun

SEND = "sendTestWebhook"


def run_of(service: Service, count: int, **options: object) -> TestRun:
    """Return a run over *count* endpoints."""
    ids = [endpoint(number) for number in range(count)]
    return webhooks(service).send_tests(ORGANIZATION, ids, **options)  # type: ignore[arg-type] - the callers pass valid options


async def outcomes_of(run: TestRun) -> tuple[TestOutcome, ...]:
    """Await *run*, as a coroutine for a task."""
    return await run


def states(outcomes: Iterable[TestOutcome]) -> dict[str, int]:
    """Return the number of outcomes in each state."""
    return dict(Counter(outcome.state for outcome in outcomes))


def assert_no_task_left() -> None:
    """Check that no other task exists."""
    assert {asyncio.current_task()} == asyncio.all_tasks()


def reject(operation: str, status: int, *numbers: int) -> Callable[[Request, str], Response | None]:
    """Return a fault that rejects *operation* with *status*, for all endpoints or for the given ones."""

    def fail(request: Request, when: str) -> Response | None:
        affected = not numbers or any(endpoint(number) in request.url.path for number in numbers)
        if request.operation.id != operation or not affected:
            return None
        return Response(status, {}, b'{"error": {"code": "x", "message": "m", "status": 404, "request_id": "req_x"}}')

    return fail
