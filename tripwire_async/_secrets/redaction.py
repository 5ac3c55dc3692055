"""Text from elsewhere, made fit to be shown."""

from __future__ import annotations

from typing import Final

from .secret import without_secrets

_EXCERPT_CHARACTERS: Final = 500


def legible(text: str) -> str:
    """Return the beginning of a *text* from elsewhere, in one line, fit for a terminal and without secrets."""
    line = " ".join(without_secrets(text[: 4 * _EXCERPT_CHARACTERS]).split())
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)
    return shown if len(shown) <= _EXCERPT_CHARACTERS else shown[:_EXCERPT_CHARACTERS] + "…"


def excerpt(body: bytes) -> str:
    """Return the beginning of *body* as text, for a person to read; what looks like a secret is hidden."""
    text = without_secrets(body[: 4 * _EXCERPT_CHARACTERS].decode(errors="replace"))
    return text if len(text) <= _EXCERPT_CHARACTERS else text[:_EXCERPT_CHARACTERS] + "…"
