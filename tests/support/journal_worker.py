"""Workers that use a journal directly, and runs for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tripwire_async.journal import Append, JournalAsk, NewRun

if TYPE_CHECKING:
    from tripwire_async.journal import Journal, JournalReply


def new_run(count: int = 120, run_id: str = "run_1") -> NewRun:
    """Return a run of *count* endpoints; 120 of them are three chunks."""
    return NewRun(
        id=run_id,
        organization_id="org_1",
        base_url="http://x",
        until="settled",
        endpoint_ids=tuple(f"we_{number}" for number in range(count)),
    )


@attrs.define
class JournalWorker:
    """A worker, its last ask, and the number of that ask."""

    journal: Journal
    id: str
    number: int = 0
    last: JournalAsk | None = None

    async def ask(
        self, appends: dict[int, bytes] | None = None, *, counts: dict[str, int] | None = None, **values: Any
    ) -> JournalReply:
        """Send the next ask, with a lease of 30 s if *values* name no other."""
        self.number += 1
        self.last = JournalAsk(
            worker=self.id,
            number=self.number,
            appends=tuple(Append(chunk, batch, counts or {}) for chunk, batch in (appends or {}).items()),
            **{"lease": 30.0, **values},
        )
        return await self.journal.exchange(self.last)

    async def again(self) -> JournalReply:
        """Repeat the last ask."""
        assert self.last is not None
        return await self.journal.exchange(self.last)
