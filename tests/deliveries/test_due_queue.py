"""The queue of items by time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tripwire_async.deliveries._due_queue import DueQueue


def test_items_come_in_the_order_of_their_times() -> None:
    """Of equal times the first that was added comes first."""
    queue: DueQueue[str] = DueQueue(lambda item, when: True, lambda: 3)
    for when, item in [(2.0, "b"), (1.0, "a"), (2.0, "c")]:
        queue.push(when, item)
    found = []
    while (first := queue.first()) is not None:
        found.append(first)
        queue.pop()
    assert [(1.0, "a"), (2.0, "b"), (2.0, "c")] == found


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=300))
def test_dropped_items_never_come_and_do_not_pile_up(entries: list[tuple[float, bool]]) -> None:
    """The queue holds at most twice the current items and a few more."""
    current: dict[int, float] = {}
    queue: DueQueue[int] = DueQueue(lambda item, when: current.get(item) == when, lambda: len(current))
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
    current = set(range(200))
    queue: DueQueue[int] = DueQueue(lambda item, when: item in current and when == -item, lambda: len(current))
    longest = 0
    for number in range(2000):
        queue.push(float(-number), number)
        longest = max(longest, len(queue))
    assert 2 * 200 + 64 + 1 == longest
    found = []
    while (first := queue.first()) is not None:
        found.append(first[1])
        queue.pop()
    assert sorted(current, reverse=True) == found
