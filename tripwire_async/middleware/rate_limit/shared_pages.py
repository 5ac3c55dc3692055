"""Protocols of a store through which processes share pages of events and the window of sends.

Both are optional. A `RateLimitStore` or a journal may implement them; without them, each process reads for itself. All
times are on the clock of the store, in seconds, so that the clocks of two machines are never compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable

READING_LEASE: Final = 5.0
"""Seconds for which one process reads a page and the others wait for it, unless the lease is renewed."""

PRESENCE: Final = 5.0
"""Seconds after its last exchange for which a process counts as present."""

PAGE_LIFETIME: Final = 60.0
"""Seconds after which a page is deleted."""


@attrs.frozen
class SharedPage:
    """Page of events, read by one process for all.

    Attributes:
        started: When its read started, or slightly earlier. The page contains no information about later sends.
        body: The encoded events; a store does not look into them.
    """

    started: float
    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class PageAsk:
    """Request of one process for a page of events.

    Attributes:
        worker: Random id of one event loop of one process.
        after: Start of the newest page that the process knows; 0 before the first.
        scope: Pages of different scopes are separate: a hash of the service and the organization.
        is_due: Whether the process would read a page now, and requests the lease.
        is_reading: Whether it is reading one. A request with neither gives the lease back.
        awaited: Number of deliveries that the process awaits and that a page may contain.
        overdue: Seconds since these have probably ended, added up.
        publish: A page that the process has read, which ends its lease; None without one.
    """

    worker: str
    after: float
    scope: str = ""
    is_due: bool = True
    is_reading: bool = False
    awaited: int = 0
    overdue: float = 0.0
    publish: SharedPage | None = None


@attrs.frozen(kw_only=True)
class PageReply:
    """The store's response to a `PageAsk`.

    Attributes:
        time: The time of the response.
        page: The newest page, if it is newer than the page that the process knows; otherwise None.
        is_reader: Whether the process has the lease: it reads a page and publishes it.
        others: Number of other processes that are present.
        awaited: Sum of their *awaited*.
        overdue: Sum of their *overdue* since the newest page.
    """

    time: float
    page: SharedPage | None = None
    is_reader: bool = False
    others: int = 0
    awaited: int = 0
    overdue: float = 0.0


@attrs.frozen(kw_only=True)
class WindowAsk:
    """Request of one process for its part of the window of sends.

    Attributes:
        worker: Random id of one run in one process.
        width: Number of tests in the window, over all processes.
        used: Number of tests of this process since the *oldest* of the last reply, with tests that are being sent.
        wanted: Number of tests that it would have in the window if it were alone; 0 when it has ended.
        oldest: Seconds since the send of its oldest test that has not ended and that sends wait for; 0 without one.
        scope: Windows of different scopes are separate.
    """

    worker: str
    width: int
    used: int
    wanted: int
    oldest: float = 0.0
    scope: str = ""


@attrs.frozen(kw_only=True)
class WindowReply:
    """The store's response to a `WindowAsk`.

    Attributes:
        part: Number of tests that this process may send within the last *oldest* seconds.
        oldest: Seconds since the send of the oldest test of any process that has not ended; 0 without one.
        others: Number of other processes that have a part.
    """

    part: int
    oldest: float
    others: int


@runtime_checkable
class SharedPages(Protocol):
    """Keeps the newest page of events for many processes."""

    def exchange_page(self, ask: PageAsk, /) -> Awaitable[PageReply]:
        """Publish, return a page and grant the lease, in one atomic step.

        A page that is older than the stored page is ignored. If there is no page for the process and one is due for it,
        it is granted the lease, unless another process holds it. That ends `READING_LEASE` seconds after the last time
        it was granted.

        Raises:
            OSError: The store cannot be reached. The process reads for itself, and tries again later.
            ConfigurationError: The store cannot work as it is configured. The same.
        """
        ...


@runtime_checkable
class SharedWindow(Protocol):
    """Divides the window of sends between processes, so that their deliveries stay on the page until they end."""

    def exchange_window(self, ask: WindowAsk, /) -> Awaitable[WindowReply]:
        """Record what *ask* reports, and return the part of the process, in one atomic step.

        The parts of the processes that are present are equal, except that none is larger than *wanted*.
        A process is granted no more than the others leave.

        Raises:
            OSError: The store cannot be reached. The process uses an equal part, and tries again later.
            ConfigurationError: The store cannot work as it is configured. The same.
        """
        ...
