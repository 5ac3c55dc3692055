"""Options of a run of tests, checked before anything is sent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .outcomes import Until


@attrs.frozen
class RunOptions:
    """Checked options of a run.

    Attributes:
        organization_id: The organization whose endpoints are tested.
        until: Whether to wait until deliveries have settled, or only until the tests are sent.
        in_flight: Number of tests in flight at once, at most.
        timeout: Seconds for the whole run; None for no limit.
    """

    organization_id: str
    until: Until
    in_flight: int
    timeout: float | None

    def __attrs_post_init__(self) -> None:
        if self.until not in {"settled", "sent"}:
            msg = f"until must be 'settled' or 'sent', not {self.until!r}"
            raise ValueError(msg)
        if type(self.in_flight) is not int or self.in_flight < 1:
            msg = f"in_flight must be a whole number from 1, not {self.in_flight!r}"
            raise ValueError(msg)
        if self.timeout is not None and not 0 < self.timeout < math.inf:
            msg = f"timeout must be a number of seconds above zero, or None, not {self.timeout!r}"
            raise ValueError(msg)

    @property
    def settle(self) -> bool:
        """True if the run waits for the deliveries."""
        return self.until == "settled"


def check_endpoint_ids(endpoint_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the ids as a tuple; raise ValueError if one occurs twice, or is not text, or if they are a single text."""
    if isinstance(endpoint_ids, str):
        msg = f"endpoint_ids must be a list of ids, not the text {endpoint_ids!r}: put it in a list"
        raise ValueError(msg)  # noqa: TRY004 - every invalid argument is a ValueError, of whatever type it is
    ids = tuple(endpoint_ids)
    seen: set[str] = set()
    for id_ in ids:
        if not isinstance(id_, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
            msg = f"endpoint_ids must be a list of ids, not of {type(id_).__name__}: pass the attribute id of each"
            raise ValueError(msg)  # noqa: TRY004 - as for a single text
        if id_ in seen:
            msg = f"endpoint_ids names {id_!r} twice: each endpoint is tested once in a run"
            raise ValueError(msg)
        seen.add(id_)
    return ids
