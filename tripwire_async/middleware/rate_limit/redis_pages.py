"""Exchange of pages of events and of the window of sends through Redis; times are microseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tripwire_async._redis.replies import decoding, integer, octets
from tripwire_async._redis.script import RedisScript
from tripwire_async._redis.source import ScriptSource

from .shared_pages import PageReply, SharedPage, WindowReply

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

    from tripwire_async._secrets.secret import Secret

    from .shared_pages import PageAsk, WindowAsk

_SOURCE: Final = ScriptSource("tripwire_async.middleware.rate_limit", "shared_pages.lua")
_MICRO: Final = 1_000_000


@final
class RedisPages:
    """Runs the script on separate connections, so that a page delays no other request of its *owner*.

    Args:
        owner: Name of the public class, for messages.
        url: URL of the server.
        client: The user's own client instead.
        prefix: Beginning of the keys.
    """

    __slots__ = ("_prefix", "script")

    def __init__(self, owner: str, url: Secret | None, client: Redis | RedisCluster | None, prefix: str) -> None:
        self._prefix = prefix
        self.script = RedisScript(owner, url, client, keys=[f"{prefix}:pages"], source=_SOURCE)

    async def exchange_page(self, ask: PageAsk) -> PageReply:
        """Return the reply of the script to *ask*."""
        page = ask.publish
        reply = await self.script.run(
            "page",
            ask.worker,
            round(ask.after * _MICRO),
            int(ask.is_due),
            int(ask.is_reading),
            ask.awaited,
            round(ask.overdue * _MICRO),
            0 if page is None else round(page.started * _MICRO),
            b"" if page is None else page.body,
            keys=[f"{self._prefix}:pages:{ask.scope}", f"{self._prefix}:readers:{ask.scope}"],
        )
        with decoding():
            time, started, body, *numbers = reply
            is_reader, others, awaited, overdue = map(integer, numbers)
            return PageReply(
                time=integer(time) / _MICRO,
                page=SharedPage(integer(started) / _MICRO, octets(body)) if started else None,
                is_reader=bool(is_reader),
                others=others,
                awaited=awaited,
                overdue=overdue / _MICRO,
            )

    async def exchange_window(self, ask: WindowAsk) -> WindowReply:
        """Return the reply of the script to *ask*."""
        reply = await self.script.run(
            "window",
            ask.worker,
            ask.width,
            ask.used,
            ask.wanted,
            round(ask.oldest * _MICRO),
            keys=[f"{self._prefix}:senders:{ask.scope}"],
        )
        with decoding():
            part, oldest, others = map(integer, reply)
            return WindowReply(part=part, oldest=oldest / _MICRO, others=others)
