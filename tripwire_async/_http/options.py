"""Options of all calls of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen(kw_only=True)
class CallOptions:
    """Options of every call of one client, or of one copy of it.

    Attributes:
        timeout: Seconds for one attempt.
        deadline: Seconds for one call with everything in it: rate limit, attempts, backoff.
        max_attempts: Limit on the attempts of a call; None for the chain's own limit.
        headers: Additional headers.
    """

    timeout: float = 30.0
    deadline: float = 300.0
    max_attempts: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
