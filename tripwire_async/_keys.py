"""One secret or several: what every function that verifies takes, so that a secret can be rotated without a gap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias, cast

from ._secret import Secret
from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

Secrets: TypeAlias = str | Secret | Iterable[str | Secret]
"""One secret, or all that are valid while one is being rotated."""


def revealed(secrets: Secrets, *, name: str) -> tuple[str, ...]:
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
