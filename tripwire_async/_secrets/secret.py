"""A text that hides itself wherever things get printed."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn, final

SECRET_PREFIXES: Final = ("sk_live_", "sk_test_", "pk_live_", "pk_test_", "whsec_", "gtpoll_", "agt_")

"""Prefixes that name a kind of secret; they stay visible."""


@final
class Secret:
    """A text that prints hidden, as ``Secret('whsec_…')``; `reveal` is the only way to it.

    The prefix that tells what kind of secret it is stays visible; nothing else does, not even the length. Two secrets
    compare in constant time. A copy is the same one; pickling is a TypeError, because whoever finds a pickle can read
    it: pass on what `reveal` gives, on purpose.
    """

    __slots__ = ("_text",)

    _text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
            msg = f"a secret is made of text, not of {type(text).__name__}"
            raise TypeError(msg)
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        prefix = next((known for known in SECRET_PREFIXES if self._text.startswith(known)), "")
        return f"Secret('{prefix}…')"

    __str__ = __repr__

    def __format__(self, spec: str, /) -> str:
        return format(repr(self), spec)

    def __setattr__(self, name: str, value: object, /) -> None:
        msg = f"a Secret cannot be changed: no attribute {name!r} can be set"
        raise AttributeError(msg)

    def __delattr__(self, name: str, /) -> None:
        msg = f"a Secret cannot be changed: no attribute {name!r} can be deleted"
        raise AttributeError(msg)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # Bytes, as text is compared only when it is ASCII; and any text at all can be read from JSON or a file.
        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        msg = "a Secret is not pickled, as a pickle can be read by anybody: pass on the text of reveal() instead"
        raise TypeError(msg)


def as_secret(text: str | Secret) -> Secret:
    """Return *text* as the secret that it is.

    Bind the result to the name of what was given before anything can fail: reports of errors like to print what the
    frames hold.
    """
    return text if isinstance(text, Secret) else Secret(text)


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode(errors="surrogatepass")
