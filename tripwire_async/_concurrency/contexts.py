"""Context variables of work that several tasks share."""

from __future__ import annotations

import contextvars
import functools
from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

T = TypeVar("T")


@final
class InEmptyContext(Generic[T]):
    """Awaitable that runs another one in an empty context, in the task that awaits it.

    For work of one task whose result others receive as well. In the task's own context, its trace and its baggage would
    include the work for the others, and a variable that the work sets would stay set in this task alone.
    """

    __slots__ = ("_awaitable",)

    def __init__(self, awaitable: Awaitable[T]) -> None:
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, T]:
        """Run each step in the context, and pass on what the task sends and throws between them."""
        run = contextvars.Context().run
        work: Any = self._awaitable.__await__()
        step = functools.partial(work.send, None)
        while True:
            try:
                waits_for = run(step)
            except StopIteration as stop:
                result: T = stop.value
                return result
            finally:
                # It can hold an exception of aiohttp with a secret, and this frame is part of tracebacks.
                del step
            try:
                value = yield waits_for
            except GeneratorExit:
                run(work.close)
                raise
            except BaseException as error:  # noqa: BLE001 - thrown into the work
                step = functools.partial(work.throw, error)
            else:
                step = functools.partial(work.send, value)
