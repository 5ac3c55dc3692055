"""The queue of items by time."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from tripwire_async._concurrency.due_queue import DueQueue


def test_items_come_in_the_order_of_their_times() -> None:
    """Of equal times the first that was added comes first."""
    items = {1: "b", 2: "a", 0: "c"}
    queue: DueQueue[int, str] = DueQueue(items, lambda item, when: True, lambda: 3)
    for when, key in [(2.0, 1), (1.0, 2), (2.0, 0)]:
        queue.push(when, key)
    found = []
    while (first := queue.first()) is not None:
        found.append(first)
        queue.pop()
    assert [(1.0, "a"), (2.0, "b"), (2.0, "c")] == found


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=300))
def test_dropped_items_never_come_and_do_not_pile_up(entries: list[tuple[float, bool]]) -> None:
    """The queue holds at most twice the current items and a few more."""
    current: dict[int, float] = {}
    items = dict(enumerate(range(len(entries))))
    queue: DueQueue[int, int] = DueQueue(items, lambda item, when: current.get(item) == when, lambda: len(current))
    for number, (when, is_kept) in enumerate(entries):
        current[number] = when
        queue.push(when, number)
        if not is_kept:
            del current[number]
        assert len(queue) <= 2 * len(current) + 67
    found = []
    while (first := queue.first()) is not None:
        found.append(first[1])
        queue.pop()
    assert sorted(current, key=lambda number: (current[number], number)) == found


def test_a_queue_is_cleaned_up_when_it_is_twice_as_long_as_necessary() -> None:
    """However many items are current, and however many were dropped. A short queue is not worth the work."""
    items = {number: number for number in range(200)}
    queue: DueQueue[int, int] = DueQueue(items, lambda item, when: when == -item, lambda: len(items))
    longest = 0
    for number in range(2000):
        queue.push(float(-number), number)
        longest = max(longest, len(queue))
    assert 2 * 200 + 64 + 1 == longest
    found = []
    while (first := queue.first()) is not None:
        found.append(first[1])
        queue.pop()
    assert sorted(items, reverse=True) == found


def test_an_entry_is_not_tracked_by_the_garbage_collector() -> None:
    """Entries of tens of thousands of items would take it as long as the items themselves."""
    queue: DueQueue[int, object] = DueQueue({number: object() for number in range(1000)}, lambda item, when: True, int)
    before = len(gc.get_objects())
    for number in range(1000):
        queue.push(float(number), number)
    gc.collect()
    assert len(gc.get_objects()) - before < 100
