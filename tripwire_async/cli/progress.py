"""Progress of a run of tests as text."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tripwire_async.reports.formatting import duration, state_label

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tripwire_async.deliveries import Progress


def counts(progress: Progress) -> str:
    """Return the number of tests in each phase and state; zeros are left out, except ``pending`` and ``refused``."""
    shown = {"pending": progress.pending, "sending": progress.sending}
    shown |= {
        state_label(state): progress.states.get(state, 0) for state in ("failed", "timed_out", "skipped", "unknown")
    }
    parts = [f"{count:,} {name}" for name, count in shown.items() if count or name == "pending"]
    return ", ".join([*parts, f"{progress.states.get('refused', 0):,} refused"])


def pace(progress: Progress) -> str:
    """Return the rate of finished tests, the workers if there are several, and the remaining time if it is known."""
    left = progress.seconds_left
    remaining = "" if not left else f", about {duration(max(1.0, round(left)))} left"
    workers = "" if progress.workers < 2 else f" by {progress.workers} workers"
    return f"{progress.rate:.1f}/s{workers}{remaining}"


def cooldown(progress: Progress) -> str:
    """Return the reason if the rate limit holds back all requests, else an empty text."""
    if not progress.cooldown:
        return ""
    return f"cooldown: the rate limit was reached, sending continues in {duration(max(1.0, progress.cooldown))}"


def line(progress: Progress) -> str:
    """Return the whole progress on one line."""
    of = "" if progress.endpoints is None else f" of {progress.endpoints:,}"
    parts = (f"{progress.done:,}{of} done", counts(progress), pace(progress), cooldown(progress))
    return "; ".join(filter(None, parts))


@contextlib.contextmanager
def repeat(action: Callable[[], object], seconds: float, *, first: float | None = None) -> Generator[None]:
    """Call *action* in the event loop every *seconds* seconds while the block runs; the *first* time may be sooner.

    A thread could see a state that is half changed.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def again() -> None:
        nonlocal timer
        timer = loop.call_later(seconds, again)
        action()

    timer = loop.call_later(seconds if first is None else first, again)
    try:
        yield
    finally:
        timer.cancel()
