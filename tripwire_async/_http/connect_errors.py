"""Reasons for which an attempt has no connection, or a response that cannot be read, with the remedy."""

from __future__ import annotations

import errno
import re
import ssl
from typing import TYPE_CHECKING, Final

import aiohttp
import attrs

from tripwire_async._secrets.redaction import sanitize
from tripwire_async.profiles import PROFILES

if TYPE_CHECKING:
    from yarl import URL

_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE})
_CREDENTIALS: Final = 407
_DEFAULT_ORIGINS: Final = frozenset(profile.base_url for profile in PROFILES.values())
_TRUST: Final = "name its CA in SSL_CERT_FILE, or pass a session that trusts it"
_CERTIFICATE_ADVICE: Final = {
    9: "check the clock of this machine",  # codes of OpenSSL: it is not valid yet
    10: "renew it, or check the clock of this machine",  # it has expired
    62: "check base_url",  # it is for other names
    64: "check base_url",  # or for other IP addresses
}
_CERTIFICATE_REJECTED: Final = re.compile(r"ALERT_(\w*CERTIFICATE|UNKNOWN_CA)")


@attrs.frozen
class Problem:
    """Reason of a failed attempt.

    Attributes:
        text: The reason and the remedy.
        retryable: Whether a retry can help.
    """

    text: str
    retryable: bool = True


def is_out_of_descriptors(error: BaseException) -> bool:
    """Return whether *error* says that the process has too many open files, so that it could not open a socket."""
    return isinstance(error, OSError) and error.errno in _NO_DESCRIPTORS


def is_certificate_rejected(error: BaseException) -> bool:
    """Return whether *error* says that the server rejects the certificate of the client, or that there is none.

    With TLS 1.3 the client has finished its part of the handshake by then, and may have written the request. The server
    does not read it.
    """
    return isinstance(error, aiohttp.ClientOSError) and _CERTIFICATE_REJECTED.search(str(error)) is not None


def connect_problem(url: URL, error: BaseException, text: str, proxy: str | None) -> Problem:
    """Return why there is no connection to *url*; *text* is the message of *error*, *proxy* the proxy in use."""
    origin = url.origin()
    target = f"{origin}" if proxy is None else f"{origin} through the proxy {proxy}"
    retryable = True
    if isinstance(error, aiohttp.ClientHttpProxyError):
        advice = "its user and password" if error.status == _CREDENTIALS else "its rules"
        status = f"{error.status} {sanitize(error.message)}"
        reason = f"the proxy{f' {proxy}' if proxy else ''} rejected the tunnel to {origin} ({status}): check {advice}"
        retryable = error.status >= 500
    elif isinstance(error, aiohttp.ClientProxyConnectionError):
        where = proxy or f"{error.host}:{error.port}"
        reason = f"cannot connect to the proxy {where} ({text}): check the URL of the proxy"
    elif is_out_of_descriptors(error):
        advice = "raise the limit (ulimit -n), or make fewer calls at once"
        reason = f"cannot connect to {target} (too many open files): {advice}"
    elif isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch)):
        code = getattr(getattr(error, "certificate_error", None), "verify_code", 0)
        reason = f"the certificate of {origin} is not trusted ({text}): {_CERTIFICATE_ADVICE.get(code, _TRUST)}"
        retryable = False
    elif is_certificate_rejected(error):
        advice = "pass a session with a client certificate that the server accepts"
        reason = f"{origin} rejects the client in the TLS handshake ({text}): {advice}"
        retryable = False
    elif isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ssl.SSLError):
        is_plain = getattr(error.os_error, "reason", None) == "WRONG_VERSION_NUMBER"
        advice = "whether its URL begins with http://" if is_plain else "that the server supports TLS 1.2 or later"
        reason = f"the TLS handshake with {target} failed ({text}): check {advice}"
        retryable = False
    elif url.scheme == "https" and isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno is None:
        reason = f"the TLS handshake with {target} was cut off ({text}): check base_url"
    else:
        is_default = str(origin) in _DEFAULT_ORIGINS
        advice = "the network, or pass a proxy" if is_default and proxy is None else "base_url"
        reason = f"cannot connect to {target} ({text}): check {advice}"
    return Problem(reason, retryable)


def response_problem(text: str) -> Problem:
    """Return why a response cannot be read; *text* is the message of the parser."""
    # The message contains the beginning of the line.
    if text.startswith("Got more than"):
        limit = next((word for word in text.split() if word.isdigit()), "8190")
        reason = f"a line of the response headers is longer than {limit} bytes"
    elif text.startswith("Too many headers"):
        reason = "the response has too many headers"
    else:
        return Problem(f"the response is malformed ({text}): check that base_url is the URL of the API")
    return Problem(f"{reason}: check what a proxy before the API adds", retryable=False)
