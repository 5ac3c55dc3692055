"""Queue of the calls that wait for one key, and the order in which they are served."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, final

import attrs

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from tripwire_async._http.messages import Priority

    from ._capacity import Capacity
    from ._permit import Permit

_INTERACTIVE_PER: Final[dict[Priority, int]] = {"send": 3, "poll": 1}
"""How many interactive calls are served between two of a bulk priority while both wait."""


@final
@attrs.define(eq=False)
class Waiter:
    """A call in the queue.

    Attributes:
        future: Done when the call may go (*permit* is set), when it must look again, or when it has timed out.
        deadline: When the call times out.
        priority: The priority of the call.
        owner: The client that makes the call.
        permit: The right to send the request.
        is_closed: Whether the client was closed while the call waited.
        number: Its number among the waiters with a deadline; zero without one.
    """

    future: asyncio.Future[None]
    deadline: float
    priority: Priority
    owner: int = 0
    permit: Permit | None = None
    is_closed: bool = False
    number: int = 0


@final
class CallQueue:
    """First-in, first-out queues of the three priorities, and whose turn it is.

    Interactive calls come first, but do not starve the others: after each one a waiting poll is served, and after each
    three a waiting send. Sends and polls alternate. Every method costs the same however many calls wait.

    Attributes:
        size: Number of waiters. It has no ``__len__``, which would be called for every request.
    """

    __slots__ = ("_capacity", "_last_bulk", "_since", "_waiters", "size")

    def __init__(self, capacity: Capacity) -> None:
        self.size = 0
        self._capacity = capacity
        self._waiters: dict[Priority, OrderedDict[Waiter, None]] = {
            "interactive": OrderedDict(),
            "send": OrderedDict(),
            "poll": OrderedDict(),
        }
        self._since: dict[Priority, int] = {"send": 0, "poll": 0}  # interactive calls since the last one of these
        self._last_bulk: Priority = "poll"

    def __iter__(self) -> Iterator[Waiter]:
        """Yield the waiters, the last to be served first."""
        for waiters in self._waiters.values():
            yield from reversed(waiters)

    def count(self, priority: Priority) -> int:
        """Return how many calls of *priority* wait."""
        return len(self._waiters[priority])

    def add(self, waiter: Waiter) -> None:
        """Put *waiter* at the end of its queue."""
        self._waiters[waiter.priority][waiter] = None
        self.size += 1
        if waiter.priority == "interactive":
            self._capacity.interactive_waiting += 1

    def remove(self, waiter: Waiter) -> None:
        """Take *waiter* out, if it is still in the queue."""
        if waiter in self._waiters[waiter.priority]:
            del self._waiters[waiter.priority][waiter]
            self.size -= 1
            if waiter.priority == "interactive":
                self._capacity.interactive_waiting -= 1

    def turn(self, *, sends_only: bool) -> tuple[Priority | None, bool]:
        """Return the bulk priority whose turn it is, if any, and whether an interactive call waits.

        A bulk call has its turn before an interactive one if both are returned. With *sends_only* a send is preferred
        to a poll: the request will likely be rejected, and many calls can depend on one poll.
        """
        interactive = self._has_waiter("interactive")
        due: list[Priority] = [
            priority
            for priority, rounds in _INTERACTIVE_PER.items()
            if self._has_waiter(priority) and (not interactive or self._since[priority] >= rounds)
        ]
        if len(due) == 2:
            return ("send" if sends_only or self._last_bulk == "poll" else "poll"), interactive
        return (due[0] if due else None), interactive

    def pop(self, priority: Priority) -> Waiter:
        """Remove and return the first waiter of *priority*."""
        waiter = next(iter(self._waiters[priority]))
        self.remove(waiter)
        if priority == "interactive":
            for bulk in self._since:
                self._since[bulk] += 1
        else:
            self._since[priority] = 0
            self._last_bulk = priority
        return waiter

    def _has_waiter(self, priority: Priority) -> bool:
        waiters = self._waiters[priority]
        # A cancelled task has cancelled its future, and has not run since, so its waiter is still in the queue.
        while waiters and (first := next(iter(waiters))).future.done():
            self.remove(first)
        return bool(waiters)
