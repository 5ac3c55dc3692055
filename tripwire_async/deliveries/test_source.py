"""Protocol between the pool of a run's workers and the list or journal that its tests come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .endpoint_test import EndpointTest
    from .outcomes import TestState
    from .pending import PendingDelivery


class AbandonedTestError(Exception):
    """A test must not be sent by this run any more, and gets no outcome from it; raised by a hook of the send."""


class TestSource(Protocol):
    """Tests of a run for the pool of its workers."""

    def next(self) -> Awaitable[EndpointTest | None]:
        """Return the next test; None when none is left. A test with a pending delivery is only followed."""
        ...

    def leave(self, test: EndpointTest) -> None:
        """Note that *test* does not count as in flight any more: it has ended, or another one takes its place."""
        ...

    def accept(self, test: EndpointTest, pending: PendingDelivery) -> None:
        """Note that the service has accepted *test*."""
        ...

    def finish(self, test: EndpointTest, state: TestState, error: Exception | None = None) -> None:
        """Note that *test* has ended."""
        ...

    def abandon(self, test: EndpointTest, error: Exception) -> bool:
        """Return whether *error* ends this run's part in *test* without an outcome."""
        ...

    def ends_run(self, test: EndpointTest, error: Exception) -> bool:
        """Return whether *error* of *test* ends the run instead of the test alone."""
        ...
