"""One value per running event loop: sessions, queues and pollers that cannot be shared between loops."""

from __future__ import annotations

import threading
from asyncio import get_running_loop
from typing import TYPE_CHECKING, Generic, TypeVar, final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

T = TypeVar("T")


@final
class PerLoop(Generic[T]):
    """One value per running event loop, created on first use.

    Safe when several threads run event loops at the same time. The value of a closed loop is dropped when the next
    value is created, or by `drop_closed`. A loop that still runs keeps its value until `pop`.

    Iteration yields the values of all loops that are open at its start, in order of creation. Values of other threads
    are among them: read them, but call only methods that are safe from another thread.

    Args:
        factory: Creates a value, in the running loop. It must not call `get`.
        on_closed: Called with each value that is dropped because its loop is closed. It runs in the thread that notices
            the closed loop, and must not use that loop.
    """

    __slots__ = ("_factory", "_lock", "_on_closed", "_values")

    def __init__(self, factory: Callable[[], T], *, on_closed: Callable[[T], object] | None = None) -> None:
        self._factory = factory
        self._on_closed = on_closed
        # Replaced, and never changed in place: a reader in any thread has a dictionary that does not change.
        self._values: dict[asyncio.AbstractEventLoop, T] = {}
        self._lock = threading.Lock()

    def get(self, loop: asyncio.AbstractEventLoop | None = None) -> T:
        """Return the value of the running loop; create it on first use.

        *loop* is the running loop, from code that knows it: Python 3.11 asks the operating system for it each time.
        """
        if loop is None:
            loop = get_running_loop()
        try:
            return self._values[loop]
        except KeyError:
            pass
        value = self._factory()
        self._replace(loop, (value,))
        return value

    def get_existing(self) -> T | None:
        """Return the value of the running loop, or None without one."""
        return self._values.get(get_running_loop())

    def pop(self) -> T | None:
        """Remove and return the value of the running loop, or None without one. `get` creates a new value."""
        loop = get_running_loop()
        value = self._values.get(loop)
        self._replace(loop, ())
        return value

    def drop_closed(self) -> None:
        """Drop the values of closed loops."""
        self._replace(None, ())

    def __iter__(self) -> Iterator[T]:
        return iter([value for loop, value in self._values.items() if not loop.is_closed()])

    def __len__(self) -> int:
        """Return the number of values, including values of closed loops that are not dropped yet."""
        return len(self._values)

    def _replace(self, loop: asyncio.AbstractEventLoop | None, value: tuple[()] | tuple[T]) -> None:
        """Set or remove the value of *loop*, and drop the values of closed loops."""
        closed: list[T] = []
        kept: dict[asyncio.AbstractEventLoop, T] = {}
        with self._lock:
            for known, current in self._values.items():
                if known is loop:
                    continue
                if known.is_closed():
                    closed.append(current)
                else:
                    kept[known] = current
            if loop is not None and value:
                kept[loop] = value[0]
            self._values = kept
        # Outside the lock: the hook may use this object.
        if self._on_closed is not None:
            for current in closed:
                self._on_closed(current)
