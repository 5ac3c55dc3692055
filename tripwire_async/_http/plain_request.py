"""Requests of the transport's own sessions, built by a shortcut past the constructor of aiohttp."""

from __future__ import annotations

import asyncio
import functools
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

import aiohttp
from aiohttp import hdrs
from aiohttp.http import SERVER_SOFTWARE
from aiohttp.payload import BytesPayload
from multidict import CIMultiDict
from yarl import URL

from .connected import note_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from .messages import Request

# Saves `super()`, which would take longer than the method itself.
_send: Final = aiohttp.ClientRequest.send


class TimedRequest(aiohttp.ClientRequest):
    """A request of aiohttp that notes when it has its connection.

    Attributes:
        attempt: The request of this library that it sends; None if that is unknown.
        now: The clock of the notes.
    """

    attempt: Request | None = None
    now: Callable[[], float]

    # Not a coroutine, so that it costs a function call and no more.
    def send(  # pyright: ignore[reportIncompatibleMethodOverride] - awaited at once, so any coroutine will do
        self, conn: Any
    ) -> Coroutine[Any, Any, aiohttp.ClientResponse]:
        """Send the request on *conn*."""
        attempt = self.attempt
        if attempt is not None:
            if attempt.before_write is None and attempt.stats.connected_at == math.inf:
                # The usual case of `note_connection`.
                attempt.stats.connected_at = self.now()
            else:
                note_connection(attempt, self.now)
        return _send(self, conn)


class PlainRequest(TimedRequest):
    """A request of a URL, headers, and bytes or nothing as the body; a `RequestFactory` creates it.

    The class holds the attributes that are the same for all such requests, and its constructor sets only the others.

    Attributes:
        connection_key: The key of its connections in the pool, which aiohttp would work out for each request.
    """

    connection_key: Any = None  # pyright: ignore[reportIncompatibleMethodOverride] - an attribute in place of aiohttp's property

    chunked = None
    compress = None
    length = None
    proxy = None
    proxy_auth = None
    proxy_headers = None
    server_hostname = None
    version = aiohttp.HttpVersion11
    _ssl = True

    def __init__(  # noqa: PLR0917 - keywords take as long as all of the rest
        self,
        method: str,
        url: URL,
        headers: CIMultiDict[str],
        data: bytes | None,
        loop: asyncio.AbstractEventLoop,
        response_class: type[aiohttp.ClientResponse],
        session: aiohttp.ClientSession,
        timer: Any,
        connection_key: Any,
    ) -> None:
        self.connection_key = connection_key
        self.method = method
        self.url = self.original_url = url
        self.headers = headers
        self.loop = loop
        self.response_class = response_class
        self._session = session
        self._timer = timer
        self._traces = []
        if data is not None:
            self._body = BytesPayload(data)
            headers[hdrs.CONTENT_LENGTH] = str(len(data))
            headers.setdefault(hdrs.CONTENT_TYPE, "application/octet-stream")
        elif method not in self.GET_METHODS:
            headers[hdrs.CONTENT_LENGTH] = "0"


class _Origin(NamedTuple):
    """What the requests to one scheme, host and port have in common."""

    headers: CIMultiDict[str]
    connection_key: Any


@final
class RequestFactory:
    """Creates the requests of one session, and connects each of them with the attempt that it belongs to.

    Args:
        now: The clock of the notes about connections.
        headers: Headers of every request; aiohttp would convert those of a session each time.

    Attributes:
        attempt: The attempt whose request is created next.
    """

    __slots__ = ("_headers", "_now", "_origin", "attempt")

    def __init__(self, now: Callable[[], float], headers: Mapping[str, str]) -> None:
        self._now = now
        self._headers = headers
        self._origin = functools.lru_cache(maxsize=16)(functools.partial(_prepare, headers))
        self.attempt: Request | None = None

    # Every argument is named: Python takes longer to collect twenty arguments in a dictionary than all of the rest
    # takes.
    def create(
        self,
        method: str,
        url: URL,
        *,
        headers: CIMultiDict[str],
        data: Any,
        loop: asyncio.AbstractEventLoop,
        response_class: type[aiohttp.ClientResponse],
        session: aiohttp.ClientSession,
        timer: Any,
        params: Any,
        skip_auto_headers: Any,
        cookies: Any,
        auth: Any,
        version: Any,
        compress: Any,
        chunked: Any,
        expect100: Any,
        proxy: Any,
        proxy_auth: Any,
        ssl: Any,
        server_hostname: Any,
        proxy_headers: Any,
        traces: Any,
        trust_env: Any,
        **more: Any,
    ) -> aiohttp.ClientRequest:
        """Return a request that is equal to an `aiohttp.ClientRequest` with the same arguments and the common headers.

        For every request, aiohttp's constructor considers cookies, credentials, proxies, compression and forms. The
        requests of this library need none of them, and a `PlainRequest` takes less than half the time, which saves two
        to three percent of a call. All other requests, and all requests in debug mode, are made by aiohttp's
        constructor.
        """
        if (
            params
            or skip_auto_headers
            or cookies
            or auth
            or version != aiohttp.HttpVersion11
            or compress
            or chunked
            or expect100
            or proxy
            or proxy_auth
            or ssl is not True
            or server_hostname
            or proxy_headers
            or traces
            or trust_env
            or more
            or (data is not None and type(data) is not bytes)
            or url.raw_user is not None
            or url.raw_password is not None
            or url.raw_fragment
            # The constructor of aiohttp interprets these headers.
            or hdrs.CONTENT_LENGTH in headers
            or hdrs.CONTENT_ENCODING in headers
            or hdrs.TRANSFER_ENCODING in headers
            or hdrs.EXPECT in headers
            or loop.get_debug()
        ):
            merged = CIMultiDict(self._headers)
            merged.update(headers)
            request = TimedRequest(
                method,
                url,
                headers=merged,
                data=data,
                loop=loop,
                response_class=response_class,
                session=session,
                timer=timer,
                params=params,
                skip_auto_headers=skip_auto_headers,
                cookies=cookies,
                auth=auth,
                version=version,
                compress=compress,
                chunked=chunked,
                expect100=expect100,
                proxy=proxy,
                proxy_auth=proxy_auth,
                ssl=ssl,
                server_hostname=server_hostname,
                proxy_headers=proxy_headers,
                traces=traces,
                trust_env=trust_env,
                **more,
            )
        else:
            origin = self._origin(url.scheme, url.raw_authority)
            merged = origin.headers.copy()
            merged.update(headers)
            request = PlainRequest(
                method, url, merged, data, loop, response_class, session, timer, origin.connection_key
            )
        attempt, self.attempt = self.attempt, None
        # None if aiohttp sends an idempotent request again, unless an earlier request was never created.
        if attempt is not None and attempt.url is url:
            attempt.stats.connected_at = math.inf
            request.attempt = attempt
            request.now = self._now
        return request


def _prepare(common: Mapping[str, str], scheme: str, authority: str) -> _Origin:
    url = URL.build(scheme=scheme, authority=authority, encoded=True)
    headers = CIMultiDict({hdrs.HOST: url.host_port_subcomponent or ""})
    headers.update(aiohttp.ClientRequest.DEFAULT_HEADERS)
    headers[hdrs.USER_AGENT] = SERVER_SOFTWARE
    headers.update(common)
    request = aiohttp.ClientRequest(hdrs.METH_GET, url, loop=asyncio.get_running_loop())
    return _Origin(headers, request.connection_key)
