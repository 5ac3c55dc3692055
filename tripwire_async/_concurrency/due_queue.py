"""Priority queue of items by time, from which items are removed lazily."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Final, Generic, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

K = TypeVar("K", bound="str | int")
T = TypeVar("T")

_SLACK: Final = 64
"""Entries below which a queue is not cleaned up."""


@final
class DueQueue(Generic[K, T]):
    """Items by the time at which they are due, all in O(log n).

    The queue holds keys, not items: Python's garbage collector ignores a tuple of numbers and texts after a first look.
    With items, the entries would be a fifth of the objects that it visits while many deliveries are awaited.

    Args:
        items: The items by their keys; entries of items that are not there are dropped.
        is_current: Returns whether an item is still due at that time; entries of which it is not true are dropped.
        size: Returns about how many current entries there are. A queue that is twice as long is cleaned up.
    """

    __slots__ = ("_count", "_heap", "_is_current", "_items", "_size")

    def __init__(self, items: Mapping[K, T], is_current: Callable[[T, float], bool], size: Callable[[], int]) -> None:
        self._items: Mapping[K, T] = items
        self._is_current = is_current
        self._size = size
        self._heap: list[tuple[float, int, K]] = []
        self._count = itertools.count()

    def __len__(self) -> int:
        """Return the number of entries, including dropped ones."""
        return len(self._heap)

    def push(self, when: float, key: K) -> None:
        """Add the item of that *key*, due at *when*."""
        heap = self._heap
        if len(heap) > 2 * self._size() + _SLACK:
            heap[:] = [entry for entry in heap if self._current(entry) is not None]
            heapq.heapify(heap)
        heapq.heappush(heap, (when, next(self._count), key))

    def first(self) -> tuple[float, T] | None:
        """Return the time and the item that is due first; None if the queue is empty."""
        heap = self._heap
        while heap:
            item = self._current(heap[0])
            if item is not None:
                return heap[0][0], item
            heapq.heappop(heap)
        return None

    def pop(self) -> None:
        """Remove what `first` has returned."""
        heapq.heappop(self._heap)

    def _current(self, entry: tuple[float, int, K]) -> T | None:
        item = self._items.get(entry[2])
        return item if item is not None and self._is_current(item, entry[0]) else None


def while_present(_item: object, _when: float) -> bool:
    """Return True: the item is due as long as it is there."""
    return True
