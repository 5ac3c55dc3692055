"""The script of shared pages on virtual time: a real server runs it, with the time of a test instead of its clock."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import attrs
import redis

from tripwire_async._secrets.secret import Secret
from tripwire_async.middleware.rate_limit.redis_pages import RedisPages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def script() -> str:
    """Return the script, with its time as the last argument."""
    package = resources.files("tripwire_async.middleware.rate_limit")
    source = package.joinpath("shared_pages.lua").read_text(encoding="utf-8")
    changed = source.replace("redis.call('TIME')", "{math.floor(ARGV[#ARGV] / 1000000), ARGV[#ARGV] % 1000000}")
    assert changed != source
    return changed


@attrs.define
class VirtualScript:
    """Runs the script at the time that *now* returns, in seconds."""

    url: str
    now: Callable[[], float]
    _client: Any = attrs.field(init=False)
    _script: Any = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._client = redis.Redis.from_url(self.url)  # pyright: ignore[reportUnknownMemberType] - redis-py's own types
        self._script = self._client.register_script(script())

    def close(self) -> None:
        self._client.close()

    async def run(self, *arguments: bytes | str | int, keys: Sequence[str]) -> Any:
        return self._script(keys=list(keys), args=[*arguments, str(round(self.now() * 1e6))])


def virtual_pages(script: VirtualScript, name: str) -> RedisPages:
    """Return what exchanges pages of a store of that *name* through *script*."""
    pages = RedisPages("RedisStore", Secret(script.url), None, f"tripwire:{{{name}}}")
    pages.script = script  # type: ignore[assignment] - runs the same script
    return pages
