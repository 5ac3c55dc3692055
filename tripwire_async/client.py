"""The client: configuration, the chain of middleware, and access to the resources."""

from __future__ import annotations

import functools
import itertools
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NoReturn, Self, final

import attrs

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.configuration import check_headers, parse_base_url
from tripwire_async._http.options import CallOptions
from tripwire_async._http.pipeline import check_chain, compose
from tripwire_async._http.proxies import choose_proxy
from tripwire_async._http.transport import AiohttpTransport
from tripwire_async._secrets.keys import hide, require_key

from .errors import ConfigurationError
from .middleware import BearerAuth, RateLimit, default_middleware
from .profiles import select_base_url, select_profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from aiohttp import ClientSession
    from yarl import URL

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._concurrency.durations import Duration
    from tripwire_async._http.api_calls import Caller
    from tripwire_async._http.pipeline import Handler, Middleware
    from tripwire_async._secrets.secret import Secret

    from .middleware import RateLimitState
    from .profiles import Profile
    from .resources.fingerprints import Fingerprints
    from .resources.gate import Gate
    from .resources.organizations import Organizations
    from .resources.raw_client import RawClient
    from .resources.sessions import Sessions
    from .resources.webhooks import Webhooks


@attrs.frozen
class _Connection:
    """Parts that all copies of a client share."""

    profile: Profile
    base_url: URL
    middleware: tuple[Middleware, ...]
    transport: AiohttpTransport
    handler: Handler
    clock: Clock
    number: int = attrs.field(factory=itertools.count(1).__next__, repr=False)


@final
class AsyncTripwire:
    """A client of the Tripwire API, also called Foil.

    ::

        async with AsyncTripwire() as tripwire:
            pending = await tripwire.webhooks.send_test(organization_id, endpoint_id)
            delivery = await pending

    Create one client and keep it: it holds the connections, the rate limit that all calls share, and the retry quota.
    Any number of tasks may use it, in one event loop after another or in several threads, each with its own loop. Every
    loop has its own connections.

    Args:
        secret_key: A secret key (``sk_…``); by default the environment variable of the profile. It is used by every
            `BearerAuth` in *middleware* that has no key.
        profile: The name of the service, `TRIPWIRE` or `FOIL`. By default the host of *base_url* decides, then the
            environment: `FOIL` if its key is set and that of `TRIPWIRE` is not. A *secret_key* alone selects
            `TRIPWIRE`.
        base_url: The URL of the API; by default the environment variable of the profile, or the service's own. It must
            begin with ``https://`` unless the host is a loopback address.
        timeout: Seconds for one attempt, or a timedelta.
        deadline: Seconds for one call with everything in it, or a timedelta: rate limit, attempts, backoff.
        max_attempts: Limit on the attempts of a call; 1 for no retries. None for that of `Retry`, 4 by default.
        max_in_flight: Limit on the requests in flight per event loop; None for that of `RateLimit`, 200 by default.
        middleware: The chain, outermost first; None for `default_middleware`.
        session: Your own `aiohttp.ClientSession`, which you close. By default one is created on first use for
            each event loop, and closed by `close` or at the end of ``async with``.
        proxy: URL of an HTTP proxy for all requests, also with a user and a password; a session that you pass has its
            own setting.
        trust_env: Whether to use the proxy of the environment variables ``HTTPS_PROXY``, ``HTTP_PROXY`` and
            ``NO_PROXY``, which are read now. Loopback addresses are always requested directly, and ``~/.netrc`` is not
            read.
        clock: The time source of timeouts, waits and polls, for tests: see `tripwire_async.testing.ManualClock`. A
            *middleware* has its own.

    Raises:
        ConfigurationError: A key, a URL or a number is invalid; nothing was sent.
    """

    def __init__(
        self,
        secret_key: str | Secret | None = None,
        *,
        profile: Profile | None = None,
        base_url: str | None = None,
        timeout: Duration = 30.0,
        deadline: Duration = 300.0,
        max_attempts: int | None = None,
        max_in_flight: int | None = None,
        middleware: Sequence[Middleware] | None = None,
        session: ClientSession | None = None,
        proxy: str | Secret | None = None,
        trust_env: bool = False,
        clock: Clock = LOOP_CLOCK,
    ) -> None:
        # Before anything can fail: error reports print the locals of frames.
        secret_key = None if secret_key is None else hide(secret_key)
        proxy = None if proxy is None else hide(proxy)
        profile = select_profile(profile, base_url=base_url, has_key=secret_key is not None)
        if secret_key is not None:
            require_key(secret_key)
        default = default_middleware(secret_key, profile=profile, clock=clock) if middleware is None else middleware
        chain = check_chain(default)
        if max_in_flight is not None:
            chain = _with_max_in_flight(chain, max_in_flight, is_default=middleware is None, clock=clock)
        if secret_key is not None:
            chain = _with_key(chain, secret_key)
        chain = [layer.for_profile(profile) if isinstance(layer, BearerAuth) else layer for layer in chain]
        self._options = CallOptions(
            timeout=_seconds("timeout", timeout),
            deadline=_seconds("deadline", deadline),
            max_attempts=None if max_attempts is None else _positive("max_attempts", max_attempts),
        )
        url = parse_base_url(base_url or select_base_url(profile), example=profile.base_url)
        if session is not None and not callable(getattr(session, "request", None)):
            msg = f"session must be an aiohttp.ClientSession, not {type(session).__name__}"
            raise ConfigurationError(msg)
        if session is not None and (proxy is not None or trust_env):
            msg = "proxy and trust_env have no effect on the session that you pass: set them on it"
            raise ConfigurationError(msg)
        transport = AiohttpTransport(
            session,
            proxy=choose_proxy(proxy, url, trust_env=trust_env),
            timeout=self._options.timeout,
            client_header=profile.client_header,
            clock=clock,
        )
        self._connection = _Connection(profile, url, tuple(chain), transport, compose(chain, transport), clock)

    @property
    def profile(self) -> Profile:
        """The name of the service that this client uses."""
        return self._connection.profile

    @functools.cached_property
    def _call(self) -> Caller:
        from tripwire_async._http.caller import ApiCaller  # noqa: PLC0415 - the codec is imported with the first resource

        return ApiCaller(
            self._connection.handler,
            self._connection.base_url,
            self._options,
            profile=self._connection.profile,
            owner=self._connection.number,
            clock=self._connection.clock,
        )

    @functools.cached_property
    def sessions(self) -> Sessions:
        """Visits with their verdicts."""
        from .resources.sessions import Sessions  # noqa: PLC0415 - a resource imports its models on first use

        return Sessions(self._call)

    @functools.cached_property
    def fingerprints(self) -> Fingerprints:
        """Visitors that were recognized in several visits."""
        from .resources.fingerprints import Fingerprints  # noqa: PLC0415 - a resource imports its models on first use

        return Fingerprints(self._call)

    @functools.cached_property
    def organizations(self) -> Organizations:
        """Organizations, and the API keys of each."""
        from .resources.organizations import Organizations  # noqa: PLC0415 - a resource imports its models on first use

        return Organizations(self._call)

    @functools.cached_property
    def webhooks(self) -> Webhooks:
        """Webhook endpoints, events, and test sends."""
        from .resources.webhooks import Webhooks  # noqa: PLC0415 - a resource imports its models on first use

        limit = self._limit()
        store = None if limit is None else limit.store
        return Webhooks(self._call, self._connection.clock, self._limits, str(self._connection.base_url), store)

    def _limit(self) -> RateLimit | None:
        return next((layer for layer in self._connection.middleware if isinstance(layer, RateLimit)), None)

    def _limits(self) -> RateLimitState | None:
        """Return the state of the rate limit; None without `RateLimit` in the chain."""
        limit = self._limit()
        return None if limit is None else limit.state()

    @functools.cached_property
    def gate(self) -> Gate:
        """Gate: services hand credentials to agents after a person consents."""
        from .resources.gate import Gate  # noqa: PLC0415 - a resource imports its models on first use

        return Gate(self._call, self._connection.clock)

    @functools.cached_property
    def with_raw_response(self) -> RawClient:
        """The same resources, with methods that return a `RawResponse`: status, headers, body and timings."""
        from .resources.raw_client import RawClient  # noqa: PLC0415 - most programs do not use it

        return RawClient(self._call, self._connection.clock)

    def with_options(
        self,
        *,
        timeout: Duration | None = None,
        deadline: Duration | None = None,
        max_attempts: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncTripwire:
        """Return a cheap copy with other options; it shares the connections, the rate limit and the key.

        Omitted options keep their value. Closing the copy closes the client, and the other way round.

        Args:
            timeout: Seconds for one attempt, or a timedelta.
            deadline: Seconds for one call with everything in it, or a timedelta.
            max_attempts: Limit on the attempts of a call; 1 for no retries.
            headers: Additional headers. ``Authorization`` is not allowed.

        Raises:
            ConfigurationError: A value is invalid.
        """
        options = self._options
        if timeout is not None:
            options = attrs.evolve(options, timeout=_seconds("timeout", timeout))
        if deadline is not None:
            options = attrs.evolve(options, deadline=_seconds("deadline", deadline))
        if max_attempts is not None:
            options = attrs.evolve(options, max_attempts=_positive("max_attempts", max_attempts))
        if headers is not None:
            options = attrs.evolve(options, headers={**options.headers, **check_headers(headers)})
        copied = AsyncTripwire.__new__(AsyncTripwire)
        copied._connection, copied._options = self._connection, options
        return copied

    def use_key(self, secret_key: str | Secret) -> None:
        """Use *secret_key* from the next attempt on; requests in flight are not affected.

        Raises:
            ConfigurationError: It is not a valid secret key, or the chain has no `BearerAuth`. The previous key stays.
        """
        secret_key = hide(secret_key)
        require_key(secret_key)
        layers = [layer for layer in self._connection.middleware if isinstance(layer, BearerAuth)]
        if not layers:
            raise ConfigurationError(_NO_BEARER_AUTH)
        for layer in layers:
            layer.replace(secret_key)

    async def close(self) -> None:
        """Close the connections of all event loops; closing twice is fine.

        Calls in flight or waiting for the rate limit, and later calls, raise an exception, in every thread.
        """
        await self._connection.transport.close()
        self._end_waits()

    async def __aenter__(self) -> Self:
        """Return the client; a closed client is open again."""
        self._connection.transport.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections of the running event loop, and at the end of the last block the client."""
        await self._connection.transport.leave()
        if self._connection.transport.closed:
            self._end_waits()

    def _end_waits(self) -> None:
        for layer in self._connection.middleware:
            if isinstance(layer, RateLimit):
                layer.end_waits(self._connection.number)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return the client itself: the connections and the rate limit cannot be copied."""
        return self

    def __reduce__(self) -> NoReturn:
        msg = "a client cannot be pickled: create one in each process"
        raise TypeError(msg)

    def __repr__(self) -> str:
        if not hasattr(self, "_connection"):
            # Error reports print the locals of frames, also of an __init__ that failed.
            return "<AsyncTripwire>"
        return f"<AsyncTripwire {self._connection.base_url}{' closed' if self._connection.transport.closed else ''}>"


_NO_BEARER_AUTH: Final = "the middleware has no BearerAuth for the key: add one at the end"


def _with_key(middleware: Sequence[Middleware], key: Secret) -> Sequence[Middleware]:
    if not any(isinstance(layer, BearerAuth) for layer in middleware):
        raise ConfigurationError(_NO_BEARER_AUTH)
    return [layer.or_with(key) if isinstance(layer, BearerAuth) else layer for layer in middleware]


def _with_max_in_flight(
    chain: Sequence[Middleware], value: int, *, is_default: bool, clock: Clock
) -> Sequence[Middleware]:
    if not is_default:
        msg = "max_in_flight= is for the default middleware: pass RateLimit(max_in_flight=…) in middleware= instead"
        raise ConfigurationError(msg)
    limit = RateLimit(max_in_flight=_positive("max_in_flight", value), clock=clock)
    return [limit if isinstance(layer, RateLimit) else layer for layer in chain]


def _positive(name: str, value: object) -> int:
    if type(value) is int and value >= 1:
        return value
    msg = f"{name} must be an integer of at least 1, not {value!r}"
    raise ConfigurationError(msg)


def _seconds(name: str, value: object) -> float:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, (int, float)) and 0 < value < math.inf:
        return value
    msg = f"{name} must be a positive number of seconds, not {value!r}"
    raise ConfigurationError(msg)
