"""Rules for the beginning of a run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tripwire_async.errors import JournalError

from .bench import new_run

if TYPE_CHECKING:
    from tripwire_async.journal import NewRun, Run

    from .bench import Bench


async def _missing_run(bench: Bench) -> None:
    """`begin(None)` of a run that does not exist raises a JournalError with `is_missing`, and creates nothing."""
    journal = bench.journal(bench.name())
    for _ in range(2):
        try:
            run = await journal.begin(None)
        except JournalError as error:
            bench.expect(error.is_missing, f"is_missing is False: {error}")
        else:
            bench.expect(condition=False, found=f"{run}")


async def _frozen_values(bench: Bench) -> None:
    """`begin` returns the values of the run as they were at its first start."""
    name, new = bench.name(), new_run()
    for run in (await bench.journal(name).begin(new), await bench.journal(name).begin(None)):
        _expect_run(bench, name, new, run)
        bench.expect(run.finished is None, f"finished is {run.finished} in a new run")
        bench.expect(not any(run.counts.values()), f"the counts of a new run are {dict(run.counts)}")
        bench.expect(run.lease > 0, f"lease is {run.lease}")


async def _second_start(bench: Bench) -> None:
    """`begin` of a run that exists returns it unchanged, whatever its argument."""
    name, new = bench.name(), new_run()
    await bench.journal(name).begin(new)
    other = new_run(5, organization_id="org_other", base_url="https://other.example", until="sent", baseline=1.0)
    _expect_run(bench, name, new, await bench.journal(name).begin(other))
    _expect_run(bench, name, new, await bench.journal(name).begin(None))
    reply = await (await bench.worker(name)).ask(wanted=1000)
    found = {endpoint for claim in reply.claims for endpoint in claim.endpoint_ids}
    bench.expect(found == set(new.endpoint_ids), f"{len(found)} endpoints, not the first ones")


async def _starts_at_once(bench: Bench) -> None:
    """If several workers create a run at once, all get the same run."""
    name = bench.name()
    news = [new_run() for _ in range(4)]
    runs = await asyncio.gather(*(bench.journal(name).begin(new) for new in news))
    ids = {run.id for run in runs}
    bench.expect(len(ids) == 1, f"{len(ids)} runs")
    (new,) = [new for new in news if new.id in ids]
    for run in runs:
        _expect_run(bench, name, new, run)


async def _other_names(bench: Bench) -> None:
    """Runs of different names share nothing."""
    one, two = await bench.run(50), await bench.run(60)
    await (await bench.worker(one)).ask(wanted=1000)
    worker = await bench.worker(two)
    reply = await worker.ask(wanted=1000)
    bench.expect(len(reply.claims) == 2, f"the second run leased {len(reply.claims)} of its 2 chunks")
    bench.expect(reply.workers == 1, f"the second run has {reply.workers} workers and not 1")
    await worker.ask(appends={0: b"[]"}, counts={"failed": 1})
    run = await bench.journal(one).begin(None)
    bench.expect(not await bench.segments(one), "a record of the second run in the log of the first")
    bench.expect(not any(run.counts.values()), "counts of the second run in the first")


async def _empty_run(bench: Bench) -> None:
    """A run without endpoints is finished when it is created."""
    run = await bench.journal(bench.name()).begin(new_run(0))
    bench.expect(run.finished is not None, "finished is None")


def _expect_run(bench: Bench, name: str, new: NewRun, run: Run) -> None:
    expected = (name, new.id, new.organization_id, new.base_url, new.until, len(new.endpoint_ids), new.digest())
    found = (run.name, run.id, run.organization_id, run.base_url, run.until, run.endpoints, run.digest)
    bench.expect(found == expected, f"{found} and not {expected}")
    if run.baseline is not None and new.baseline is not None:
        # Rounded down, if at all: a later time may not have passed before the first send.
        is_kept = new.baseline - 0.01 < run.baseline <= new.baseline
        bench.expect(is_kept, f"baseline is {run.baseline} and not {new.baseline}")
    bench.expect(run.time >= run.created, f"time is {run.time} in a run that was created at {run.created}")


RULES: Final = (_missing_run, _frozen_values, _second_start, _starts_at_once, _other_names, _empty_run)
