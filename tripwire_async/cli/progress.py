"""How far a run of tests has come, in words, and again and again."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tripwire_async.reports.formatting import duration, state_label

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tripwire_async.deliveries import Progress


def counts(progress: Progress) -> str:
    """Return how many tests have come how far; what is none is left out, refusals aside."""
    shown = {"pending": progress.pending, "sending": progress.sending}
    shown |= {
        state_label(state): progress.states.get(state, 0) for state in ("failed", "timed_out", "skipped", "unknown")
    }
    told = [f"{count:,} {name}" for name, count in shown.items() if count or name == "pending"]
    return ", ".join([*told, f"{progress.states.get('refused', 0):,} refused"])


def pace(progress: Progress) -> str:
    """Return how fast the tests end, and for how long they will go on, as far as that can be told."""
    left = progress.seconds_left
    told = "" if not left else f", about {duration(max(1.0, round(left)))} left"
    return f"{progress.rate:.1f}/s{told}"


def cooldown(progress: Progress) -> str:
    """Return why nothing is sent, or nothing."""
    if not progress.cooldown:
        return ""
    return f"cooldown: the rate limit was reached, sending goes on in {duration(max(1.0, progress.cooldown))}"


def line(progress: Progress) -> str:
    """Return all of it in one line."""
    of = "" if progress.endpoints is None else f" of {progress.endpoints:,}"
    parts = (f"{progress.done:,}{of} done", counts(progress), pace(progress), cooldown(progress))
    return "; ".join(filter(None, parts))


@contextlib.contextmanager
def repeat(action: Callable[[], object], seconds: float) -> Generator[None]:
    """Do *action* every so many *seconds* while the block lasts, in the event loop.

    A thread would see half a change.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def again() -> None:
        nonlocal timer
        timer = loop.call_later(seconds, again)
        action()

    timer = loop.call_later(seconds, again)
    try:
        yield
    finally:
        timer.cancel()
