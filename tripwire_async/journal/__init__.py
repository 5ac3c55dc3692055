"""Journals of durable runs: runs of tests that survive their process and are shared by several workers.

- `SqliteJournal`: a journal in a file, for all processes of one machine.
- `Journal`: the protocol; a program can have its own implementation.
- `RedisJournal`: a journal in Redis, for workers on any number of machines.
- `NewRun`, `Run`, `RunSummary`: a run to create, a run that exists, its state for lists.
- `JournalAsk`, `JournalReply`, `Append`, `Claim`, `Segment`: the values of the protocol.

A journal may also implement `SharedPages` and `SharedWindow`, which `tripwire_async.middleware.rate_limit.shared_pages`
defines. The workers of a run then share pages of events and the window of sends; otherwise each reads for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._lazy import lazy_exports

if TYPE_CHECKING:
    from .protocol import (
        Append,
        Claim,
        Journal,
        JournalAsk,
        JournalReply,
        NewRun,
        Run,
        RunSummary,
        Segment,
    )
    from .redis_journal import RedisJournal
    from .sqlite_journal import SqliteJournal

__all__ = [
    "Append",
    "Claim",
    "Journal",
    "JournalAsk",
    "JournalReply",
    "NewRun",
    "RedisJournal",
    "Run",
    "RunSummary",
    "Segment",
    "SqliteJournal",
]

_EXPORTS: Final = {
    "Append": ".protocol",
    "Claim": ".protocol",
    "Journal": ".protocol",
    "JournalAsk": ".protocol",
    "JournalReply": ".protocol",
    "NewRun": ".protocol",
    "RedisJournal": ".redis_journal",
    "Run": ".protocol",
    "RunSummary": ".protocol",
    "Segment": ".protocol",
    "SqliteJournal": ".sqlite_journal",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
