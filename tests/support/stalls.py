"""Measurement of the time for which the machine kept this process from running."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_INTERVAL = 0.01
_USUAL = 0.002
"""Seconds between two looks at the clock, and by how much the second one is late on an idle machine."""


@attrs.define
class Stalls:
    """Seconds for which the process could have run and did not, so far."""

    seconds: float = 0.0


@asynccontextmanager
async def measure_stalls() -> AsyncIterator[Stalls]:
    """Measure stalls while the context is open.

    A bound on the duration of something that mostly waits can be extended by them. The time that this process itself
    computes is not a stall.
    """
    stalls = Stalls()

    async def look() -> None:
        while True:
            started, used = time.monotonic(), time.process_time()
            await asyncio.sleep(_INTERVAL)
            late = time.monotonic() - started - _INTERVAL - (time.process_time() - used)
            stalls.seconds += max(0.0, late - _USUAL)

    task = asyncio.create_task(look())
    try:
        yield stalls
    finally:
        task.cancel()
