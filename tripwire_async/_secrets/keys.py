"""Keys as users pass them: one, or several while one is being rotated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias, cast

from tripwire_async.errors import ConfigurationError

from .secret import Secret, as_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

Secrets: TypeAlias = str | Secret | Iterable[str | Secret]
"""One secret, or all that are valid while one is being rotated."""


def reveal_all(secrets: Secrets, *, name: str) -> tuple[str, ...]:
    """Return the texts of *secrets*; *name* is what an error message calls one of them.

    Raises `ConfigurationError` where there is none or one is empty, since an empty key would verify what anybody can
    make, and `TypeError` for anything that is no text. No message holds any of them.
    """
    texts = tuple(_texts(secrets, name))
    if not texts:
        msg = f"no {name} was given: pass one, or several while one is being rotated"
        raise ConfigurationError(msg)
    if not all(texts):
        msg = f"an empty {name} was given: is the variable that it comes from set?"
        raise ConfigurationError(msg)
    return texts


def as_secret_key(key: object) -> Secret:
    """Return a secret *key* as the secret that it is; raise `ConfigurationError` for what is no text."""
    if isinstance(key, (str, Secret)):
        return as_secret(key)
    msg = f"a secret key is text that begins with sk_ (or a Secret), not {type(key).__name__}"
    if isinstance(key, bytes):
        msg += ": decode it first"
    # Reports of errors print what the frames hold.
    del key
    raise ConfigurationError(msg)


def _texts(secrets: object, name: str) -> Iterator[str]:
    several: Iterable[object]
    if isinstance(secrets, Iterable) and not isinstance(secrets, (str, bytes)):
        several = cast("Iterable[object]", secrets)
    else:
        several = (secrets,)
    for secret in several:
        if isinstance(secret, Secret):
            yield secret.reveal()
        elif isinstance(secret, str):
            yield secret
        else:
            msg = f"a {name} is text or a Secret, not {type(secret).__name__}"
            raise TypeError(msg)
