"""HTTP proxies: validation of their URL, the choice of the environment, and their name in messages."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Final

from yarl import URL

from tripwire_async._secrets.keys import require_secret
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError

from .configuration import is_loopback

if TYPE_CHECKING:
    import aiohttp

_SCHEMES: Final = frozenset({"http", "https"})


def choose_proxy(proxy: Secret | None, url: URL, *, trust_env: bool) -> Secret | None:
    """Return *proxy*, or the one of the environment for *url* if *trust_env*, or None.

    Raises `ConfigurationError` if it is not the URL of an HTTP proxy.
    """
    if proxy is not None:
        require_secret(proxy, name="proxy")
    elif trust_env:
        proxy = environment_proxy(url)
    reason = None if proxy is None else _invalid_reason(proxy)
    if reason is not None:
        msg = f"the URL of the proxy {reason}: pass one like http://user:password@proxy.example:3128"
        raise ConfigurationError(msg)
    return proxy


def environment_proxy(url: URL) -> Secret | None:
    """Return the proxy for *url* from ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``; None for a loopback address.

    Other systems than Unix may have it in their settings. A URL without a scheme means http.
    """
    host = url.host or ""
    if is_loopback(host) or urllib.request.proxy_bypass(f"{host}:{url.port}"):
        return None
    proxy = urllib.request.getproxies().get(url.scheme)
    return Secret(proxy if "://" in proxy else f"http://{proxy}") if proxy else None


def proxy_name(session: aiohttp.ClientSession, url: URL) -> str | None:
    """Return the proxy through which *session* requests *url*, without its user and password; None without one."""
    proxy: object = session._default_proxy  # pyright: ignore[reportPrivateUsage] - aiohttp has no public attribute
    if proxy is None and session.trust_env:
        found = environment_proxy(url)
        proxy = None if found is None else found.reveal()
    return None if proxy is None else str(URL(str(proxy)).origin())


def _invalid_reason(proxy: Secret) -> str | None:
    try:
        url = URL(proxy.reveal())
        url.origin()
    except ValueError:
        return "is not valid"
    if url.scheme.startswith("socks"):
        return f"begins with {url.scheme}://, and only http:// and https:// are supported"
    return None if url.scheme in _SCHEMES else "is not valid"
