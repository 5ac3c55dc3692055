"""One value per running event loop, with any number of threads."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripwire_async._concurrency.per_loop import PerLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def numbers() -> Callable[[], int]:
    return itertools.count().__next__


async def get(values: PerLoop[int]) -> int:
    return values.get()


async def test_a_loop_keeps_the_value_that_was_created_first() -> None:
    """The factory runs once per loop."""
    values = PerLoop(numbers())
    assert [0, 0, 0] == [values.get() for _ in range(3)]
    assert 0 == values.get_existing()
    assert [0] == list(values)


async def test_a_loop_without_a_value_has_none_to_return() -> None:
    """A lookup does not create a value."""
    values = PerLoop(numbers())
    assert values.get_existing() is None
    assert values.pop() is None
    assert 0 == len(values)


async def test_after_pop_a_new_value_is_created() -> None:
    """The removed value goes to the caller alone, not to the hook."""
    dropped: list[int] = []
    values = PerLoop(numbers(), on_closed=dropped.append)
    assert 0 == values.get()
    assert 0 == values.pop()
    assert 1 == values.get()
    assert [] == dropped


def test_outside_a_loop_there_is_no_value() -> None:
    """A value belongs to a running loop."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        PerLoop(numbers()).get()


def test_the_value_of_a_closed_loop_is_dropped_when_the_next_one_is_created() -> None:
    """Each loop gets a new value; the hook receives each old one once."""
    dropped: list[int] = []
    values = PerLoop(numbers(), on_closed=dropped.append)
    assert [0, 1, 2] == [asyncio.run(get(values)) for _ in range(3)]
    assert ([0, 1], 1) == (dropped, len(values))
    assert [] == list(values)
    values.drop_closed()
    values.drop_closed()
    assert ([0, 1, 2], 0) == (dropped, len(values))


def test_without_a_hook_the_value_of_a_closed_loop_is_forgotten() -> None:
    """The object releases the loop and its value."""
    values = PerLoop(numbers())
    asyncio.run(get(values))
    values.drop_closed()
    assert 0 == len(values)


def test_the_hook_may_use_the_object_itself() -> None:
    """It runs outside the lock and sees the new state."""
    sizes: list[int] = []
    values = PerLoop(numbers(), on_closed=lambda _: sizes.append(len(values)))
    asyncio.run(get(values))
    asyncio.run(get(values))
    assert [1] == sizes


@contextlib.contextmanager
def loops(count: int) -> Iterator[list[asyncio.AbstractEventLoop]]:
    made = [asyncio.new_event_loop() for _ in range(count)]
    try:
        yield made
    finally:
        for loop in made:
            loop.close()


@given(st.lists(st.tuples(st.sampled_from(["get", "pop", "close", "drop"]), st.integers(0, 3)), max_size=25))
def test_any_sequence_of_steps_agrees_with_a_dictionary(steps: list[tuple[str, int]]) -> None:
    """Every value is current, removed by its loop, or handed to the hook once its loop is closed."""
    dropped: list[int] = []
    values = PerLoop(numbers(), on_closed=dropped.append)
    model: dict[int, int] = {}
    popped: list[int] = []
    created = 0

    async def pop() -> int | None:
        return values.pop()

    with loops(4) as made:
        for step, number in steps:
            loop = made[number]
            if step == "drop":
                values.drop_closed()
            elif step == "close" or loop.is_closed():
                loop.close()
            elif step == "get":
                value = loop.run_until_complete(get(values))
                assert model.setdefault(number, created) == value
                created = max(created, value + 1)
            else:
                expected = model.pop(number, None)
                assert expected == loop.run_until_complete(pop())
                popped += [] if expected is None else [expected]
            assert {value for key, value in model.items() if not made[key].is_closed()} == set(values)
        values.drop_closed()
        assert sorted(dropped) == sorted(value for key, value in model.items() if made[key].is_closed())
        assert list(range(created)) == sorted([*values, *dropped, *popped])


def test_threads_that_start_and_close_loops_all_the_time_never_disturb_each_other() -> None:
    """Reads and iteration do not fail while other threads add and drop values, and no value is lost."""
    count = itertools.count()
    dropped: list[int] = []
    values = PerLoop(count.__next__, on_closed=dropped.append)
    start = threading.Barrier(8)

    async def main() -> int:
        mine = values.get()
        for _ in range(20):
            await asyncio.sleep(0)
            assert mine in list(values)
            assert mine == values.get() == values.get_existing()
        return mine

    def work() -> list[int]:
        start.wait()
        return [asyncio.run(main()) for _ in range(15)]

    with ThreadPoolExecutor(8) as pool:
        seen = [value for future in [pool.submit(work) for _ in range(8)] for value in future.result()]
    values.drop_closed()
    assert sorted(seen) == sorted(dropped) == list(range(120))
    assert 0 == len(values)
