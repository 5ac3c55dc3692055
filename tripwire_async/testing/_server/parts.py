"""Attributes that the groups of methods of a server share, and access to them from other threads."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from tripwire_async.testing.clock import ServerLoopClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.profiles import Profile
    from tripwire_async.testing._service.dispatcher import Dispatcher, RecordedRequest
    from tripwire_async.testing._service.keys import Key
    from tripwire_async.testing._service.service import Limits, Service
    from tripwire_async.testing._service.state import State
    from tripwire_async.testing._service.webhook_sender import WebhookSender
    from tripwire_async.testing.fault_rules import Faults

T = TypeVar("T")


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class ServerParts:
    """State of a server; `on_loop` makes changes of it safe in every thread.

    Attributes:
        profile: The name of the service that the server acts as.
        clock: The clock of the server.
        state: All records.
        faults: The injected faults.
        organization_id: The id of the initial organization.
        key: The initial secret key, which has all scopes.
        service: The parts that handlers and faults work on.
        limits: The rate limit.
    """

    profile: Profile
    clock: Clock
    state: State
    faults: Faults
    organization_id: str
    key: Key

    service: Service
    limits: Limits

    _dispatcher: Dispatcher
    _webhook_sender: WebhookSender
    _loop: asyncio.AbstractEventLoop | None
    _on_change: Callable[[], None]

    @property
    @abstractmethod
    def base_url(self) -> str:
        """The URL of the server; before the start it is only known if a port was given."""
        ...

    @property
    def received(self) -> int:
        """Number of received requests, independent of *record_limit*."""
        return self._dispatcher.received

    @property
    def rate_limited(self) -> int:
        """The number of requests that the rate limit rejected with 429."""
        return self._dispatcher.rate_limited

    @property
    def window_peak(self) -> int:
        """The highest number of requests of one key in a window, rate-limited ones included."""
        return self._dispatcher.window_peak

    @property
    def requests(self) -> Sequence[RecordedRequest]:
        """The recorded requests, oldest first; a copy in another thread."""
        requests = self._dispatcher.requests
        return requests if self._other_loop() is None else self.on_loop(lambda: tuple(requests))

    def limit_use(self) -> dict[str, float]:
        """Return the limit of the initial key, the length of its window in seconds, and how many requests count now."""
        limits = self.limits
        used = self.key.window.used(self.clock.now(), limits.window)
        return {"limit": self.key.rate_limit or limits.limit, "window": limits.window, "used": used}

    def reset(self) -> None:
        """Forget events, deliveries, requests, faults, outcomes and the use of the rate limit.

        Organizations, keys and endpoints remain, so that running programs can continue.
        """
        self.on_loop(self._reset)

    def _reset(self) -> None:
        self._webhook_sender.cancel_all()
        self._webhook_sender.outcomes.clear()
        self.faults.clear()
        self.state.events.clear()
        self.state.deliveries.clear()
        self._dispatcher.reset()
        for key in self.state.keys.by_id.values():
            key.window.clear()

    def run_here(self) -> None:
        """Use the running event loop as that of the server, unless it has one."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            if isinstance(self.clock, ServerLoopClock):
                self.clock.bind()
            self.state.calendar.start()

    def on_loop(self, action: Callable[[], T]) -> T:
        """Run *action* on the event loop of the server, and return its result.

        In the thread of that loop, and while the server does not run, this is a plain call. Another thread waits.
        """
        loop = self._other_loop()
        if loop is None:
            return action()
        result: Future[T] = Future()

        def act() -> None:
            try:
                result.set_result(action())
            except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
                result.set_exception(error)

        loop.call_soon_threadsafe(act)
        return result.result()

    def _other_loop(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop of the server if it runs in another thread."""
        loop = self._loop
        return None if loop is None or not loop.is_running() or loop is running_loop() else loop

    def require_own_loop(self) -> None:
        """Raise RuntimeError if the running event loop is not the one that the server runs on."""
        running = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not running:
            msg = (
                f"the server runs on the event loop {self._loop!r}, but this code on {running!r}. With pytest-asyncio, "
                "give both the same loop_scope. In another thread, use server.wait(…)"
            )
            raise RuntimeError(msg)
