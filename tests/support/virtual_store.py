"""The Redis script on virtual time: a real server runs it, with the time of the event loop instead of its clock.

So several processes, their delays to Redis and minutes of waiting can be simulated in milliseconds.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import attrs

from tests.support.virtual_script import register
from tripwire_async.middleware.rate_limit._redis_protocol import decode_grant, encode_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripwire_async.middleware.rate_limit.store import SlotGrant, SlotRequest

EPOCH = 1_764_000_000.0
"""Unix time at which virtual time begins."""


@attrs.define
class ScriptRunner:
    """Runs the script for one name, at given times.

    Attributes:
        url: The server.
        name: Name of the limit.
    """

    url: str
    name: str
    _client: Any = attrs.field(init=False)
    _script: Any = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._client, self._script = register(self.url, "redis_store.lua", time="ARGV[2]")

    @property
    def keys(self) -> list[str]:
        return [f"tripwire:{{{self.name}}}:{part}" for part in ("state", "slots", "clients", "asks")]

    def run(self, request: SlotRequest, now: float) -> SlotGrant:
        """Run the script at *now* seconds of virtual time."""
        reply: Sequence[int] = self._script(
            keys=[*self.keys, f"tripwire:{{{self.name}}}:ended:{request.client}"],
            args=[encode_request(request), str(round((EPOCH + now) * 1e6))],
        )
        return decode_grant(reply)

    def close(self) -> None:
        self._client.delete(*self.keys)
        self._client.close()


@attrs.define
class VirtualStore:
    """A store at some distance, for one process.

    Attributes:
        runner: Runs the script.
        delay: Least and most seconds of each way.
        patience: Seconds that a request may take.
        is_cut_off: Whether nothing reaches the store any more.
    """

    runner: ScriptRunner
    delay: tuple[float, float] = (0.0, 0.0)
    patience: float = 0.08
    seed: int = 0
    is_cut_off: bool = False
    _random: random.Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a simulation

    async def exchange(self, request: SlotRequest, /) -> SlotGrant:
        await asyncio.sleep(self._random.uniform(*self.delay))
        if self.is_cut_off:
            raise ConnectionError
        grant = self.runner.run(request, asyncio.get_running_loop().time())
        await asyncio.sleep(self._random.uniform(*self.delay))
        return grant

    def __repr__(self) -> str:
        return "<VirtualStore>"
