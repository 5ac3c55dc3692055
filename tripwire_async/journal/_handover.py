"""Outcomes on their way from a worker to the code that consumes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from ._outcomes import outcome_from_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async.deliveries import TestOutcome

    from ._chunks import Entry


@final
class Handover:
    """Outcomes by position, kept until the consumer requests the next.

    Attributes:
        first: Position of the first outcome that is kept.
        is_awaited: Whether the outcomes are awaited together.

    Args:
        on_handed: Called with each endpoint whose outcome the consumer has received.
        complete: Returns an outcome with a handle that can be awaited.
    """

    def __init__(self, on_handed: Callable[[Entry], None], complete: Callable[[TestOutcome], TestOutcome]) -> None:
        self.first = 0
        self._next = 0
        self._on_handed = on_handed
        self._complete = complete
        self._kept: dict[int, tuple[Entry | None, TestOutcome]] = {}
        self._is_iterated = False
        self.is_awaited = False

    def add(self, entry: Entry, outcome: TestOutcome) -> None:
        """Offer an outcome."""
        if self.is_awaited:
            self._on_handed(entry)
            if not self._is_iterated:
                return
        self._kept[self._next] = entry, outcome
        self._next += 1

    def add_recorded(self, entry: Entry) -> None:
        """Offer an outcome that is in the journal already."""
        if self.is_awaited and not self._is_iterated:
            self._on_handed(entry)
        else:
            self.add(entry, self._complete(outcome_from_record(entry.outcome or {})))

    def add_finished(self, outcome: TestOutcome) -> None:
        """Offer an outcome of a run that is finished."""
        self._kept[self._next] = None, outcome
        self._next += 1

    def get(self, position: int) -> TestOutcome | None:
        """Return the outcome at *position*; None if it has not come. All before it have been received."""
        self._is_iterated = True
        for earlier in range(self.first, min(position, self._next)):
            entry, _ = self._kept.pop(earlier)
            if entry is not None:
                self._on_handed(entry)
        self.first = max(self.first, min(position, self._next))
        kept = self._kept.get(position)
        return None if kept is None else kept[1]

    def drop_unreceived(self) -> None:
        """Forget the outcomes that were not received: the journal offers them again."""
        for position in range(self.first + 1, self._next):
            del self._kept[position]
        self._next = min(self._next, self.first + 1)

    def expect_no_consumer(self) -> None:
        """Count each outcome as received as soon as it is recorded."""
        self.is_awaited = True
        for entry in [entry for entry, _ in self._kept.values() if entry is not None]:
            self._on_handed(entry)
