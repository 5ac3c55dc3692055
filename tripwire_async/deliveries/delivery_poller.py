"""Settling many deliveries of one organization with few reads.

One page of the organization's latest test events tells of up to 200 deliveries, where reading them one by one takes 200
requests. So as soon as several deliveries are waited for, whoever has waited longest for its next read reads a page for
all of them. The others wait for it, and if it leaves, the next one reads: there is no task in the background.

When to read is a matter of cost. A read too early tells nothing; one for each delivery that has probably ended is as
dear as no page at all. So those that have probably ended are let wait together, until their waiting weighs as much as a
request.
"""

from __future__ import annotations

import asyncio
import functools
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias, final

import attrs

from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.errors import RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tripwire_async._concurrency.clock import Clock, Timer
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.models import WebhookDelivery

    from ._settle_times import SettleTimes
    from .reference import DeliveryReference

PAGE: Final = 200
"""How many events one read tells of at the most; the service's own limit."""

_SEVERAL: Final = 3
"""How many deliveries are worth a page; one or two are read each by itself."""

_PRICE: Final = 30.0
"""What a read costs, in seconds that deliveries which have probably ended wait for it, added up."""

_GATHER: Final = 0.1
"""Seconds after which those who came or went since are taken into account."""

_LAG: Final = 5.0
"""Seconds for which an event may be missing from a page because it is too new to be read."""

_FULL_LAG: Final = 1.0
"""The same for a full page, where it is more likely too old."""

_UNKNOWN: Final = 10.0
"""Seconds after which a delivery that no page tells of is read although nothing is known about how long they take."""

_PARTING: Final = 1.0
"""Seconds before the end of a wait in which a last read is made, however long deliveries usually take."""

_SPACING: Final = 0.2
"""Seconds between two reads of single events for those that no page tells of any more, all of them together."""


_State: TypeAlias = "tuple[tuple[str, str, int], ...]"


@final
@attrs.define(eq=False)
class Watch:
    """One delivery that somebody waits for.

    Attributes:
        watcher: What watches it.
        reference: Which one.
        since: When it was sent, on the clock of the watcher; minus infinity when that is not known.
        begin: Is called when a read begins that may tell of it, and numbers that read.
        offer: Takes what the read of such a number told.
        entered: When it was first waited for.
        told: The state of the deliveries as they were last read.
        told_at: When that was, by a page.
        read_at: When it was last read by itself.
        last_call: When to read it at the latest, as whoever waits for the read goes soon after.
        waiters: How many wait for it.
    """

    watcher: Watcher
    reference: DeliveryReference
    since: float
    begin: Callable[[], int]
    offer: Callable[[Sequence[WebhookDelivery], int], None]
    entered: float = 0.0
    told: _State = ()
    told_at: float = -math.inf
    read_at: float = -math.inf
    last_call: float = math.inf
    waiters: int = 0


@final
@attrs.frozen
class _Page:
    """What one read told: the deliveries of each event, and whether there may be older events."""

    found: Mapping[str, Sequence[WebhookDelivery]]
    full: bool


@final
class Watcher:
    """Reads deliveries of one organization for all who wait for one of them.

    Args:
        call: What calls the operations.
        organization_id: The organization.
        times: How long deliveries usually take; learned from here on.
        clock: What the waits are measured on.

    Attributes:
        read_at: When a page was last read.
    """

    __slots__ = (
        "__weakref__",
        "_beyond",
        "_call",
        "_clock",
        "_inside",
        "_led",
        "_nap",
        "_organization_id",
        "_recheck",
        "_times",
        "_watched",
        "_words",
        "read_at",
    )

    def __init__(self, call: Caller, organization_id: str, times: SettleTimes, clock: Clock) -> None:
        self._call = call
        self._organization_id = organization_id
        self._times = times
        self._clock = clock
        self._watched: dict[Watch, None] = {}  # in order, as the last that end are learned from
        self._beyond: set[Watch] = set()  # those that the last full page did not reach
        self._inside: dict[Watch, float] = {}  # whose next read is due by their own schedule, and since when
        self._words: dict[Watch, asyncio.Future[_Page | None]] = {}
        self.read_at = -math.inf
        self._led = False
        self._nap: asyncio.Future[_Page | None] | None = None
        self._recheck: Timer | None = None

    def enter(self, watch: Watch) -> None:
        """Note one more who waits for what *watch* says."""
        if not watch.waiters:
            watch.entered = self._clock.now()
        watch.waiters += 1
        self._watched[watch] = None
        self._stir()

    def leave(self, watch: Watch) -> None:
        """Note one fewer."""
        watch.waiters -= 1
        if not watch.waiters:
            del self._watched[watch]
            self._beyond.discard(watch)
            self._stir()

    async def read(self, watch: Watch, limit: float | None) -> Sequence[WebhookDelivery]:
        """Return the deliveries of the event, from a page if several are waited for; nothing after *limit* seconds.

        A page that tells nothing new of them is followed by another.
        """
        entered = self._clock.now()
        end = math.inf if limit is None else entered + limit
        while (page := await self._page_for(watch, entered, end)) is not None:
            found = page.found.get(watch.reference.event_id)
            if found is None:
                if self._clock.now() < watch.since + (_FULL_LAG if page.full else _LAG):
                    return ()
                if page.full:
                    self._beyond.add(watch)
                break
            if self._is_news(watch, found):
                return found
        if watch in self._beyond:
            await self._until_worth_it(watch, end)
        return await self._read_alone(watch, end)

    def _is_news(self, watch: Watch, found: Sequence[WebhookDelivery]) -> bool:
        state = tuple((one.id, str(one.status), one.attempts) for one in found)
        watch.told_at = self._clock.now()
        if state == watch.told:
            return False
        watch.told = state
        return True

    async def _until_worth_it(self, watch: Watch, end: float) -> None:
        """Wait until a read of *watch* alone will probably tell of its end: that is a request for one delivery."""
        known_by = min(watch.since + _UNKNOWN, end)
        while not self._times.usual and self._are_several() and self._clock.now() < known_by:
            # The pages of the others will tell how long deliveries take.
            await self._word(watch, known_by)
        when = max(watch.since + self._times.usual, watch.read_at + _SPACING * len(self._beyond))
        await self._clock.sleep(max(0.0, min(when, end) - self._clock.now()))

    async def _read_alone(self, watch: Watch, end: float) -> Sequence[WebhookDelivery]:
        watch.read_at = self._clock.now()
        limit = None if end == math.inf else end - watch.read_at
        if limit is not None and limit <= 0:
            return ()
        return await read_event(self._call, self._times, watch.reference, limit)

    async def _page_for(self, watch: Watch, entered: float, end: float) -> _Page | None:
        """Return the next page that may tell of *watch*; None when it is to be read by itself, or the time is up."""
        # Not the time of now: a clock goes on between a page and the wait for the next, and what the page told would
        # seem to be older than the wait.
        self._inside[watch] = entered
        watch.last_call = end - _PARTING
        self._stir()
        try:
            while watch not in self._beyond and (now := self._clock.now()) < end:
                if not self._are_several():
                    if now >= (alone := self._alone(watch, entered)):
                        return None
                    # Others may come in the meantime, and a page.
                    page = await self._word(watch, min(alone, end))
                else:
                    page = await (self._word(watch, end) if self._led else self._lead(end))
                if page is not None:
                    return page
            return None
        finally:
            del self._inside[watch]
            self._stir()

    def _alone(self, watch: Watch, entered: float) -> float:
        """Return when to read what is one of the last: at once, unless a page has just told that it had not ended."""
        return entered if watch.told_at < entered else _ripe(watch, entered, self._times, 0.0)

    def _are_several(self) -> bool:
        return len(self._watched) - len(self._beyond) >= _SEVERAL

    async def _word(self, watch: Watch, end: float) -> _Page | None:
        """Wait until the one who leads has read, or has left; None then, and at the *end*."""
        word: asyncio.Future[_Page | None] = asyncio.get_running_loop().create_future()
        timer = None if end == math.inf else self._clock.call_at(end, functools.partial(_settle, word, None))
        self._words[watch] = word
        try:
            return await word
        finally:
            del self._words[watch]
            if timer is not None:
                timer.cancel()

    async def _lead(self, end: float) -> _Page | None:
        """Read a page when it is due, and tell the others; None when it is no longer wanted, or not before *end*."""
        self._led = True
        page: _Page | None = None
        trouble: Exception | None = None
        told: set[Watch] = set()
        try:
            # Those who have just been told come round to it first; until then they look as if a read were due for them.
            await asyncio.sleep(0)
            while self._are_several() and (now := self._clock.now()) < end:
                if now >= (due := self._due()):
                    told.update(self._words)
                    page = await self._read_page(None if end == math.inf else end - now)
                    break
                await self._rest(min(due, end))
        except RequestTimeoutError as error:
            if self._clock.now() >= end:
                # The end is this one's own: the others have time, and read again.
                return None
            trouble = error
            raise
        except Exception as error:
            trouble = error
            raise
        finally:
            self._led = False
            self._tell(told, page, trouble)
        return page

    def _tell(self, told: set[Watch], page: _Page | None, trouble: Exception | None) -> None:
        """Give to those who waited when the read began what came of it; the others go on."""
        for watch, word in self._words.items():
            if word.done():
                continue
            if trouble is not None and watch in told:
                word.set_exception(trouble)
            elif page is not None and (watch in told or watch.reference.event_id in page.found):
                word.set_result(page)
            else:
                word.set_result(None)

    async def _read_page(self, limit: float | None) -> _Page:
        numbers = [(watch, watch.begin()) for watch in self._watched if watch not in self._inside]
        query = {"type": "webhook.test", "limit": PAGE}
        answer = await self._call(
            ApiRequest(operations.LIST_EVENTS, (self._organization_id,), query=query, deadline=limit, priority="poll")
        )
        events = answer.value.data
        page = _Page({event.id: event.webhook_deliveries for event in events}, len(events) >= PAGE)
        for watch in self._watched:
            self._times.note(page.found.get(watch.reference.event_id, ()))
        self.read_at = self._clock.now()
        for watch, number in numbers:
            # Those that have come inside in the meantime are given the page there.
            found = None if watch in self._inside else page.found.get(watch.reference.event_id)
            if found is not None and watch in self._watched and self._is_news(watch, found):
                watch.offer(found, number)
        return page

    def _due(self) -> float:
        """Return when to read for those inside.

        That is when all who are watched have probably ended; or when those that have probably ended have waited, added
        up, for as long as a read costs; or when the first of them has waited for long enough, however few they are. One
        that had not ended when it was read is read again a while later, the sooner the more there are.
        """
        usual = self._times.usual
        near = len(self._watched) - len(self._beyond)
        growth = 0.5 * max(0.3, min(1.0, 10 / near))
        ripe = sorted(_ripe(watch, entered, self._times, growth) for watch, entered in self._inside.items())
        due = ripe[0] + min(max(usual, 1.0) / 2 * min(near / 50, 1.0), 5.0)
        if len(ripe) >= near:
            due = min(due, ripe[-1])
        left = _PRICE
        for count, (one, following) in enumerate(pairwise(ripe), 1):
            cost = (following - one) * count
            if left <= cost:
                return min(due, one + left / count)
            left -= cost
        return min(due, ripe[-1] + left / len(ripe))

    async def _rest(self, until: float) -> None:
        """Sleep *until* then, or until shortly after somebody came or went."""
        self._nap = nap = asyncio.get_running_loop().create_future()
        timer = self._clock.call_at(until, functools.partial(_settle, nap, None))
        try:
            await nap
        finally:
            self._nap = None
            timer.cancel()
            if self._recheck is not None:
                self._recheck.cancel()
                self._recheck = None

    def _stir(self) -> None:
        if self._nap is not None and self._recheck is None:
            self._recheck = self._clock.call_at(
                self._clock.now() + _GATHER, functools.partial(_settle, self._nap, None)
            )


async def read_event(
    call: Caller, times: SettleTimes, reference: DeliveryReference, limit: float | None
) -> Sequence[WebhookDelivery]:
    """Read the deliveries of one event, now, within *limit* seconds."""
    answer = await call(
        ApiRequest(
            operations.RETRIEVE_EVENT, (reference.organization_id, reference.event_id), deadline=limit, priority="poll"
        )
    )
    deliveries = answer.value.data.webhook_deliveries
    times.note(deliveries)
    return deliveries


def _ripe(watch: Watch, entered: float, times: SettleTimes, growth: float) -> float:
    """Return when a read will probably tell of the end of what was *entered* then; or is the last that can."""
    when = max(entered, watch.since + times.usual)
    if watch.told_at >= when:
        # Only what was told then says that this one takes longer than others; a page that came before was for those.
        when = _again(watch, growth)
        if watch.told_at < (longest := watch.since + times.longest):
            # It takes longer than most, but hardly longer than all of the last ones.
            when = min(when, longest)
    return when if watch.told_at >= watch.last_call else min(when, max(entered, watch.last_call))


def _again(watch: Watch, growth: float) -> float:
    """Return when to read once more what had not ended when it was read; the longer it takes, the longer the pause."""
    age = watch.told_at - max(watch.since, watch.entered)
    return watch.told_at + min(max(0.5, (age + 1) * growth), 10.0)


def _settle(word: asyncio.Future[_Page | None], page: _Page | None) -> None:
    if not word.done():
        word.set_result(page)
