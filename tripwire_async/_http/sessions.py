"""Sessions of aiohttp: the settings of the library's own, and the protection of one that the caller passed."""

from __future__ import annotations

import math
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Final, final

import aiohttp
from aiohttp import hdrs

from .transport_errors import connect_timeout

if TYPE_CHECKING:
    from yarl import URL

    from tripwire_async._secrets.secret import Secret

    from .plain_request import RequestFactory

_KEEPALIVE: Final = 4.0
"""Seconds for which an idle connection is kept: less than the 5 seconds after which many servers close it."""


@final
class NoCookies(aiohttp.DummyCookieJar):
    """A cookie jar that is always empty, without a new object for each request."""

    _none: Final = SimpleCookie()

    def filter_cookies(self, request_url: URL) -> SimpleCookie:  # noqa: ARG002 - the signature of aiohttp
        """Return no cookies."""
        return self._none


def client_timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Return aiohttp's timeouts for an attempt of *seconds*: only a connect timeout.

    Everything before the request is sent is part of connecting: name resolution, TLS, and a place in the pool of a
    caller's session. The shorter timeout makes an unreachable server fail with an error that says *not sent*. The
    attempt as a whole has a `Timeout`, because aiohttp's own total timeout costs a tenth of a call.
    """
    return aiohttp.ClientTimeout(total=None, connect=connect_timeout(seconds), ceil_threshold=math.inf)


def open_session(requests: RequestFactory, timeout: float, proxy: Secret | None) -> aiohttp.ClientSession:
    """Return a new session for the running event loop; *timeout* is that of most attempts, in seconds."""
    session = aiohttp.ClientSession(
        # The rate limit bounds the requests in flight. A second queue here would use up the timeout of attempts.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE),
        cookie_jar=NoCookies(),
        request_class=requests.create,  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - any callable will do
        timeout=client_timeout(timeout),
        auto_decompress=False,
        proxy=None if proxy is None else proxy.reveal(),
    )
    # aiohttp would send an idempotent request again by itself when a kept connection turns out to be closed. `Retry`
    # decides this, and the rate limit counts each attempt.
    session._retry_connection = False  # pyright: ignore[reportPrivateUsage] - aiohttp has no public option
    return session


def single_attempt() -> aiohttp.ClientMiddlewareType:
    """Return a middleware for one request in a caller's session that keeps aiohttp from sending it again by itself."""
    failure: Exception | None = None

    async def send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        nonlocal failure
        if failure is not None:
            raise failure
        try:
            return await handler(request)
        except Exception as error:
            failure = error
            raise

    return send_once


def authorization(value: str) -> aiohttp.ClientMiddlewareType:
    """Return a middleware that sets the header Authorization, in place of credentials from ``~/.netrc``."""

    async def authorize(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        request.headers[hdrs.AUTHORIZATION] = value
        return await handler(request)

    return authorize
