"""Priority queue of items by time, from which items are removed lazily."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Final, Generic, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_SLACK: Final = 64
"""Entries below which a queue is not cleaned up."""


@final
class DueQueue(Generic[T]):
    """Items by the time at which they are due, all in O(log n).

    Args:
        is_current: Returns whether an item is still due at that time; entries of which it is not true are dropped.
        size: Returns about how many current entries there are. A queue that is twice as long is cleaned up.
    """

    __slots__ = ("_count", "_heap", "_is_current", "_size")

    def __init__(self, is_current: Callable[[T, float], bool], size: Callable[[], int]) -> None:
        self._is_current = is_current
        self._size = size
        self._heap: list[tuple[float, int, T]] = []
        self._count = itertools.count()

    def __len__(self) -> int:
        """Return the number of entries, including dropped ones."""
        return len(self._heap)

    def push(self, when: float, item: T) -> None:
        """Add *item*, due at *when*."""
        heap = self._heap
        if len(heap) > 2 * self._size() + _SLACK:
            heap[:] = [entry for entry in heap if self._is_current(entry[2], entry[0])]
            heapq.heapify(heap)
        heapq.heappush(heap, (when, next(self._count), item))

    def first(self) -> tuple[float, T] | None:
        """Return the time and the item that is due first; None if the queue is empty."""
        heap = self._heap
        while heap:
            when, _, item = heap[0]
            if self._is_current(item, when):
                return when, item
            heapq.heappop(heap)
        return None

    def pop(self) -> None:
        """Remove what `first` has returned."""
        heapq.heappop(self._heap)
