"""Start of a run: it is created once, and then must be the same."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, final

from tripwire_async._concurrency.patience import within
from tripwire_async.deliveries.listed_tests import list_active_endpoints
from tripwire_async.errors import JournalError, TripwireError
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, SharedPages
from tripwire_async.middleware.rate_limit.store import DEFAULT_PATIENCE

from .protocol import NewRun, endpoints_digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.deliveries.run_options import RunOptions

    from .protocol import Journal, Run


_BASELINE_SECONDS: Final = 30.0
"""Seconds after the start of a run for which workers that join use its baseline.

A later worker requests the time itself. Otherwise it could take an event that another program has caused during the run
for a test of its own that did not arrive. If the clock of the journal jumps, the baseline is still in the past.
"""


_CREATION: Final = "creation"
"""Scope of the lease of the worker that creates a run."""

_CREATION_INTERVAL: Final = 0.1
_CREATION_LOOKS: Final = 20
"""Number of looks for a run that another worker creates, and the seconds between them."""


@final
class RunStart:
    """Finds a run in its journal, or creates it.

    Args:
        journal: The journal.
        call: Lists the endpoints.
        options: Options of the run.
        base_url: The URL of the API.
        ids: The endpoints; None for all active ones, or for the endpoints of the run that exists.
        creates: Whether the run is created if it does not exist. Otherwise its organization and end count.
        learn_time: Called with the organization; requests the time of the service's clock, and returns a time of it
            that has passed.
        clock: Measures the waits.
    """

    def __init__(
        self,
        journal: Journal,
        call: Caller,
        options: RunOptions,
        *,
        base_url: str,
        ids: tuple[str, ...] | None,
        creates: bool,
        learn_time: Callable[[str], Awaitable[float]],
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._call = call
        self._options = options
        self._base_url = base_url.rstrip("/")
        self._ids = ids
        self._creates = creates
        self._learn_time = learn_time
        self._clock = clock

    async def count(self, deadline: float | None) -> int:
        """Return the number of endpoints; create nothing."""
        run = await self._find()
        return len(await self._listed(deadline)) if run is None else run.endpoints

    async def begin(self, deadline: float | None) -> Run:
        """Return the run; list the endpoints within *deadline* seconds if it must be created without names.

        Before a run is created, the time of the service is requested. An error of that, for example because of the key,
        leaves no run behind.

        Raises:
            JournalError: The journal cannot be used, or the run has other values. Nothing was sent.
        """
        run = await self._find()
        if run is None:
            run = await self._created_by_another()
        if run is None:
            baseline = None if self._ids == () else await self._learn_time(self._options.organization_id)
            new = NewRun(
                id=secrets.token_hex(8),
                organization_id=self._options.organization_id,
                base_url=self._base_url,
                until=self._options.until,
                endpoint_ids=await self._listed(deadline),
                baseline=baseline,
            )
            # Another worker may have created it in the meantime.
            run = self._checked(await self._journal.begin(new))
        return run

    async def baseline(self, run: Run) -> float:
        """Return a time of the service's clock that has passed before the first send of this worker."""
        if run.baseline is not None and run.time - run.created < _BASELINE_SECONDS:
            return run.baseline
        return await self._learn_time(run.organization_id)

    async def _created_by_another(self) -> Run | None:
        """Return the run that another worker creates now; None if this one must create it.

        Many workers may start at once, and each would list the endpoints and request the time. The lease for reading a
        page selects one of them.
        """
        if not isinstance(self._journal, SharedPages):
            return None
        patience: float = getattr(self._journal, "patience", DEFAULT_PATIENCE)
        ask = PageAsk(worker=secrets.token_hex(6), after=0.0, scope=_CREATION)
        for _ in range(_CREATION_LOOKS):
            try:
                reply = await within(patience, self._journal.exchange_page(ask))
            except (OSError, TripwireError):
                return None
            if reply.is_reader:
                return None
            await self._clock.sleep(_CREATION_INTERVAL)
            if (run := await self._find()) is not None:
                return run
        return None

    async def _find(self) -> Run | None:
        """Return the run if it exists; None if it can be created."""
        try:
            return self._checked(await self._journal.begin(None))
        except JournalError as error:
            if error.is_missing and self._creates:
                return None
            raise

    def _checked(self, run: Run) -> Run:
        """Return the run; raise JournalError if it has other values than this call."""
        differences: list[str] = []
        if self._base_url != run.base_url:
            differences.append(f"its base URL is {run.base_url}, not {self._base_url}")
        if self._creates:
            if self._options.organization_id != run.organization_id:
                differences.append(f"its organization is {run.organization_id}, not {self._options.organization_id}")
            if self._options.until != run.until:
                differences.append(f"it runs until tests are {run.until!r}, not {self._options.until!r}")
            if self._ids is not None and endpoints_digest(self._ids) != run.digest:
                differences.append(f"it tests {run.endpoints} other endpoints than the {len(self._ids)} in this call")
        if differences:
            msg = (
                f"the journal has another run {run.name!r}: {'; '.join(differences)}. Use another name for a new run,"
                " or resume_tests(journal) to continue the other"
            )
            raise JournalError(msg)
        return run

    async def _listed(self, deadline: float | None) -> tuple[str, ...]:
        if self._ids is None:
            self._ids = await list_active_endpoints(self._call, self._options.organization_id, deadline)
        return self._ids
