"""The client: it owns the session, composes the chain and offers the resources."""

from __future__ import annotations

import functools
import ipaddress
import math
import os
import re
from typing import TYPE_CHECKING, Final, Self, final

from yarl import URL

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.options import CallOptions
from tripwire_async._http.pipeline import compose
from tripwire_async._http.transport import AiohttpTransport
from tripwire_async._secrets.keys import as_secret_key

from .errors import ConfigurationError
from .middleware import BearerAuth, RateLimit, default_middleware

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from aiohttp import ClientSession

    from tripwire_async._http.caller import Caller
    from tripwire_async._http.pipeline import Middleware
    from tripwire_async._secrets.secret import Secret

    from .middleware import RateLimitState
    from .resources.fingerprints import Fingerprints
    from .resources.gate import Gate
    from .resources.organizations import Organizations
    from .resources.raw_client import RawClient
    from .resources.sessions import Sessions
    from .resources.webhooks import Webhooks

DEFAULT_BASE_URL: Final = "https://api.tripwirejs.com"
_BASE_URL_VARIABLE: Final = "TRIPWIRE_BASE_URL"
# What URL parsers drop in silence or let through in a host.
_UNFIT: Final = re.compile(r"[\s\x00-\x1f\x7f]")


@final
class AsyncTripwire:
    """A client of the Tripwire API.

    ::

        async with AsyncTripwire() as tripwire:
            pending = await tripwire.webhooks.send_test(organization_id, endpoint_id)
            delivery = await pending

    Make one and keep it: it holds the connections, the rate limit that all calls share, and the retry quota. Any number
    of tasks may use it. It may be used in one event loop after another; connections are made anew in each.

    Args:
        secret_key: A secret key (``sk_…``); by default what the environment variable ``TRIPWIRE_SECRET_KEY`` holds. It
            goes to every `BearerAuth` of the chain that was made without a key of its own.
        base_url: The API's address; by default ``TRIPWIRE_BASE_URL``, or the service's own. Only loopback addresses may
            do without https.
        timeout: Seconds for one attempt on the wire.
        deadline: Seconds for one call with everything in it: waiting for the rate limit, attempts, backoff.
        middleware: The chain, outermost first; None for `default_middleware`.
        session: A session of your own, which you close. By default one is made on first use for each event loop, and
            closed by `close` or on leaving ``async with``.

    Raises:
        ConfigurationError: A key, an address or a limit that cannot work; nothing was sent.
    """

    def __init__(
        self,
        secret_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 30.0,
        deadline: float = 300.0,
        middleware: Sequence[Middleware] | None = None,
        session: ClientSession | None = None,
    ) -> None:
        layers = default_middleware() if middleware is None else middleware
        if secret_key is not None:
            secret_key = as_secret_key(secret_key)
            layers = _with_key(layers, secret_key)
        options = CallOptions(timeout=_seconds("timeout", timeout), deadline=_seconds("deadline", deadline))
        self._base_url = _base_url(base_url or os.environ.get(_BASE_URL_VARIABLE) or DEFAULT_BASE_URL)
        self._layers = tuple(layers)
        self._transport = AiohttpTransport(session, timeout=options.timeout)
        self._handler = compose(self._layers, self._transport.__call__)
        self._options = options

    @functools.cached_property
    def _call(self) -> Caller:
        from tripwire_async._http.caller import ApiCaller  # noqa: PLC0415 - what reads and writes models comes with the first resource

        # A method and not the object, here and for the layers: it costs half as much to call.
        return ApiCaller(self._handler, self._base_url, self._options).__call__

    @functools.cached_property
    def sessions(self) -> Sessions:
        """Visits that Tripwire has judged, with its verdicts."""
        from .resources.sessions import Sessions  # noqa: PLC0415 - a resource brings its models when it is used

        return Sessions(self._call)

    @functools.cached_property
    def fingerprints(self) -> Fingerprints:
        """Visitors that were recognized over several visits."""
        from .resources.fingerprints import Fingerprints  # noqa: PLC0415 - as above

        return Fingerprints(self._call)

    @functools.cached_property
    def organizations(self) -> Organizations:
        """Organizations, and the API keys of each."""
        from .resources.organizations import Organizations  # noqa: PLC0415 - as above

        return Organizations(self._call)

    @functools.cached_property
    def webhooks(self) -> Webhooks:
        """Webhook endpoints, events, and test sends."""
        from .resources.webhooks import Webhooks  # noqa: PLC0415 - as above

        return Webhooks(self._call, LOOP_CLOCK, self._limits)

    def _limits(self) -> RateLimitState | None:
        """Return where the rate limit stands; None without one."""
        return next((layer.state() for layer in self._layers if isinstance(layer, RateLimit)), None)

    @functools.cached_property
    def gate(self) -> Gate:
        """Gate, whose services hand credentials to agents once a person agrees."""
        from .resources.gate import Gate  # noqa: PLC0415 - as above

        return Gate(self._call, LOOP_CLOCK)

    @functools.cached_property
    def with_raw_response(self) -> RawClient:
        """The same resources, whose methods return a `RawResponse` with status, headers and timings as well."""
        from .resources.raw_client import RawClient  # noqa: PLC0415 - few programs want it

        return RawClient(self._call, LOOP_CLOCK)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        max_attempts: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncTripwire:
        """Return a cheap copy with other options; it shares the connections, the rate limit and everything else.

        What is left out stays as it is. Closing either closes both.

        Args:
            timeout: Seconds for one attempt on the wire.
            deadline: Seconds for one call with everything in it.
            max_attempts: How often one call may be put on the wire, 1 being no retries.
            headers: Headers to send beside those of this client; ``Authorization`` is not one of them.

        Raises:
            ConfigurationError: A value that cannot work.
        """
        if max_attempts is not None and (type(max_attempts) is not int or max_attempts < 1):
            msg = f"max_attempts must be a whole number from 1, not {max_attempts!r}"
            raise ConfigurationError(msg)
        before = self._options
        other = AsyncTripwire.__new__(AsyncTripwire)
        other._base_url = self._base_url
        other._layers = self._layers
        other._transport = self._transport
        other._handler = self._handler
        other._options = CallOptions(
            timeout=before.timeout if timeout is None else _seconds("timeout", timeout),
            deadline=before.deadline if deadline is None else _seconds("deadline", deadline),
            max_attempts=before.max_attempts if max_attempts is None else max_attempts,
            headers=before.headers if headers is None else {**before.headers, **_checked_headers(headers)},
        )
        return other

    def use_key(self, secret_key: str | Secret) -> None:
        """Authenticate with *secret_key* from the next attempt on; what is on the wire is not disturbed.

        Raises:
            ConfigurationError: It cannot be a secret key, or the chain has no `BearerAuth`; the key before then stays.
        """
        secret_key = as_secret_key(secret_key)
        keyed = [layer for layer in self._layers if isinstance(layer, BearerAuth)]
        if not keyed:
            raise ConfigurationError(_NO_BEARER_AUTH)
        for layer in keyed:
            layer.replace(secret_key)

    async def close(self) -> None:
        """Close the connections that this client made; closing twice is fine.

        Calls after that raise `ConfigurationError`.
        """
        await self._transport.close()

    async def __aenter__(self) -> Self:
        """Return the client, open again if it was closed."""
        self._transport.closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    def __repr__(self) -> str:
        if not hasattr(self, "_transport"):
            # What failed in the making is printed too, by reports of the error.
            return "<AsyncTripwire>"
        return f"<AsyncTripwire {self._base_url}{' closed' if self._transport.closed else ''}>"


_NO_BEARER_AUTH: Final = "there is no BearerAuth in the middleware to take the key: add one, innermost"


def _with_key(layers: Sequence[Middleware], key: Secret) -> Sequence[Middleware]:
    if not any(isinstance(layer, BearerAuth) for layer in layers):
        raise ConfigurationError(_NO_BEARER_AUTH)
    return [layer.or_with(key) if isinstance(layer, BearerAuth) else layer for layer in layers]


def _seconds(name: str, value: object) -> float:
    if isinstance(value, (int, float)) and 0 < value < math.inf:
        return value
    msg = f"{name} must be a number of seconds above zero, not {value!r}"
    raise ConfigurationError(msg)


def _base_url(address: object) -> URL:
    """Return *address* as one that keys may be sent to."""
    text = str(address)
    # No message shows what may be a password or a key.
    shown = repr(re.split(r"[?#]", text.rpartition("@")[2])[0])
    try:
        url = URL(text)
        host = url.host
    except ValueError:
        url, host = URL(), None
    if not host or url.scheme not in {"http", "https"} or _UNFIT.search(text):
        trouble = f"is not an address: it must look like {DEFAULT_BASE_URL}"
    elif "@" in text or url.query_string or url.fragment:
        trouble = "must have no user, query or fragment"
    elif url.scheme == "http" and not _is_loopback(host):
        trouble = "must begin with https://, as anything else would show the key on its way"
    else:
        return url
    msg = f"base_url {shown} {trouble}"
    raise ConfigurationError(msg)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# What the client says itself, and what decides where a message ends.
_OURS: Final = frozenset(
    {
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "transfer-encoding",
        "upgrade",
        "x-client-request-id",
    }
)
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# By what must not be there: to name the rest, nearly all of Unicode, would take ten times as long to compile.
_HEADER_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]*")


def _checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        _check_header(name, value)
    return headers


def _check_header(name: object, value: object) -> None:
    if not (isinstance(name, str) and isinstance(value, str)):
        msg = f"the header {name!r} cannot be sent: name and value must be text"
    elif name.lower() in _OURS:
        msg = f"the header {name} is set by the client itself and cannot be given"
    elif not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
        msg = f"the header {name!r} cannot be sent: a name is a word, and a value has no line breaks"
    else:
        return
    raise ConfigurationError(msg)
