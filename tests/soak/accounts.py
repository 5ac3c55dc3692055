"""Accounts of a soak test: how each call ended, which tests were sent, and which webhooks arrived."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, TextIO

import attrs

from tripwire_async import TripwireError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable
    from pathlib import Path

    from tripwire_async.deliveries import TestOutcome


@attrs.define
class Accounts:
    """How each call ended.

    Ids are written to files, so that a long run does not need more and more memory for them.

    Attributes:
        started: Number of calls.
        endings: Number of calls by ending: ``result``, ``cancelled``, ``timeout`` or the class of an error.
        outcomes: Number of outcomes of runs by state.
        uncertain: Number of sends after which a test may exist that the client does not know.
        unexpected: Descriptions of exceptions from outside of this library.
    """

    folder: Path
    started: int = 0
    endings: Counter[str] = attrs.field(factory=Counter)
    outcomes: Counter[str] = attrs.field(factory=Counter)
    uncertain: int = 0
    unexpected: list[str] = attrs.field(factory=list)
    _known: TextIO = attrs.field(init=False)
    _received: TextIO = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._known = (self.folder / "known").open("w", encoding="utf-8")
        self._received = (self.folder / "received").open("w", encoding="utf-8")

    async def call(self, work: Awaitable[object], *, seconds: float | None, sends: int = 0) -> None:
        """Await *work*, cancelled after *seconds* if it is given, and note how it ended.

        *sends* is the largest number of tests that it may have sent without a result.
        """
        self.started += 1
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                await work
        except TripwireError as error:
            self.endings[type(error).__name__] += 1
            self.uncertain += sends
        except TimeoutError:
            self.endings["timeout" if limit.expired() else "unexpected"] += 1
            self.uncertain += sends
        except Exception as error:  # noqa: BLE001 - reported at the end
            self.endings["unexpected"] += 1
            self.unexpected.append(f"{type(error).__name__}: {error}")
        else:
            self.endings["result"] += 1

    def know(self, *event_ids: str) -> None:
        """Note tests whose send the service has confirmed."""
        self._known.writelines(f"{event_id}\n" for event_id in event_ids)

    def note(self, outcome: TestOutcome) -> None:
        """Note one outcome of a run."""
        self.outcomes[outcome.state] += 1
        if outcome.delivery is not None:
            self.know(outcome.delivery.event_id)
        elif outcome.state in {"unknown", "timed_out"}:
            self.uncertain += 1

    def receive(self, event_id: str) -> None:
        """Note a webhook that was handled."""
        self._received.write(f"{event_id}\n")

    def check(self, deliveries: Iterable[str]) -> list[str]:
        """Return contradictions, given the *deliveries* of the server as lines of event id and status."""
        self._known.close()
        self._received.close()
        known, received = (
            set((self.folder / name).read_text(encoding="utf-8").split()) for name in ("known", "received")
        )
        statuses = dict(line.split() for line in deliveries)
        succeeded = {event_id for event_id, status in statuses.items() if status == "succeeded"}
        problems = list(self.unexpected[:10])
        if self.started != sum(self.endings.values()):
            problems.append(f"{self.started} calls, but {sum(self.endings.values())} endings")
        if unknown := known - set(statuses):
            problems.append(f"{len(unknown)} confirmed tests that the server does not have")
        if len(set(statuses) - known) > self.uncertain:
            problems.append(f"{len(set(statuses) - known)} unconfirmed tests, of which {self.uncertain} are explained")
        if received != succeeded:
            problems.append(
                f"{len(succeeded - received)} webhooks that succeeded did not arrive,"
                f" {len(received - succeeded)} arrived and did not succeed"
            )
        return problems
