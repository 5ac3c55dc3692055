"""Runs, journals and workers for checking the rules of a journal."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Any, Final

import attrs

from tripwire_async.errors import JournalError
from tripwire_async.journal import Append, JournalAsk, NewRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tripwire_async.journal import Journal, JournalReply, Segment

LONG: Final = 60.0
"""Lease in seconds that does not run out during a check."""

SHORT: Final = 0.5
"""Lease in seconds that runs out during a check."""

PATIENCE: Final = 10.0
"""Seconds after which the chunks of a worker that is gone must be free."""


def new_run(endpoints: int = 120, **changes: Any) -> NewRun:
    """Return a run of *endpoints*; 120 of them are three chunks, the last one with 20."""
    run_id = secrets.token_hex(8)
    new = NewRun(
        id=run_id,
        organization_id="org_check",
        base_url="https://api.example",
        until="settled",
        endpoint_ids=tuple(f"we_{run_id}_{number}" for number in range(endpoints)),
        baseline=1_764_000_000.1234,
    )
    return attrs.evolve(new, **changes)


@attrs.define
class Bench:
    """Makes the journals of one rule, and closes them."""

    make_journal: Callable[[str], Journal]
    rule: str
    _prefix: str = attrs.field(factory=lambda: f"check-{secrets.token_hex(6)}")
    _names: list[str] = attrs.field(factory=list)
    _journals: list[Journal] = attrs.field(factory=list)

    def name(self) -> str:
        """Return the name of a run that does not exist."""
        self._names.append(f"{self._prefix}-{len(self._names)}")
        return self._names[-1]

    def journal(self, name: str) -> Journal:
        """Return a new journal for the run *name*."""
        journal = self.make_journal(name)
        self._journals.append(journal)
        return journal

    async def run(self, endpoints: int = 120) -> str:
        """Create a run and return its name."""
        name = self.name()
        await self.journal(name).begin(new_run(endpoints))
        return name

    async def worker(self, name: str) -> Worker:
        """Return a worker with its own journal for the run *name*."""
        journal = self.journal(name)
        await journal.begin(None)
        return Worker(journal)

    async def segments(self, name: str, after: str | None = None) -> list[Segment]:
        """Return the log of the run *name*, read by a new journal."""
        return [segment async for segment in self.journal(name).read(after)]

    async def end(self, worker: Worker) -> None:
        """Close the journal of a worker that has not left, as the end of its process does."""
        await _close(worker.journal)

    async def close(self) -> None:
        """Drop the runs and close the journals."""
        for name in self._names:
            drop = getattr(self.journal(name), "drop", None)
            if drop is not None:
                # The rule may not have created the run.
                with contextlib.suppress(JournalError, LookupError):
                    await drop()
        for journal in self._journals:
            await _close(journal)

    def expect(self, condition: object, found: str) -> None:
        """Raise an AssertionError that states the rule and what was *found*, unless *condition* is true."""
        if not condition:
            msg = f"The journal breaks a rule. {self.rule} Found: {found}"
            raise AssertionError(msg)


@attrs.define
class Worker:
    """A worker and its last reply."""

    journal: Journal
    id: str = attrs.field(factory=lambda: secrets.token_hex(8))
    number: int = 0
    last: JournalAsk | None = None

    async def ask(
        self,
        *,
        appends: Mapping[int, bytes] | None = None,
        counts: Mapping[str, int] | None = None,
        ended: tuple[int, ...] = (),
        wanted: int = 0,
        lease: float = LONG,
    ) -> JournalReply:
        """Send the next ask; *counts* belong to each of the *appends*."""
        self.number += 1
        self.last = JournalAsk(
            worker=self.id,
            number=self.number,
            appends=tuple(Append(chunk, batch, counts or {}) for chunk, batch in (appends or {}).items()),
            ended=ended,
            wanted=wanted,
            lease=lease,
        )
        return await self.journal.exchange(self.last)

    async def take_over(self, wanted: int, lease: float = LONG) -> JournalReply:
        """Ask until the journal leases a chunk, `PATIENCE` seconds at most; return the last reply."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not (reply := await self.ask(wanted=wanted, lease=lease)).claims:
            if asyncio.get_running_loop().time() > end:
                break
            await asyncio.sleep(SHORT / 10)
        return reply


def chunks(reply: JournalReply) -> list[int]:
    """Return the numbers of the chunks that *reply* leases."""
    return [claim.chunk for claim in reply.claims]


async def _close(journal: Journal) -> None:
    aclose = getattr(journal, "aclose", None)
    if aclose is not None:
        await aclose()
