"""Durations and states for display."""

from __future__ import annotations


def duration(seconds: float | None) -> str:
    """Return *seconds* in a suitable unit; a dash for None."""
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def state_label(name: str) -> str:
    """Return the *name* of a state for display, for example ``timed out``."""
    return name.replace("_", " ")
