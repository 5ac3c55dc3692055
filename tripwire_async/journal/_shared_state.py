"""Pages and window that processes of one machine share: the state in a file, and one exchange of a worker with it.

The rules are those of `SharedPages` and `SharedWindow`. A worker is present if it has asked within the last seconds and
if its process is alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, final

import msgspec

from tripwire_async.middleware.rate_limit.shared_pages import (
    PAGE_LIFETIME,
    PRESENCE,
    READING_LEASE,
    PageReply,
    SharedPage,
    WindowReply,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, WindowAsk

_Report = TypeVar("_Report", "Reader", "Sender")

RENEWAL: Final = 1.0
"""Seconds after which a worker that is alone records an exchange that changes nothing."""


class Reader(msgspec.Struct, array_like=True):
    """Last request of a worker for a page, and its time."""

    at: float
    awaited: int
    overdue: float


class Sender(msgspec.Struct, array_like=True):
    """Part of a worker in the window, the send of its oldest open test, and the time of its last request."""

    at: float
    wanted: int
    held: int
    sent: float


@final
class PageState(msgspec.Struct, array_like=True):
    """Newest page of one scope, the worker that reads the next one, and the workers by id."""

    started: float = 0.0
    body: bytes = b""
    reader: str = ""
    lease_end: float = 0.0
    workers: dict[str, Reader] = msgspec.field(default_factory=dict)

    def exchange(self, ask: PageAsk, now: float, is_alive: Callable[[str], bool]) -> PageReply:
        """Publish, return a page and grant the lease at a time."""
        others = _others(self.workers, ask.worker, now, is_alive)
        if not now - PAGE_LIFETIME < self.started <= now:
            # It is too old, or the clock was set back.
            self.started, self.body = 0.0, b""
        if ask.publish is not None:
            if self.started < ask.publish.started <= now:
                self.started, self.body = ask.publish.started, ask.publish.body
                for other in others.values():
                    other.overdue = 0.0
            if self.reader == ask.worker:
                self.reader = ""
        if self.reader not in {ask.worker, *others} or not now < self.lease_end <= now + READING_LEASE:
            self.reader = ""
        has_page = self.started > (ask.after if ask.after <= now else 0.0)
        is_reader = not has_page and ask.is_due and self.reader in {"", ask.worker}
        if is_reader:
            self.reader, self.lease_end = ask.worker, now + READING_LEASE
        elif self.reader == ask.worker and not ask.is_reading:
            self.reader = ""
        self.workers = {**others, ask.worker: Reader(now, ask.awaited, 0.0 if has_page else ask.overdue)}
        return PageReply(
            time=now,
            page=SharedPage(self.started, self.body) if has_page else None,
            is_reader=is_reader,
            others=len(others),
            awaited=sum(other.awaited for other in others.values()),
            overdue=sum(other.overdue for other in others.values()),
        )

    def repeat(self, ask: PageAsk, now: float) -> PageReply | None:
        """Return the reply to *ask* if its worker is alone and nothing has to be recorded; otherwise None.

        The lease is not recorded. A worker that joins meanwhile may read the same page.
        """
        is_alone = self.workers.keys() == {ask.worker}
        if not is_alone or self.reader or self.started > ask.after or ask.publish is not None:
            return None
        return PageReply(time=now, is_reader=ask.is_due)


@final
class WindowState(msgspec.Struct, array_like=True):
    """Parts of the window of one scope, by worker."""

    workers: dict[str, Sender] = msgspec.field(default_factory=dict)

    def exchange(self, ask: WindowAsk, now: float, is_alive: Callable[[str], bool]) -> WindowReply:
        """Record a request at a time, and return the part of its worker."""
        others = _others(self.workers, ask.worker, now, is_alive)
        held = sum(other.held for other in others.values())
        part = max(0, min(_fair_part(ask, [other.wanted for other in others.values()]), ask.width - held))
        self.workers = others
        if ask.wanted:
            sender = Sender(now, ask.wanted, max(part, ask.used), now - ask.oldest)
            self.workers = {**others, ask.worker: sender}
        oldest = min((sender.sent for sender in self.workers.values()), default=now)
        return WindowReply(part=part, oldest=now - oldest, others=len(others))

    def repeat(self, ask: WindowAsk, now: float) -> WindowReply | None:  # noqa: ARG002 - the signature of `PageState`
        """Return the reply to *ask* if its worker is alone and nothing has to be recorded; otherwise None.

        The oldest test that is recorded may have ended. A worker that joins then counts too many tests, not too few.
        """
        own = self.workers.get(ask.worker)
        part = _fair_part(ask, [])
        if own is None or len(self.workers) > 1 or (own.wanted, own.held) != (ask.wanted, max(part, ask.used)):
            return None
        return WindowReply(part=part, oldest=ask.oldest, others=0)


def _others(
    workers: Mapping[str, _Report], worker: str, now: float, is_alive: Callable[[str], bool]
) -> dict[str, _Report]:
    """Return the reports of the workers that are present, except for one."""
    return {
        other: report
        for other, report in workers.items()
        if other != worker and abs(now - report.at) < PRESENCE and is_alive(other)
    }


def _fair_part(ask: WindowAsk, others: list[int]) -> int:
    """Return an equal part; what a worker does not want is divided between the others, which want that number each."""
    left, part = ask.width, 0
    wants = sorted([ask.wanted, *others])
    for index, wanted in enumerate(wants[: wants.index(ask.wanted) + 1]):
        part = min(wanted, max(1, left // (len(wants) - index)))
        left -= part
    return part
