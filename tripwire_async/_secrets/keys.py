"""Keys as arguments: one, or several during a rotation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, cast

from tripwire_async.errors import ConfigurationError

from .secret import Secret, as_secret

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
    for secret in cast("tuple[object, ...]", secrets):
        if isinstance(secret, type):
            msg = f"a {name} must be text or a Secret, not {secret.__name__}"
            raise TypeError(msg)
    if not secrets:
        msg = f"no {name} was given: pass one, or several during a rotation"
        raise ConfigurationError(msg)
    if not all(secrets):
        msg = f"an empty {name} was given: check the variable that it comes from"
        raise ConfigurationError(msg)


def as_secret_key(key: object) -> Secret:
    """Return *key* as a `Secret`; raise `ConfigurationError` if it is not a string."""
    if isinstance(key, (str, Secret)):
        return as_secret(key)
    msg = f"a secret key must be a string that begins with sk_, or a Secret, not {type(key).__name__}"
    if isinstance(key, bytes):
        msg += ": decode it first"
    # Error reports print the locals of frames.
    del key
    raise ConfigurationError(msg)


def _hide(secret: object) -> object:
    if isinstance(secret, (Secret, type)):
        return secret
    return Secret(secret) if isinstance(secret, str) else type(secret)
