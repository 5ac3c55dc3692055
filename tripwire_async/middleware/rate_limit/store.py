"""What a rate limit and a store for many processes say to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable

RequestOutcome: TypeAlias = Literal["answered", "refused", "lost", "unsent"]
"""How a request ended: let in, told to wait, without an answer, or never put on the wire."""


@attrs.frozen
class FinishedRequest:
    """One request that is over, on the clock of whoever sent it.

    Attributes:
        serial: Counts the requests that ended; told twice, because an answer got lost, it is the same request.
        slot: The slot that it was sent in, or another name of its own when the store could not be asked for one.
        sent: When it was sent.
        at: When its answer came, or when it was given up.
        outcome: How it ended.
        limit: The limit that the answer told; None when it told none.
        count: How many requests the service counted, this one included; None when the answer did not tell.
        retry_after: Seconds that a refusal asked to wait; None when it asked nothing that can be understood.
        hold: Seconds from *at* for which nothing is to be sent after a refusal.
    """

    serial: int
    slot: str
    sent: float
    at: float
    outcome: RequestOutcome
    limit: int | None = None
    count: int | None = None
    retry_after: float | None = None
    hold: float = 0.0


@attrs.frozen
class SlotRequest:
    """What one process tells the store and wants of it, in one step.

    Attributes:
        client: Who asks: one event loop of one process.
        number: Counts the questions of *client*; the same number again is the same question, whose answer got lost.
        now: When this was written, on the clock of *ended*.
        single: Capacity wanted for calls of their own.
        bulk: Capacity wanted for the lanes that leave a part of a long window to those.
        limit: The limit as far as the asker knows it, for a store that has forgotten.
        window: The same of the window's length, in seconds.
        ended: The requests that ended since the last question.
    """

    client: str
    number: int
    now: float
    single: int
    bulk: int
    limit: int | None
    window: float | None
    ended: tuple[FinishedRequest, ...]


@attrs.frozen
class SlotGrant:
    """What the store says to an `SlotRequest`.

    Attributes:
        granted: How many requests may be sent now, in the slots ``<number>.1`` and so on.
        wait: Seconds after which to ask for those that were not granted.
        limit: The limit of the key; None as long as no process was told it.
        window: Seconds that the service's window lasts at the most; None as long as it is not known.
        cooldown: Seconds for which nobody may send, after a refusal; 0 when nothing is held.
        unsettled: Whether others wait to hear how the requests that are under way end.
        others: How many others wait for slots.
    """

    granted: int
    wait: float
    limit: int | None
    window: float | None
    cooldown: float
    unsettled: bool
    others: int


class RateLimitStore(Protocol):
    """Keeps the limit of one key for many processes."""

    def exchange(self, ask: SlotRequest, /) -> Awaitable[SlotGrant]:
        """Take in what *ask* tells, and grant what it wants as far as the limit allows, as one step that is whole.

        Asked the same question again, it grants the same slots and no others. It is given a tenth of a second.

        Raises:
            OSError: It cannot be asked. The asker goes by a limit of its own for a while and tries again.
        """
        ...
