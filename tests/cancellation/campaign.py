"""Interrupts scenarios at each of their suspension points, and counts."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import attrs

from tests.support.fast_time import FastLoop

from .interruption import Interruption
from .world import descriptors, is_of_library, new_world, tasks, timers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .interruption import Way
    from .scenario import Scenario
    from .world import World

_SECONDS = 3000.0  # of the fast clock


@attrs.frozen(kw_only=True)
class Case:
    """One scenario in one way.

    Attributes:
        crowded: Whether other calls run at the same time.
        uses_redis: Whether the rate limit is kept in Redis.
    """

    scenario: Scenario
    way: Way
    crowded: bool
    uses_redis: bool

    def __str__(self) -> str:
        details = [self.way, *["crowded"] * self.crowded, *["Redis"] * self.uses_redis]
        return f"{self.scenario.name} ({', '.join(details)})"


@attrs.define
class Tally:
    """Results of a campaign.

    Attributes:
        points: Number of suspension points at which a coroutine was cancelled.
        cancellations: Number of cancellations in each way; a second one counts as well.
        failures: Problems, by case and point.
    """

    points: int = 0
    cancellations: Counter[str] = attrs.field(factory=Counter)
    failures: list[str] = attrs.field(factory=list)


def run_cases(
    cases: Iterable[Case],
    redis: str | None,
    *,
    choose: Callable[[int], Iterable[int]] | None = None,
    report: Callable[[Case, int], None] = lambda case, points: None,
) -> Tally:
    """Interrupt each case at each of its suspension points, or at the ones that *choose* picks from their number."""
    tally = Tally()
    problems: list[str] = []
    for case in cases:
        before, open_before = tally.points, descriptors()
        # Timeouts of ten seconds for Redis, which is another process, must be long enough.
        factor = 20.0 if case.uses_redis else 100.0
        with asyncio.Runner(loop_factory=lambda: FastLoop(factor)) as runner:  # noqa: B023 - called at once
            runner.get_loop().set_exception_handler(lambda _, context: problems.append(str(context)))
            runner.run(_interrupt_everywhere(case, redis if case.uses_redis else None, tally, choose))
        gc.collect()
        if descriptors() > open_before:
            tally.failures.append(f"{case}: {descriptors() - open_before} file descriptors left after the loop")
        tally.failures += [f"{case}: the loop reports {problem}" for problem in problems]
        problems.clear()
        report(case, tally.points - before)
    return tally


async def _interrupt_everywhere(
    case: Case, redis: str | None, tally: Tally, choose: Callable[[int], Iterable[int]] | None
) -> None:
    async with AsyncExitStack() as stack:
        world = await new_world(stack, redis)
        # Modules that are imported and connections that are opened on first use do not count.
        number, _ = await _interrupt(world, case, at=0)
        open_before = descriptors()
        points = iter(range(1, 1000) if choose is None else sorted(choose(number)))
        for at in points:
            try:
                _, cancellations = await asyncio.wait_for(_interrupt(world, case, at), _SECONDS)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - reported with its point
                tally.failures.append(f"{case} at point {at}: {type(error).__name__}: {error}")
                break
            if not cancellations and choose is None:
                break
            tally.points += bool(cancellations)
            tally.cancellations[case.way] += cancellations
        gc.collect()
        # Where all tasks are cancelled, those of other packages are too, and a loop that ends closes what they leave.
        if case.way != "all" and descriptors() > open_before:
            tally.failures.append(f"{case}: {descriptors() - open_before} file descriptors left")


async def _interrupt(world: World, case: Case, at: int) -> tuple[int, int]:
    """Interrupt *case* at one point; return the number of suspension points and of cancellations."""
    scenario = case.scenario
    tasks_before, timers_before = tasks(), timers()
    world.open(recorded=scenario.recorded)
    if scenario.prepare is not None:
        await scenario.prepare(world)
    interruption = Interruption(scenario.run(world), at, case.way, world.observed)  # type: ignore[arg-type] - they are coroutines
    # The first of several waits is the one that reads for the others.
    before, after = {"once": (1, 1), "twice": (0, 2), "timeout": (2, 0)}[case.way] if case.crowded else (0, 0)
    loop = asyncio.get_running_loop()
    beside = [asyncio.ensure_future(scenario.beside(world)) for _ in range(before)]
    main = asyncio.ensure_future(interruption.run())
    loop.set_task_factory(_observing(world, interruption))
    beside += [asyncio.ensure_future(scenario.beside(world)) for _ in range(after)]
    try:
        await asyncio.wait([main])
    finally:
        loop.set_task_factory(None)
    _check_end(main, interruption)
    await asyncio.gather(*beside)
    await world.server.delivered()
    await world.check_quiet()
    await _repeat(world, scenario)
    await world.server.delivered()
    await world.check_quiet()
    await world.close()
    await world.until_none(lambda: list(tasks() - tasks_before))
    # The test server keeps its connections to webhook endpoints for 15 seconds.
    await world.until_none(lambda: list(timers() - timers_before), seconds=40.0)
    return interruption.points, interruption.cancellations


def _observing(world: World, interruption: Interruption) -> Callable[..., asyncio.Task[Any]]:
    """Return a task factory that counts the suspensions of the library's own tasks."""

    def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        if not is_of_library(coroutine):
            return asyncio.Task(coroutine, loop=loop, **options)
        task = asyncio.Task(interruption.observe(coroutine), loop=loop, **options)
        world.observed.add(task)
        return task

    return make


def _check_end(main: asyncio.Task[object], interruption: Interruption) -> None:
    """Check that a cancellation ends the coroutine as such, and that nothing else does."""
    if main.cancelled():
        assert interruption.cancellations, "cancelled without a cancellation"
        return
    error = main.exception()
    if isinstance(error, TimeoutError) and type(error) is TimeoutError and interruption.cancellations:
        return
    if error is not None:
        raise error
    assert not interruption.cancellations, "the cancellation was swallowed"


async def _repeat(world: World, scenario: Scenario) -> None:
    if scenario.again is not None:
        await scenario.again(world)
        return
    if scenario.prepare is not None:
        await scenario.prepare(world)
    await scenario.run(world)
