"""Whether the service sent a webhook: its signature and its age, from nothing but bytes and headers."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import time
from typing import TYPE_CHECKING, Final

from tripwire_async._secrets.keys import Secrets, reveal_all
from tripwire_async.errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tripwire_async._secrets.secret import Secret

__all__ = ["DEFAULT_TOLERANCE", "sign_webhook", "verify_signature"]

DEFAULT_TOLERANCE: Final = 300
"""Seconds that a timestamp may lie from now, either way; the service's own rule."""

# The service goes by two names. Each signs under headers of its own, in the same way.
_TIMESTAMP_AND_SIGNATURE: Final = (
    ("X-Tripwire-Timestamp", "X-Tripwire-Signature"),
    ("X-Foil-Timestamp", "X-Foil-Signature"),
)
_UNIX_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_HEX_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def verify_signature(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secrets,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
    now: float | None = None,
) -> None:
    """Return if the service signed *body* less than *tolerance* seconds ago, else raise `SignatureError`.

    *body* is the body as it came, before any parsing: the signature covers its bytes. *headers* is any mapping, in any
    case, and may hold several values for a name (as those of aiohttp and Starlette do, or lists); a signature or
    timestamp that is there twice is refused, because two readers could each believe another one. *secret* is the
    endpoint's signing secret, the whole ``whsec_…`` text, or several of them while one is being rotated; all are always
    tried. *now* is the time in Unix seconds, by default that of the system.

    The headers are ``X-Tripwire-Timestamp`` and ``X-Tripwire-Signature``, or the same under the service's later name,
    ``X-Foil-…``. A timestamp of one name does not go with a signature of the other; where both pairs are there, both
    must be right.

    Raises `TypeError` for a body that is not bytes, `ValueError` for a *tolerance* that is negative or no finite
    number, and `ConfigurationError` without a secret.
    """
    if not isinstance(body, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        msg = (
            f"the body must be bytes, not {type(body).__name__}: the signature covers the bytes as they were received, "
            "and decoding or parsing them first can change them"
        )
        raise TypeError(msg)
    if not 0 <= tolerance < math.inf:
        msg = f"tolerance must be a finite number of seconds of 0 or more, not {tolerance!r}"
        raise ValueError(msg)
    keys = [_key(text) for text in reveal_all(secret, name="webhook signing secret")]
    current = time.time() if now is None else now
    for timestamp, signature in _signatures(headers):
        # Written so that a `now` that is not a number refuses, too.
        if not abs(current - int(timestamp)) <= tolerance:
            msg = (
                f"the webhook's timestamp is more than {tolerance:g} s from now: it is a replay, came very late, or "
                "this machine's clock is wrong"
            )
            raise SignatureError(msg)
        genuine = False
        for key in keys:
            genuine |= hmac.compare_digest(_digest(body, key, timestamp), signature)
        if not genuine:
            msg = (
                "the webhook's signature does not match: check that the secret is the endpoint's own, whole whsec_… "
                "text, and that the body was not changed on the way"
            )
            raise SignatureError(msg)


def sign_webhook(body: bytes, secret: str | Secret, timestamp: int | None = None) -> dict[str, str]:
    """Return the headers with which the service would send *body*: for tests of your own endpoint.

    *timestamp* is in Unix seconds, by default now.
    """
    (text,) = reveal_all(secret, name="webhook signing secret")
    moment = str(int(time.time()) if timestamp is None else timestamp)
    timestamp_header, signature_header = _TIMESTAMP_AND_SIGNATURE[0]
    return {timestamp_header: moment, signature_header: _digest(body, _key(text), moment).decode()}


def _key(secret: str) -> bytes:
    # Text that cannot be encoded must not end in an exception that carries it.
    return secret.encode("utf-8", "surrogatepass")


def _digest(body: bytes, key: bytes, timestamp: str) -> bytes:
    return hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest().encode()


def _signatures(headers: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield each timestamp with its signature, both of the right shape; at least one pair, or raise."""
    found = False
    for timestamp_header, signature_header in _TIMESTAMP_AND_SIGNATURE:
        timestamp = _single_value(headers, timestamp_header)
        signature = _single_value(headers, signature_header)
        if timestamp is None and signature is None:
            continue
        if timestamp is None or signature is None:
            missing, there = (
                (timestamp_header, signature_header) if timestamp is None else (signature_header, timestamp_header)
            )
            msg = f"the webhook has the header {there} but not {missing}, which belongs to it"
            raise SignatureError(msg)
        if not _UNIX_SECONDS.fullmatch(timestamp):
            msg = f"the webhook's {timestamp_header} is not a number of Unix seconds in plain digits"
            raise SignatureError(msg)
        if not _HEX_SHA256.fullmatch(signature):
            msg = f"the webhook's {signature_header} is not 64 lower-case hexadecimal digits"
            raise SignatureError(msg)
        found = True
        yield timestamp, signature.encode()
    if not found:
        timestamp_header, signature_header = _TIMESTAMP_AND_SIGNATURE[0]
        msg = (
            f"the webhook has no {timestamp_header} and {signature_header} headers: it is not from the service, or "
            "something on the way removed them"
        )
        raise SignatureError(msg)


def _single_value(headers: Mapping[str, str], name: str) -> str | None:
    wanted = name.lower()
    values = [
        one for key, value in headers.items() if key.lower() == wanted for one in _values(value)
    ]  # items() of a multi-valued mapping yields each value
    if len(values) > 1:
        msg = f"the webhook has the header {name} {len(values)} times; it must be there once"
        raise SignatureError(msg)
    return values[0] if values else None


def _values(value: object) -> list[str]:
    """Return the values in *value*, which in some frameworks' mappings is a list of them."""
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - anything may be in it
    return [str(value)]
