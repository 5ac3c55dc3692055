"""Keys as arguments: one, or several during a rotation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, cast

from tripwire_async.errors import ConfigurationError

from .secret import Secret

Secrets: TypeAlias = str | Secret | Iterable[str | Secret]
"""One secret, or all secrets that are valid during a rotation."""


def hide_all(secrets: Secrets) -> tuple[Secret, ...]:
    """Return each of *secrets* as a `Secret`, without checking them.

    Assign the result to the name of the argument before anything can raise, because error reporters print the locals of
    every frame. `require_secrets` checks the result.
    """
    several = secrets if isinstance(secrets, Iterable) and not isinstance(secrets, (str, bytes)) else (secrets,)
    # The type of an invalid value takes its place, so that the error can name it without showing the value.
    return cast("tuple[Secret, ...]", tuple(map(_hide, several)))


def require_secrets(secrets: tuple[Secret, ...], *, name: str) -> None:
    """Check the result of `hide_all`; *name* is the term for one of them in an error message.

    Raises `ConfigurationError` if *secrets* is empty or contains an empty one, since anyone could sign with an empty
    key, and `TypeError` for a value other than text or a `Secret`.
    """
    for secret in secrets:
        require_secret(secret, name=f"a {name}")
    if not secrets:
        msg = f"no {name} was given: pass one, or several during a rotation"
        raise ConfigurationError(msg)
    if not all(secrets):
        msg = f"an empty {name} was given: check the variable that it comes from"
        raise ConfigurationError(msg)


def hide(secret: str | Secret) -> Secret:
    """Return *secret* as a `Secret`, without checking it; `require_secret` and `require_key` check the result.

    Assign the result to the name of the argument before anything can raise, because error reporters print the locals of
    every frame.
    """
    # The type of an invalid value takes its place, so that the error can name it without showing the value.
    return cast("Secret", _hide(secret))


def require_secret(secret: Secret, *, name: str) -> None:
    """Check the result of `hide` for the argument *name*; raise `TypeError` if it was not text."""
    wrong = _wrong_type(secret)
    if wrong is not None:
        msg = f"{name} must be text or a Secret, not {wrong}"
        raise TypeError(msg)


def require_key(key: Secret) -> None:
    """Check the result of `hide` for a secret key; raise `ConfigurationError` if it was not text."""
    wrong = _wrong_type(key)
    if wrong is not None:
        msg = f"a secret key must be a string that begins with sk_, or a Secret, not {wrong}"
        if wrong == "bytes":
            msg += ": decode it first"
        raise ConfigurationError(msg)


def _wrong_type(secret: object) -> str | None:
    return secret.__name__ if isinstance(secret, type) else None


def _hide(secret: object) -> object:
    if isinstance(secret, (Secret, type)):
        return secret
    return Secret(secret) if isinstance(secret, str) else type(secret)
