"""State machine that compares shared pages and the shared window of a store with those in memory, for hypothesis."""

from __future__ import annotations

import asyncio
from typing import Protocol

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tripwire_async.middleware.rate_limit.shared_pages import (
    PageAsk,
    PageReply,
    SharedPage,
    SharedPages,
    SharedWindow,
    WindowAsk,
)

from .memory_pages import EPOCH, Pages, Window

WORKERS = "abc"
WIDTH = 20


class SharingStore(SharedPages, SharedWindow, Protocol):
    """A store that shares both."""


class PagesMachine(RuleBasedStateMachine):
    """Exchanges of three processes; both stores reply the same, and the rules hold for their replies.

    Attributes:
        store: The store under test, at the time *now*.
    """

    store: SharingStore
    now: float = EPOCH

    def __init__(self) -> None:
        super().__init__()
        self.pages, self.window = Pages(), Window()
        self.seen = dict.fromkeys(WORKERS, 0.0)
        self.reading: dict[str, float] = {}
        self.parts: dict[str, tuple[int, float]] = {}

    @rule(seconds=st.sampled_from([0.1007, 0.5003, 2.0011, 5.0005, 61.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass; no sum of these is a lease, which rounding could shorten."""
        self.now = round(self.now + seconds, 6)

    @rule(
        worker=st.sampled_from(WORKERS),
        is_due=st.booleans(),
        is_reading=st.booleans(),
        age=st.none() | st.sampled_from([0.0, 0.3, 4.0, 70.0]),
        awaited=st.integers(0, 30),
    )
    def exchange_page(self, worker: str, is_due: bool, is_reading: bool, age: float | None, awaited: int) -> None:
        """Look for a page, ask for the lease or publish."""
        now = self.now
        page = None if age is None else SharedPage(round(now - age, 6), f'["{worker}", {now}]'.encode())
        if page is not None:
            self.seen[worker] = max(self.seen[worker], page.started)
        ask = PageAsk(
            worker=worker,
            after=self.seen[worker],
            is_due=is_due,
            is_reading=is_reading,
            awaited=awaited,
            overdue=awaited / 4,
            publish=page,
        )
        reply = asyncio.run(self.store.exchange_page(ask))
        expected = self.pages.exchange(ask, now)
        assert facts(reply) == facts(expected)
        assert times(reply) == pytest.approx(times(expected), rel=0, abs=1e-3)
        if reply.page is not None:
            assert reply.page.started > self.seen[worker]
            self.seen[worker] = reply.page.started
        if reply.is_reader:
            assert not [other for other, until in self.reading.items() if other != worker and until > now]
            self.reading[worker] = now + 5.0
        elif page is not None or not is_reading:
            self.reading.pop(worker, None)

    @rule(
        worker=st.sampled_from(WORKERS),
        used=st.integers(0, 30),
        wanted=st.sampled_from([0, 1, 5, 20]),
        oldest=st.sampled_from([0.0, 0.7, 12.0]),
    )
    def exchange_window(self, worker: str, used: int, wanted: int, oldest: float) -> None:
        """Report what a process has in the window."""
        now = self.now
        part, at = self.parts.get(worker, (0, 0.0))
        # A process that was silent finds that its part was given to others.
        used = min(used, part) if wanted and now - at < 5.0 else 0
        ask = WindowAsk(worker=worker, width=WIDTH, used=used, wanted=wanted, oldest=oldest)
        reply = asyncio.run(self.store.exchange_window(ask))
        expected = self.window.exchange(ask, now)
        assert (reply.part, reply.others) == (expected.part, expected.others)
        assert abs(reply.oldest - expected.oldest) < 1e-5
        assert reply.part <= wanted
        self.parts[worker] = max(reply.part, used), now

    @invariant()
    def the_parts_are_no_more_than_the_window(self) -> None:
        """Of the processes that are present."""
        assert sum(part for part, at in self.parts.values() if self.now - at < 5.0) <= WIDTH


def facts(reply: PageReply) -> tuple[object, ...]:
    """Return the values of a reply that are not times."""
    return reply.page and reply.page.body, reply.is_reader, reply.others, reply.awaited


def times(reply: PageReply) -> list[float]:
    """Return the times of a reply."""
    return [reply.time, reply.overdue, 0.0 if reply.page is None else reply.page.started]
