"""Checks of ``doctor``."""

from __future__ import annotations

import platform
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit

import attrs

from tripwire_async import __version__
from tripwire_async.errors import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    TripwireError,
)

from .options import base_url, base_url_source, connect, organization_id, profile_of, read_secret_key
from .wording import in_terms_of_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from tripwire_async import AsyncTripwire

Result: TypeAlias = Literal["ok", "warning", "failed"]

_TIMEOUT: Final = 5.0
"""Limit for each request, in seconds."""

_LARGEST_SKEW: Final = 300.0
"""Difference of the clocks in seconds from which on the signatures of webhooks are rejected."""

_NOTABLE_SKEW: Final = 10.0
_EXTRAS: Final = {"crypto": "cryptography", "redis": "redis", "cli": "rich", "speed": "uvloop"}


@attrs.frozen
class Finding:
    """Result of one check; *advice* is None if there is nothing to do."""

    check: str
    result: Result
    details: str
    advice: str | None = None

    def document(self) -> dict[str, str | None]:
        """Return the finding for a JSON document."""
        return attrs.asdict(self)


async def diagnose(arguments: argparse.Namespace) -> list[Finding]:
    """Return the results of all checks; the first one that the others depend on and that fails is the last."""
    return [finding async for finding in _findings(arguments)]


async def _findings(arguments: argparse.Namespace) -> AsyncIterator[Finding]:
    yield _versions()
    try:
        yield _key(arguments)
        client = connect(arguments)
    except ConfigurationError as error:
        yield Finding(
            "configuration",
            "failed",
            in_terms_of_options(str(error)),
            "correct the option or the variable that is named",
        )
        return
    yield _proxy(base_url(arguments))
    try:
        organization = organization_id(arguments)
    except ConfigurationError as error:
        organization = None
        yield Finding("organization", "warning", str(error), "commands for endpoints, events and keys need it")
    async with client:
        async for finding in _of_service(
            client.with_options(timeout=_TIMEOUT, deadline=_TIMEOUT, max_attempts=1),
            organization,
            base_url_source(arguments),
        ):
            yield finding


def _versions() -> Finding:
    missing = [extra for extra, package in _EXTRAS.items() if not _installed(package)]
    details = f"tripwire-async {__version__}, Python {platform.python_version()}, aiohttp {version('aiohttp')}"
    if not missing:
        return Finding("versions", "ok", details)
    return Finding("versions", "ok", f"{details}; extras that are not installed: {', '.join(missing)}")


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _proxy(url: str) -> Finding:
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy is None:
        return Finding("proxy", "ok", f"none for {url}")
    if urllib.request.proxy_bypass(parts.netloc):
        return Finding("proxy", "ok", f"none for {url}, because NO_PROXY names its host")
    shown = proxy.rpartition("@")[2]
    return Finding(
        "proxy",
        "warning",
        f"{shown} for {url}, from {parts.scheme.upper()}_PROXY",
        f"if requests fail, check the proxy, or add {parts.hostname} to NO_PROXY",
    )


def _key(arguments: argparse.Namespace) -> Finding:
    profile = profile_of(arguments)
    key = read_secret_key(arguments.secret_key_file, profile)
    source = profile.secret_key_variable if arguments.secret_key_file is None else "--secret-key-file"
    for prefix, kind in (("sk_live_", "a live key"), ("sk_test_", "a test key")):
        if key.startswith(prefix):
            return Finding("key", "ok", f"{kind} from {source}: {prefix}…")
    return Finding(
        "key", "warning", f"a key of an unknown kind from {source}", "secret keys begin with sk_live_ or sk_test_"
    )


async def _of_service(client: AsyncTripwire, organization: str | None, url_source: str) -> AsyncIterator[Finding]:
    """Yield the findings of requests to the API."""
    allowed: list[str] = []
    denied: list[str] = []
    headers: Mapping[str, str] | None = None
    for scope, request in _requests(client, organization):
        try:
            headers = await request() or headers
        except PermissionDeniedError:
            denied.append(scope)
        except AuthenticationError as error:
            advice = "create a new key, or check that the key belongs to this service"
            yield Finding("authentication", "failed", f"{error.status} {error.code}", advice)
            return
        except NotFoundError:
            advice = "check the id; the key may belong to another organization"
            yield Finding("organization", "failed", f"{organization} does not exist for this key", advice)
            return
        except TripwireError as error:
            advice = "try again later" if isinstance(error, APIError) else "check the URL, the network and the proxy"
            message = in_terms_of_options(str(error), url_source=url_source)
            yield Finding("connection", "failed", message, advice)
            return
        else:
            allowed.append(scope)
    yield Finding("connection", "ok", "the API responds")
    if organization is not None:
        yield Finding("organization", "ok", organization)
    yield _scopes(allowed, denied)
    if headers is not None:
        yield _clock(headers.get("Date"))
        yield _rate_limit(headers)


def _requests(
    client: AsyncTripwire, organization: str | None
) -> Iterator[tuple[str, Callable[[], Awaitable[Mapping[str, str] | None]]]]:
    """Yield for each scope that reads a list a request that needs it; it returns the headers of the response."""

    async def sessions() -> Mapping[str, str]:
        return (await client.with_raw_response.sessions.list(limit=1)).headers

    async def fingerprints() -> None:
        await client.fingerprints.list(limit=1)

    yield "sessions:list", sessions
    yield "fingerprints:list", fingerprints
    if organization is None:
        return
    found = organization

    async def organizations() -> Mapping[str, str]:
        return (await client.with_raw_response.organizations.get(found)).headers

    async def endpoints() -> None:
        await client.webhooks.list_endpoints(found)

    async def keys() -> None:
        await client.organizations.api_keys.list(found, limit=1)

    yield "organizations:read", organizations
    yield "webhooks:read", endpoints
    yield "api_keys:read", keys


def _scopes(allowed: list[str], denied: list[str]) -> Finding:
    details = f"allowed: {', '.join(allowed) or 'none'}"
    if not denied:
        return Finding("scopes", "ok", details)
    advice = "if a command needs it, create a key with this scope: tripwire-async keys create --scope SCOPE"
    return Finding("scopes", "warning", f"{details}; denied: {', '.join(denied)}", advice)


def _clock(date: str | None) -> Finding:
    try:
        service = parsedate_to_datetime(date or "")
    except ValueError:
        return Finding("clock", "warning", "the response has no valid date", "a proxy may have changed the response")
    skew = (datetime.now(UTC) - service).total_seconds()
    # The date of the response has whole seconds.
    details = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the service" if abs(skew) > 2 else "correct"
    if abs(skew) < _NOTABLE_SKEW:
        return Finding("clock", "ok", details)
    result: Result = "failed" if abs(skew) > _LARGEST_SKEW else "warning"
    return Finding("clock", result, details, "set the clock of this machine: it rejects webhooks from 300 s on")


def _rate_limit(headers: Mapping[str, str]) -> Finding:
    limit, remaining = headers.get("X-RateLimit-Limit"), headers.get("X-RateLimit-Remaining")
    if limit is None or remaining is None:
        return Finding("rate limit", "ok", "the response has no limit")
    if remaining == "0":
        return Finding("rate limit", "warning", f"0 of {limit} requests left", "requests wait until the limit is reset")
    return Finding("rate limit", "ok", f"{remaining} of {limit} requests left")
