"""Protocol between a rate limit and a store that shares it with other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable

DEFAULT_PATIENCE: Final = 0.08
"""Seconds that a store has to respond, unless its attribute ``patience`` says otherwise."""

RequestOutcome: TypeAlias = Literal["accepted", "rejected", "lost", "unsent"]
"""Result of a request: accepted, rejected by the rate limit, possibly counted, or certainly not counted."""


class StoreReplyError(ConnectionError):
    """The store responds with an error that does not pass by itself, for example after its password was changed."""


@attrs.frozen
class FinishedRequest:
    """One request that has ended; times are on the clock of the process that sent it.

    Attributes:
        serial: Number of the finished request. The same number again is the same request, reported a second time
            because the store's response was lost.
        slot: The slot in which it was sent, or another unique name if the store could not be reached.
        sent: When it was sent.
        at: When it ended.
        outcome: Its result.
        limit: The limit that the response reported; None without one.
        count: How many requests the service counted, this one included; None if the response did not report it.
        retry_after: Seconds from Retry-After, if they say something about the window; otherwise None.
        hold: Seconds from *at* during which no process may send; 0 without a cooldown.
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
    """Report and request of one process, in one step.

    Attributes:
        client: Id of one event loop of one process.
        number: Number of the request. The same number again is the same request, sent a second time because the
            response was lost.
        now: When this was created, on the clock of *finished*.
        interactive: Slots requested for interactive calls.
        bulk: Slots requested for the other priorities, which leave a part of a long window to interactive calls.
        limit: The limit as far as the process knows it, for a store that has lost its data.
        window: The length of the window in seconds, as far as the process knows it.
        finished: The requests that have ended since the last request.
        earliest: The earliest time on the clock of the store at which this can have been created; None until a reply
            has reported the time. The store knows from it how late the times in *finished* can be.
    """

    client: str
    number: int
    now: float
    interactive: int
    bulk: int
    limit: int | None
    window: float | None
    finished: tuple[FinishedRequest, ...]
    earliest: float | None = None


@attrs.frozen
class SlotGrant:
    """The store's response to a `SlotRequest`.

    Attributes:
        granted: How many requests may be sent now, in the slots ``<number>.1`` and so on.
        wait: Seconds after which to ask for the slots that were not granted.
        limit: The limit of the key; None until a process has reported it.
        window: Upper bound of the length of the service's window in seconds; None while it is unknown.
        cooldown: Seconds for which no process may send; 0 without a cooldown.
        unsettled: Whether other processes wait for the results of requests in flight.
        others: How many other processes wait for slots.
        time: Time on the clock of the store, in seconds; None if it does not need `SlotRequest.earliest`.
    """

    granted: int
    wait: float
    limit: int | None
    window: float | None
    cooldown: float
    unsettled: bool
    others: int
    time: float | None = None


class RateLimitStore(Protocol):
    """Keeps the limit of one key for many processes.

    A store may have an attribute ``patience``: the seconds after which a call stops waiting for `exchange` and uses the
    limit of its process. The default is 0.08.
    """

    def exchange(self, request: SlotRequest, /) -> Awaitable[SlotGrant]:
        """Record what *request* reports, and grant slots as far as the limit allows, in one atomic step.

        The same request a second time is granted the same slots.

        Raises:
            OSError: The store cannot be reached. The caller uses the limit of its process, and tries again later.
            StoreReplyError: The store responds with an error. The same, but it is logged as an error.
            ConfigurationError: The store cannot work as it is configured. The call fails with it.
        """
        ...
