"""Verification of a webhook's signature and age, from bytes and headers alone."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tripwire_async._secrets.keys import Secrets, hide_all, require_secrets
from tripwire_async.errors import ConfigurationError, SignatureError
from tripwire_async.profiles import PROFILES, TRIPWIRE

from .arguments import MAX_UNIX_SECONDS, check_tolerance, require_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tripwire_async._secrets.secret import Secret
    from tripwire_async.profiles import Profile

__all__ = ["DEFAULT_TOLERANCE", "require_signing_secrets", "sign_webhook", "verify_signature"]

DEFAULT_TOLERANCE: Final = 300
"""Largest accepted difference between a timestamp and now, in seconds; the service's own rule."""

_SECRET_NAME: Final = "webhook signing secret"  # noqa: S105 - a term for error messages
_UNIX_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_API_KEYS: Final = ("sk_", "pk_")
_HEX_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def verify_signature(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secrets,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
    now: float | None = None,
) -> None:
    """Raise `SignatureError` unless the service signed *body* within *tolerance* seconds of now.

    The headers have the names of either profile, `TRIPWIRE` or `FOIL`. A timestamp of one profile does not match a
    signature of the other. If both pairs are present, both must be valid.

    Args:
        body: The body as received, before any parsing: the signature covers its bytes.
        headers: Any mapping, in any case. It may hold several values per name, as the mappings of aiohttp and Starlette
            do, or lists. A signature or timestamp that occurs twice is rejected, because two readers could each use a
            different one.
        secret: The signing secret of the endpoint, the whole ``whsec_…`` text, or several during a rotation. All of
            them are always tried.
        tolerance: Largest accepted age, in seconds. Timestamps in the future are subject to the same limit.
        now: The time in Unix seconds. None means the system clock.

    Raises:
        SignatureError: The headers are missing or invalid, the webhook is too old, or the signature does not match.
        TypeError: *body* is not bytes, *headers* is not a mapping, or *tolerance* or *now* is not a number.
        ValueError: *tolerance* is negative or not a finite number.
        ConfigurationError: No secret was given, an empty one, or an API key.
    """
    secret = hide_all(secret)
    require_signing_secrets(secret)
    _require_bytes(body)
    if not isinstance(headers, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        msg = f"headers must be a mapping such as request.headers, not {type(headers).__name__}"
        raise TypeError(msg)
    check_tolerance(tolerance)
    current = time.time() if now is None else now
    require_number("now", current, "Unix seconds")
    for timestamp, signature in _signatures(headers):
        # A `now` of nan must be rejected: every comparison with nan is false.
        if not abs(current - int(timestamp)) <= tolerance:
            msg = (
                f"the webhook's timestamp is more than {tolerance:g} s from now: it is a replay, arrived very late, or "
                "the clock of this machine is wrong"
            )
            raise SignatureError(msg)
        if not _is_genuine(body, secret, timestamp, signature):
            msg = (
                "the webhook's signature does not match: check that the secret is the endpoint's own, whole whsec_… "
                "text, and that no proxy or middleware changed the body"
            )
            raise SignatureError(msg)


def sign_webhook(
    body: bytes, secret: str | Secret, timestamp: float | None = None, *, profile: Profile = TRIPWIRE
) -> dict[str, str]:
    """Return the headers with which the service would send *body*, for tests of an endpoint.

    *timestamp* is in Unix seconds. A fraction is dropped. None means now. *profile* determines the header names.

    Raises:
        TypeError: *body* is not bytes, or *timestamp* is not a number.
        ValueError: No webhook can have this *timestamp*.
        ConfigurationError: *secret* is empty, or an API key.
    """
    secrets = hide_all(secret)
    del secret
    require_signing_secrets(secrets)
    _require_bytes(body)
    if timestamp is None:
        timestamp = time.time()
    require_number("timestamp", timestamp, "Unix seconds")
    if not 0 <= timestamp < MAX_UNIX_SECONDS:
        msg = f"timestamp must be a time in Unix seconds, not {timestamp!r}"
        raise ValueError(msg)
    signed_at = str(int(timestamp))
    signature = _digest(body, secrets[0], signed_at).decode()
    return {profile.timestamp_header: signed_at, profile.signature_header: signature}


def require_signing_secrets(secrets: tuple[Secret, ...]) -> None:
    """Check the result of `hide_all`: raise `ConfigurationError` or `TypeError` unless all can be signing secrets."""
    require_secrets(secrets, name=_SECRET_NAME)
    if any(secret.reveal().startswith(_API_KEYS) for secret in secrets):
        msg = "an API key (sk_… or pk_…) was given as a webhook signing secret: pass the endpoint's own whsec_… text"
        raise ConfigurationError(msg)


def _require_bytes(body: bytes) -> None:
    if not isinstance(body, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        msg = (
            f"the body must be bytes, not {type(body).__name__}: the signature covers the bytes as they were received, "
            "and decoding or parsing them first can change them"
        )
        raise TypeError(msg)


def _is_genuine(body: bytes, secrets: tuple[Secret, ...], timestamp: str, signature: bytes) -> bool:
    """Compare *signature* with that of every secret, so that the duration does not tell which one matched."""
    genuine = False
    for secret in secrets:
        genuine |= hmac.compare_digest(_digest(body, secret, timestamp), signature)
    return genuine


def _digest(body: bytes, secret: Secret, timestamp: str) -> bytes:
    signed = timestamp.encode() + b"." + body
    # Text that cannot be encoded must not end in an exception that carries it, and no local may hold the key.
    return hmac.new(secret.reveal().encode("utf-8", "surrogatepass"), signed, hashlib.sha256).hexdigest().encode()


def _signatures(headers: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield each timestamp with its signature, both well-formed; raise if there is no pair."""
    found = False
    for profile in PROFILES.values():
        timestamp_header, signature_header = profile.timestamp_header, profile.signature_header
        timestamp = _single_value(headers, timestamp_header)
        signature = _single_value(headers, signature_header)
        if timestamp is None and signature is None:
            continue
        if timestamp is None or signature is None:
            missing, present = (
                (timestamp_header, signature_header) if timestamp is None else (signature_header, timestamp_header)
            )
            msg = f"the webhook has the header {present} but not {missing}, which belongs to it"
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
        raise SignatureError(_missing_headers(headers))


def _missing_headers(headers: Mapping[str, str]) -> str:
    if any(isinstance(name, bytes) for name in headers):
        return "the webhook's header names are bytes: pass a mapping of text such as request.headers"
    for profile in PROFILES.values():
        variable = "HTTP_" + profile.timestamp_header.upper().replace("-", "_")
        if any(name.upper() == variable for name in headers):
            return f"the webhook's headers are WSGI variables such as {variable}: pass request.headers"
    expected = " or ".join(f"{each.timestamp_header} and {each.signature_header}" for each in PROFILES.values())
    return f"the webhook has no {expected} headers: it is not from the service, or a proxy removed them"


def _single_value(headers: Mapping[str, str], name: str) -> str | None:
    wanted = name.lower()
    values = [
        text for key, value in headers.items() if key.lower() == wanted for text in _values(value)
    ]  # items() of a multi-valued mapping yields each value
    if len(values) > 1:
        msg = f"the webhook has the header {name} {len(values)} times; it must occur once"
        raise SignatureError(msg)
    return values[0] if values else None


def _values(value: object) -> list[str]:
    """Return the values in *value*, which is a list in the mappings of some frameworks."""
    if isinstance(value, (list, tuple)):
        return [str(text) for text in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - untyped frameworks
    return [str(value)]
