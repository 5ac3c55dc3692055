"""Cancels a coroutine at a chosen suspension point in its own code or in a task that it starts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

Way: TypeAlias = Literal["once", "twice", "timeout", "all"]
"""A cancellation, a second one while the first is being handled, the end of an `asyncio.timeout`, or a cancellation of
all tasks, as at the end of `asyncio.run`."""

WAYS: Final[tuple[Way, ...]] = ("once", "twice", "timeout", "all")


class Interruption:
    """Awaitable that runs *work* and cancels it at the suspension number *at*, counted from 1.

    The suspensions of *work* count, and those of tasks that are made with `observe` while it runs.

    Args:
        beside: The tasks that are cancelled together with *work* in the way ``all``.

    Attributes:
        points: Number of suspensions so far.
        cancellations: Number of cancellations so far.
    """

    def __init__(
        self, work: Coroutine[Any, Any, object], at: int, way: Way, beside: Iterable[asyncio.Task[Any]]
    ) -> None:
        self._work = work
        self._at = at
        self._way = way
        self._beside = beside
        self._scope: asyncio.Timeout | None = None
        self._task: asyncio.Task[Any] | None = None
        self._is_over = False
        self.points = 0
        self.cancellations = 0

    async def run(self) -> object:
        """Return the result of the work, if it is not cancelled."""
        self._task = asyncio.current_task()
        try:
            if self._way != "timeout":
                return await _Observed(self._work, self)
            async with asyncio.timeout(None) as self._scope:
                result = await _Observed(self._work, self)
            # The work may end in the turn of the loop in which the time is up.
            self.cancellations *= self._scope.expired()
            return result
        finally:
            self._is_over = True

    def observe(self, work: Coroutine[Any, Any, object]) -> Coroutine[Any, Any, object]:
        """Return *work* as the coroutine of another task, whose suspensions count too."""
        return _Observed(work, self)

    def suspended(self, error: BaseException | None) -> None:
        """Count a suspension, after *error* was thrown into the coroutine or it was resumed without one."""
        if self._is_over:
            return
        self.points += 1
        is_second = (
            self._way == "twice"
            and self.cancellations == 1
            and isinstance(error, asyncio.CancelledError)
            and asyncio.current_task() is self._task
        )
        if self.points == self._at or is_second:
            self.cancellations += 1
            if self._scope is not None:
                self._scope.reschedule(asyncio.get_running_loop().time())
            elif self._task is not None:
                # If it is the running task, it is cancelled at the suspension that comes now.
                self._task.cancel()
                if self._way == "all":
                    for task in tuple(self._beside):
                        task.cancel()


class _Observed(Coroutine[Any, Any, object]):
    """Coroutine that does what *work* does, and reports each suspension."""

    def __init__(self, work: Coroutine[Any, Any, object], interruption: Interruption) -> None:
        self._work = work
        self._interruption = interruption

    def send(self, value: object, /) -> object:
        waited = self._work.send(value)
        self._interruption.suspended(None)
        return waited

    def throw(self, error: Any, *more: Any) -> object:
        waited = self._work.throw(error, *more)
        self._interruption.suspended(error)
        return waited

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, None, object]:
        error: BaseException | None = None
        while True:
            try:
                waited = self.send(None) if error is None else self.throw(error)
            except StopIteration as end:
                return end.value
            error = None
            try:
                yield waited
            except BaseException as caught:  # noqa: BLE001 - passed on to the work
                error = caught
