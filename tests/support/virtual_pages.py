"""The script of shared pages on virtual time: a real server runs it, with the time of a test instead of its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tests.support.virtual_script import register
from tripwire_async._secrets.secret import Secret
from tripwire_async.middleware.rate_limit.redis_pages import RedisPages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@attrs.define
class VirtualScript:
    """Runs the script at the time that *now* returns, in seconds."""

    url: str
    now: Callable[[], float]
    _client: Any = attrs.field(init=False)
    _script: Any = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._client, self._script = register(self.url, "shared_pages.lua", time="ARGV[#ARGV]")

    def close(self) -> None:
        self._client.close()

    async def run(self, *arguments: bytes | str | int, keys: Sequence[str]) -> Any:
        return self._script(keys=list(keys), args=[*arguments, str(round(self.now() * 1e6))])


def virtual_pages(script: VirtualScript, name: str) -> RedisPages:
    """Return what exchanges pages of a store of that *name* through *script*."""
    pages = RedisPages("RedisStore", Secret(script.url), None, f"tripwire:{{{name}}}")
    pages.script = script  # type: ignore[assignment] - runs the same script
    return pages
