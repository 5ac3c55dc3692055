"""State of a rate limit that belongs to one event loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, TypeAlias, final

from ._admission import LimitModel
from ._scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._secrets.secret import Secret

    from ._capacity import Capacity
    from .store import RateLimitStore

Key: TypeAlias = "tuple[str, Secret | None]"
"""Authority of an operation, and the token of the call if it has one."""

CLIENT_KEY: Final[Key] = ("secret", None)
"""The key of the client, which other processes use as well."""

_SWEEP_AT: Final = 256


@final
class LoopState:
    """In-flight slots of one event loop, and a scheduler per key.

    Attributes:
        capacity: The in-flight slots.
        models: Estimate of the limit of each key.
        schedulers: The scheduler of each key.
    """

    __slots__ = ("_clock", "_jitter", "_loop", "_store", "_sweep_at", "capacity", "models", "schedulers")

    def __init__(
        self,
        capacity: Capacity,
        clock: Clock,
        jitter: Callable[[], float],
        store: RateLimitStore | None,
        learned: Mapping[Key, LimitModel],
    ) -> None:
        self.capacity = capacity
        self.models = dict(learned)
        self.schedulers: dict[Key, Scheduler] = {}
        self._clock = clock
        self._jitter = jitter
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._sweep_at = _SWEEP_AT

    def close(self) -> None:
        """Forget what waited or was in flight: the event loop is closed."""
        for scheduler in self.schedulers.values():
            scheduler.is_open = False
        for model in self.models.values():
            model.forget_flights()

    def end_waits(self, owner: int) -> None:
        """End the waits of all calls of *owner*, a client that was closed, on the loop of this state."""
        # Another thread may close the loop at the same time, which ends its waits too.
        with contextlib.suppress(RuntimeError):
            # Also on the running loop, so that a call that is cancelled in the same turn stays cancelled.
            self._loop.call_soon_threadsafe(self._end_waits, owner)

    def _end_waits(self, owner: int) -> None:
        for scheduler in tuple(self.schedulers.values()):
            scheduler.end_waits(owner)

    def open(self, key: Key) -> Scheduler:
        """Create the scheduler of *key*."""
        if len(self.schedulers) >= self._sweep_at:
            self._forget_idle()
        model = self.models.setdefault(key, LimitModel(self._jitter))
        if self._store is None or key != CLIENT_KEY:
            scheduler = Scheduler(model, self.capacity, self._clock, self._loop)
        else:
            from ._shared import StoreAdmission  # noqa: PLC0415 - most programs are one process

            scheduler = StoreAdmission(model, self.capacity, self._clock, self._loop, self._store)
        self.schedulers[key] = scheduler
        return scheduler

    def _forget_idle(self) -> None:
        """Forget the keys of tokens that are not in use; the next time when the number of keys has doubled."""
        now = self._clock.now()
        for key, scheduler in tuple(self.schedulers.items()):
            if key[1] is not None and scheduler.is_idle(now):
                del self.schedulers[key], self.models[key]
        self._sweep_at = max(_SWEEP_AT, 2 * len(self.schedulers))
