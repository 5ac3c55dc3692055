"""What the body of a failure says about repeating the call."""

from __future__ import annotations

from typing import Final, cast

import attrs
import msgspec

# The service's errors are a few hundred bytes; whatever is longer is a page of somebody else's.
_LONGEST: Final = 65_536


@attrs.frozen
class Advice:
    """The service's own word on a failure.

    Attributes:
        retryable: Whether repeating can help; None when it does not say.
        next_action: What it advises to do, as ``retry``; None when it does not say.
    """

    retryable: bool | None = None
    next_action: str | None = None


_NONE: Final = Advice()


def read_advice(body: bytes) -> Advice:
    """Return what *body* says, field by field; nothing for HTML, a cut-off body or any other shape. Never raises."""
    if len(body) > _LONGEST:
        return _NONE
    try:
        document: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NONE
    error = _field(document, "error")
    retryable = _field(error, "retryable")
    next_action = _field(_field(error, "details"), "next_action")
    return Advice(
        retryable if isinstance(retryable, bool) else None,
        next_action if isinstance(next_action, str) else None,
    )


def _field(value: object, name: str) -> object:
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None
