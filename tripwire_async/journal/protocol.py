"""Protocol between a durable run and the journal that stores it."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Final, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping

CHUNK_SIZE: Final = 50
"""Number of endpoints in a chunk, the unit of leasing; the last chunk of a run may have fewer."""

FORMAT: Final = 1
"""Version of the stored data. A journal rejects a newer version and continues to read an older one."""

GAUGES: Final = frozenset({"sending", "pending"})
"""Names in the counts of a run that count tests in progress. All other names are states of outcomes."""


@attrs.frozen(kw_only=True)
class NewRun:
    """A run to create, with the values that are frozen at its first start.

    Attributes:
        id: Random id of the run. It distinguishes a run from an earlier run of the same name.
        organization_id: The organization whose endpoints are tested.
        base_url: The URL of the API.
        until: ``settled`` or ``sent``.
        endpoint_ids: The endpoints in order, each once.
        baseline: Time of the service's clock, in Unix seconds, that has passed before the first send; None if unknown.
    """

    id: str
    organization_id: str
    base_url: str
    until: str
    endpoint_ids: tuple[str, ...]
    baseline: float | None = None

    def chunks(self) -> list[tuple[str, ...]]:
        """Return the endpoints in chunks of `CHUNK_SIZE`; the number of a chunk is its index."""
        ids = self.endpoint_ids
        return [ids[start : start + CHUNK_SIZE] for start in range(0, len(ids), CHUNK_SIZE)]

    def digest(self) -> str:
        """Return the digest of the endpoints, see `endpoints_digest`."""
        return endpoints_digest(self.endpoint_ids)


def endpoints_digest(endpoint_ids: Iterable[str]) -> str:
    """Return the SHA-256 digest of a set of endpoints, in hexadecimal.

    It does not depend on the order, which differs between processes if a program keeps its endpoints in a set.
    """
    return hashlib.sha256("\n".join(sorted(endpoint_ids)).encode()).hexdigest()


@attrs.frozen(kw_only=True)
class Run:
    """A run that exists, as `Journal.begin` found or created it. Times are Unix seconds on the journal's clock.

    Attributes:
        name: Name of the run.
        id: Random id of the run.
        organization_id: The organization whose endpoints are tested.
        base_url: The URL of the API.
        until: ``settled`` or ``sent``.
        endpoints: Number of endpoints.
        digest: Digest of the endpoints, see `endpoints_digest`.
        lease: Seconds for which a chunk belongs to a worker after its last exchange. Infinity if the journal detects
            the end of a worker by itself; a worker then has no need to renew.
        created: When the run was created.
        finished: When the last chunk ended; None before.
        counts: Totals of the run, as in `JournalReply`.
        baseline: The baseline that the run was created with, or less. None if the journal does not store it; each
            worker then requests the time of the service.
        time: The time of `begin`; infinity if the journal does not return it.
    """

    name: str
    id: str
    organization_id: str
    base_url: str
    until: str
    endpoints: int
    digest: str
    lease: float
    created: float
    finished: float | None
    counts: Mapping[str, int]
    baseline: float | None = None
    time: float = attrs.field(default=math.inf, eq=False)


@attrs.frozen(kw_only=True)
class RunSummary:
    """State of a run, for lists of runs. Times are Unix seconds on the journal's clock.

    Attributes:
        name: Name of the run.
        id: Random id of the run.
        organization_id: The organization whose endpoints are tested.
        endpoints: Number of endpoints.
        counts: Number of tests that ended in each state; states without a test are left out.
        workers: Number of workers alive.
        created: When the run was created.
        finished: When the last chunk ended; None before.
        paused: Whether the run was paused and no worker has joined since.
    """

    name: str
    id: str
    organization_id: str
    endpoints: int
    counts: Mapping[str, int]
    workers: int
    created: float
    finished: float | None
    paused: bool


@attrs.frozen
class Append:
    """Records to append for one chunk.

    Attributes:
        chunk: Number of the chunk.
        batch: Encoded records, see `tripwire_async.journal.records`. A journal does not look into them.
        counts: Numbers to add to the counts of the run. Values may be negative.
    """

    chunk: int
    batch: bytes
    counts: Mapping[str, int] = attrs.field(factory=dict[str, int])


@attrs.frozen
class Segment:
    """Records of one chunk, as `Journal.read` returns them.

    Attributes:
        position: Place in the log, for *after* of a later `read`. Opaque text.
        chunk: Number of the chunk.
        batch: Encoded records.
    """

    position: str
    chunk: int
    batch: bytes


@attrs.frozen
class Claim:
    """A chunk that was leased to the worker that asked.

    Attributes:
        chunk: Number of the chunk.
        endpoint_ids: Its endpoints. A record names an endpoint by its index in this tuple.
        position: Place in the log at the first claim of the chunk: ``read(position)`` returns every record of the
            chunk. None if no worker has held the chunk before, so that it has no records.
    """

    chunk: int
    endpoint_ids: tuple[str, ...]
    position: str | None


@attrs.frozen(kw_only=True)
class JournalAsk:
    """Report and request of one worker, in one step.

    Attributes:
        worker: Random id of the worker. Its first ask makes it join the run.
        number: Number of the ask, one higher than that of the worker's ask before. The same number again is the same
            ask, sent a second time because the reply was lost.
        lease: Seconds for which all chunks of the worker are its own from now on, the new ones included. 0 if the
            worker leaves: its chunks are free at once, and it is not counted any more.
        appends: Records to append, at most one `Append` per chunk.
        ended: Chunks whose outcomes are all recorded and consumed. They get no more records.
        wanted: Number of endpoints for which the worker has room; 0 for no claim.
        epoch: The epoch of the last reply; empty at first. If it is not that of the journal, all appends and ends are
            in `refused` and no chunk is leased: the worker does not know of the loss.
    """

    worker: str
    number: int
    lease: float
    appends: tuple[Append, ...] = ()
    ended: tuple[int, ...] = ()
    wanted: int = 0
    epoch: str = ""


@attrs.frozen(kw_only=True)
class JournalReply:
    """The journal's response to a `JournalAsk`.

    Attributes:
        refused: The chunks in *appends* and *ended* that the worker does not hold any more. Their records were not
            stored.
        claims: Chunks that were leased to the worker by this ask.
        chunks_open: Number of chunks that have not ended, claimed or not. 0 means that the run is finished.
        workers: Number of workers alive, the worker included unless it leaves.
        paused: Whether the run was paused after the worker joined. The worker should leave.
        counts: Totals of the run: the sums of all counts that were appended.
        time: Time of the journal in Unix seconds.
        epoch: Changes if the journal may have lost acknowledged records, for example after a failover.
    """

    refused: frozenset[int]
    claims: tuple[Claim, ...]
    chunks_open: int
    workers: int
    paused: bool
    counts: Mapping[str, int]
    time: float
    epoch: str = ""


class Journal(Protocol):
    """Durable log of one run, and the leases of its chunks.

    An object belongs to one run of one name. It is used on one event loop, and makes no connection and opens no file
    before its first method is called. A method that cannot do its work raises `JournalError`; it then has stored
    either everything or nothing. `exchange` may also raise OSError if the journal cannot be reached. The worker then
    sends the same ask once more.
    """

    def begin(self, new: NewRun | None, /) -> Awaitable[Run]:
        """Create the run *new*, or find the run of that name; None finds only.

        A run that exists is returned unchanged, also if its values differ from those of *new*: the caller compares
        them. If two callers create a run at once, both get the same one.

        Raises:
            JournalError: The journal cannot be used, or *new* is None and there is no such run. In the second case its
                ``is_missing`` is True. Nothing was changed or created.
        """
        ...

    def exchange(self, ask: JournalAsk, /) -> Awaitable[JournalReply]:
        """Append, renew, end and claim in one step that is atomic, and durable once this returns.

        It is never called again for one worker before the call before has ended. The steps, in this order:

        1. If *number* is that of the worker's last ask, also of one with which it left, return the same reply again
           and change nothing.
        2. A worker that is unknown joins: it is alive, and not paused.
        3. The worker's chunks are leased to it for *lease* seconds from now, also if their lease has run out but no
           other worker has claimed them since. Without this, a worker could claim its own chunk a second time.
        4. Appends and ends of chunks that the worker does not hold are rejected; they are `JournalReply.refused`. The
           others are stored, in order, and their counts are added.
        5. If *lease* is 0 the worker leaves: its chunks are free, and it is not alive any more.
        6. Otherwise, as long as the claims together have fewer than *wanted* endpoints, a chunk that is open and free
           is leased to the worker, the lowest number first. Free are the chunks that no worker has held or whose worker
           has left, has died or has let the lease run out. With *wanted* 0, or if the worker is paused, none is.

        A worker is alive from its first ask until it leaves, dies or has sent no ask for as long as its lease.
        Everything is measured on the journal's clock.
        """
        ...

    def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        """Yield the appended records, in the order of the appends; with *after*, those behind that position.

        Segments that are appended during the iteration may be left out.
        """
        ...
