"""Protocol between a run and the list or journal that its tests come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .estimates import Conditions, Progress
    from .outcomes import TestOutcome
    from .run_options import RunOptions
    from .run_record import RunRecord
    from .worker_pool import WorkerPool


PAUSE_SECONDS: Final = 10.0
"""Seconds for which sends on the wire may finish when a run is paused."""


class RunWork(Protocol):
    """Work of a run, apart from its start, its end and the code that waits for it.

    Attributes:
        record: The tests in progress and their times.
        pool: The pool of workers; None before the start.
    """

    record: RunRecord
    pool: WorkerPool | None

    @property
    def options(self) -> RunOptions:
        """The options of the run."""
        ...

    @property
    def is_listed(self) -> bool:
        """True once the endpoints are known. Before, nothing was sent, and the run can be started again."""
        ...

    @property
    def is_stored(self) -> bool:
        """True if the outcomes are kept elsewhere than in `outcomes`."""
        ...

    @property
    def first(self) -> int:
        """Position of the first outcome that is still kept for iteration."""
        ...

    async def count(self, deadline: float | None) -> int:
        """Return the number of endpoints; *deadline* is in seconds."""
        ...

    async def run(self, end: float, on_outcome: Callable[[], object]) -> None:
        """Test the endpoints until *end*; call *on_outcome* after each outcome."""
        ...

    async def pause(self, within: float) -> None:
        """Take no further test, and return when none is on the wire, after *within* seconds at the latest."""
        ...

    def give_up(self) -> None:
        """Note that the time of the run is up."""
        ...

    def outcome_at(self, position: int) -> TestOutcome | None:
        """Return an outcome by its position in the order in which they came; None if it has not come.

        All before it have been consumed.
        """
        ...

    def expect_no_consumer(self) -> None:
        """Note that the outcomes are awaited together, so that each counts as consumed when it is known."""
        ...

    async def outcomes(self) -> Sequence[TestOutcome]:
        """Return all outcomes in the order of the endpoints."""
        ...

    def progress(self, conditions: Conditions, *, is_over: bool) -> Progress:
        """Return how far the run has come."""
        ...
