"""The plan of reads against a model, in any order of events."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.machine_settings import machine_settings
from tripwire_async.deliveries import PollSchedule
from tripwire_async.deliveries._planned_event import PlannedWait
from tripwire_async.deliveries._read_plan import EventRead, PageRead, ReadPlan
from tripwire_async.deliveries._settle_times import SettleTimes


class _Model(RuleBasedStateMachine):
    """The plan against a list of events and waits, and a clock that advances."""

    def __init__(self) -> None:
        super().__init__()
        self.times = SettleTimes()
        self.plan = ReadPlan(self.times, rng=lambda: 0.0)
        self.now = 0.0
        self.count = 0
        self.waits: dict[PlannedWait, str] = {}
        self.reading: list[PageRead | EventRead] = []

    @property
    def awaited(self) -> set[str]:
        return set(self.waits.values())

    @rule(
        age=st.sampled_from([None, 0.0, 0.5, 20.0]),
        timeout=st.sampled_from([math.inf, 1.0, 30.0]),
        again=st.booleans(),
        schedule=st.sampled_from([None, PollSchedule(first=0.3, jitter=0.0)]),
    )
    def wait(self, age: float | None, timeout: float, again: bool, schedule: PollSchedule | None) -> None:
        if again and self.waits:
            event_id = min(self.awaited)
        else:
            self.count += 1
            event_id = f"wevt_{self.count}"
        wait = PlannedWait(self.now + timeout)
        self.plan.add(
            wait,
            event_id,
            now=self.now,
            sent_at=None if age is None else self.now - age,
            schedule=schedule,
        )
        self.waits[wait] = event_id

    @precondition(lambda self: self.waits)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        wait = data.draw(st.sampled_from(sorted(self.waits, key=lambda wait: (self.waits[wait], wait.end))))
        self.plan.remove(wait)
        del self.waits[wait]

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.5, 3.0, 11.0]))
    def ask(self, seconds: float) -> None:
        self.now += seconds
        for _ in range(1000):
            found = self.plan.next(self.now)
            if isinstance(found, float):
                assert found > self.now
                break
            if isinstance(found, EventRead):
                assert found.event_id in self.awaited
                assert found.event_id not in {read.event_id for read in self.reading if isinstance(read, EventRead)}
            else:
                assert len(self.awaited) >= 3
                assert not any(isinstance(read, PageRead) for read in self.reading)
            self.reading.append(found)
        else:
            raise AssertionError("the plan gives out reads without an end")

    @precondition(lambda self: self.reading)
    @rule(data=st.data(), how=st.sampled_from(["finished", "failed", "lost", "undecodable"]), full=st.booleans())
    def end_read(self, data: st.DataObject, how: str, full: bool) -> None:
        read = self.reading.pop(data.draw(st.integers(0, len(self.reading) - 1)))
        if isinstance(read, EventRead):
            if how == "finished":
                self.plan.event_finished(read, read_at=self.now, now=self.now)
            elif how == "lost":
                self.plan.event_lost(read.event_id, self.now)
            else:
                self.plan.event_failed(read.event_id, self.now)
        elif how == "finished":
            found = data.draw(st.sets(st.sampled_from(sorted(self.awaited)))) if self.awaited else set()
            self.plan.page_finished(found, read_at=self.now, now=self.now, is_full=full)
        elif how == "failed":
            self.plan.page_failed(self.now)
        elif how == "lost":
            self.plan.page_lost()
        else:
            self.plan.page_undecodable(self.now)

    @rule()
    def learn(self) -> None:
        self.count += 1
        self.times.observe(f"past_{self.count}", sent=self.now, age=9.0, duration=1.0 + self.count % 5)

    @invariant()
    def counts_are_those_of_the_model(self) -> None:
        statistics = self.plan.statistics()
        assert (len(self.awaited), len(self.waits), len(self.reading)) == (
            statistics["events"],
            statistics["waits"],
            statistics["reads"],
        )

    @invariant()
    def no_event_is_forgotten(self) -> None:
        """Each awaited event that is not being read is read again within a minute, if reads come to their end."""
        if self.reading or not self.awaited:
            return
        found = self.plan.next(self.now)
        if isinstance(found, float):
            assert found <= self.now + 60.0
        else:
            self.reading.append(found)


_Model.TestCase.settings = machine_settings(60, 40)
test_the_plan_agrees_with_a_model = pytest.mark.machine(_Model.TestCase)
