"""Secret: text that is hidden wherever it is printed."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn, final

SECRET_PREFIXES: Final = ("sk_live_", "sk_test_", "pk_live_", "pk_test_", "whsec_", "gtpoll_", "agt_")
"""Prefixes that name a kind of secret; they stay visible."""


@final
class Secret:
    """Text that prints as ``Secret('whsec_…')``; only `reveal` returns it.

    The prefix that names the kind of secret stays visible. The rest and its length do not. Comparison takes
    constant time. Copies are the same object. Pickling raises `TypeError`, because a pickle is not protected: send the
    result of `reveal` if you must.
    """

    __slots__ = ("_text",)

    _text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
            msg = f"a Secret must be made from a string, not {type(text).__name__}"
            raise TypeError(msg)
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        prefix = next((known for known in SECRET_PREFIXES if self._text.startswith(known)), "")
        return f"Secret('{prefix}…')"

    __str__ = __repr__

    def __format__(self, spec: str, /) -> str:
        return format(repr(self), spec)

    def __setattr__(self, name: str, value: object, /) -> None:
        msg = f"a Secret is immutable: cannot set attribute {name!r}"
        raise AttributeError(msg)

    def __delattr__(self, name: str, /) -> None:
        msg = f"a Secret is immutable: cannot delete attribute {name!r}"
        raise AttributeError(msg)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # compare_digest accepts only ASCII strings, but any bytes.
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
        msg = "a Secret cannot be pickled, because a pickle is not protected: pass on the result of reveal() instead"
        raise TypeError(msg)


def _bytes(secret: Secret) -> bytes:
    # JSON and files may contain lone surrogates.
    return secret.reveal().encode(errors="surrogatepass")
