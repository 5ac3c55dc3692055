"""What a client says of all its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen(kw_only=True)
class CallOptions:
    """What holds for every call of one client, or of one copy of it.

    Attributes:
        timeout: Seconds for one attempt on the wire.
        deadline: Seconds for a call with everything in it: the limiter, attempts, backoff.
        max_attempts: How often a call may be put on the wire; None for what the chain says.
        headers: Headers that are sent beside our own.
    """

    timeout: float = 30.0
    deadline: float = 300.0
    max_attempts: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
