"""Checks of the base URL and of additional headers."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from yarl import URL

from tripwire_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Characters that URL parsers drop silently, or accept in a host.
_INVALID_IN_URL: Final = re.compile(r"[\s\x00-\x1f\x7f]")

# Headers that the client sets itself, and headers that define the end of a message.
_RESERVED_HEADERS: Final = frozenset(
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
# The characters that are not allowed: a pattern of the allowed ones, nearly all of Unicode, takes ten times as long to
# compile.
_HEADER_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]*")


def parse_base_url(address: object, *, example: str) -> URL:
    """Return *address* as a URL that a key may be sent to.

    Raises `ConfigurationError` for an invalid URL, one with a user, query or fragment, and one that sends the key in
    plain text to another machine; the message shows *example*.
    """
    text = str(address)
    # The message must not show what may be a password or a key.
    shown = repr(re.split(r"[?#]", text.rpartition("@")[2])[0])
    try:
        url = URL(text)
        host = url.host
    except ValueError:
        url, host = URL(), None
    if not host or url.scheme not in {"http", "https"} or _INVALID_IN_URL.search(text):
        reason = f"is not a valid URL: pass one like {example}"
    elif "@" in text or url.query_string or url.fragment:
        reason = "must not have a user, a query or a fragment"
    elif url.scheme == "http" and not is_loopback(host):
        reason = "must begin with https://, because http:// sends the key in plain text"
    else:
        return url
    msg = f"base_url {shown} {reason}"
    raise ConfigurationError(msg)


def is_loopback(host: str) -> bool:
    """Return whether *host* is a name or an address of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return *headers*; raise `ConfigurationError` for one that the client sets itself or that is malformed."""
    for name, value in headers.items():
        _check_header(name, value)
    return headers


def _check_header(name: object, value: object) -> None:
    if not (isinstance(name, str) and isinstance(value, str)):
        msg = f"the header {name!r} cannot be sent: name and value must be strings"
    elif name.lower() in _RESERVED_HEADERS:
        msg = f"the header {name} cannot be given: the client sets it"
    elif not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
        msg = f"the header {name!r} cannot be sent: the name is not a token, or the value has a control character"
    else:
        return
    raise ConfigurationError(msg)
