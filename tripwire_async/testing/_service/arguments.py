"""Checks of the arguments of test tools: names with near matches, and ranges."""

from __future__ import annotations

import difflib
import math
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SIMILAR: Final = 0.6
_MANY: Final = 8
_LONGEST_LIST: Final = 40


def near_matches(text: str, known: Iterable[str]) -> list[str]:
    """Return at most two of the names in *known* that *text* may stand for, best first.

    Names match in any style: ``send_test`` and ``webhooks.send_test`` match ``sendTestWebhook``.
    """
    scored = sorted((-_similarity(text, name), name) for name in known)
    best = -scored[0][0] if scored else 0.0
    return [name for score, name in scored[:2] if -score >= max(_SIMILAR, best - 0.05)]


def _similarity(text: str, name: str) -> float:
    """Return a value from 0 to 1: how similar the characters are, or the words if *name* has all words of *text*."""
    wanted, words = _words(text), _words(name)
    shared = len(wanted & words) / len(wanted | words) if wanted and wanted <= words else -1.0
    characters = difflib.SequenceMatcher(None, text.lower(), name.lower()).ratio()
    return max(characters, 0.7 + 0.3 * shared if shared > 0 else 0.0)


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower().removesuffix("s") for word in _WORD.findall(name))


def unknown(kind: str, text: object, known: Collection[str]) -> ValueError:
    """Return the error for *text*, which is not one of the *known* names of *kind*."""
    matches = near_matches(text, known) if isinstance(text, str) else []
    quoted = f'"{text}"' if isinstance(text, str) else repr(text)
    message = f"unknown {kind} {quoted}"
    if matches:
        message += f": did you mean {' or '.join(matches)}?"
    if not matches or len(known) <= _MANY:
        shown = sorted(known)
        more = ", …" if len(shown) > _LONGEST_LIST else ""
        message += f"{' ' if matches else '. '}Choose from: {', '.join(shown[:_LONGEST_LIST])}{more}"
    return ValueError(message)


def check_name(kind: str, text: object, known: Collection[str]) -> None:
    """Raise ValueError unless *text* is one of the *known* names of *kind*."""
    if not isinstance(text, str) or text not in known:
        raise unknown(kind, text, known)


def check_number(name: str, value: object, least: float, most: float = math.inf) -> None:
    """Raise ValueError unless *value* is a finite number from *least* to *most*."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        if least <= value <= most:
            return
        expected = f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
    else:
        expected = "a number"
    msg = f"{name} must be {expected}, not {value!r}"
    raise ValueError(msg)


def check_count(name: str, value: object, least: int, most: float = math.inf) -> None:
    """Raise ValueError unless *value* is a whole number from *least* to *most*."""
    if type(value) is not int:
        msg = f"{name} must be a whole number, not {value!r}"
        raise ValueError(msg)
    check_number(name, value, least, most)
