"""In-flight slots of one event loop, and the queues that take turns for them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, final

import attrs

if TYPE_CHECKING:
    from tripwire_async._http.messages import Priority

DispatchResult: TypeAlias = Literal["sent", "blocked", "no slot"]
"""Result of a turn: a call was sent, or the limit of the key or the lack of a slot prevented it."""


class Dispatcher(Protocol):
    """Queue of the waiting calls of one key."""

    def dispatch_one(self, now: float) -> DispatchResult:
        """Let the next call go if it is allowed."""
        ...

    def set_timer(self, now: float) -> None:
        """Schedule a new turn for the time at which the key's own limit may allow a call."""
        ...


@final
@attrs.define
class Capacity:
    """In-flight slots shared by all keys.

    A key is in turn while its own limit may allow a call. A key whose limit allows none is left out until its timer or
    the end of one of its requests puts it back. So the end of a request costs the same however many keys wait.

    Attributes:
        total: How many requests may be in flight.
        in_use: How many are in flight.
        interactive_waiting: How many interactive calls wait.
        turns: Number of turns so far.
        in_turn: The keys that are in turn, the next one first.
    """

    total: int
    in_use: int = 0
    interactive_waiting: int = 0
    turns: int = 0
    in_turn: OrderedDict[Dispatcher, None] = attrs.field(factory=OrderedDict)

    def available(self, priority: Priority) -> int:
        """Return how many more requests may be sent; the last twentieth is reserved for interactive calls."""
        return self.total - self.in_use - (0 if priority == "interactive" else self.total // 20)

    def dispatch(self, now: float, changed: Dispatcher | None = None) -> None:
        """Let all calls go that may go, the keys in turn; *changed* is a key whose limit may allow a call now."""
        in_turn = self.in_turn
        if changed is not None:
            in_turn[changed] = None
        without_slot = 0
        while without_slot < len(in_turn) and self.available("interactive" if self.interactive_waiting else "send") > 0:
            dispatcher = next(iter(in_turn))
            self.turns += 1
            result = dispatcher.dispatch_one(now)
            if result == "blocked":
                in_turn.pop(dispatcher, None)
                dispatcher.set_timer(now)
            else:
                in_turn.move_to_end(dispatcher)
                without_slot = 0 if result == "sent" else without_slot + 1

    def forget(self, dispatcher: Dispatcher) -> None:
        """Give no more turns to a key for which no call waits."""
        self.in_turn.pop(dispatcher, None)
