"""Marks of what only one profile of the service has: ``x-profiles`` and ``x-value-profiles``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .document import Node

TITLES: Final = {"tripwire": "Tripwire", "foil": "Foil"}
ALL: Final = tuple(TITLES)


def of(node: Node) -> tuple[str, ...]:
    """Return the names of the profiles that have *node*; without a mark, all of them."""
    return _checked(node["x-profiles"]) if "x-profiles" in node else ALL


def of_values(node: Node) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the marked values of the enumeration *node*, each with its profiles."""
    if "x-value-profiles" not in node:
        return ()
    marks = node["x-value-profiles"]
    for value, mark in marks.members():
        if value not in node["enum"].value:
            mark.error(f"{value!r} is not a value of the enumeration")
    return tuple((value, _checked(mark)) for value, mark in marks.members())


def note(profiles: tuple[str, ...]) -> str:
    """Return the sentence for docstrings about something that only *profiles* have."""
    return "" if profiles == ALL else f"{_titles(profiles)} only."


def values_note(marks: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """Return the sentences for docstrings about the marked values of an enumeration."""
    by_profiles: dict[tuple[str, ...], list[str]] = {}
    for value, profiles in marks:
        by_profiles.setdefault(profiles, []).append(f"`{value}`")
    return " ".join(f"{_titles(profiles)} only: {', '.join(values)}." for profiles, values in by_profiles.items())


def _titles(profiles: tuple[str, ...]) -> str:
    return " and ".join(TITLES[profile] for profile in profiles)


def _checked(mark: Node) -> tuple[str, ...]:
    profiles = tuple(mark.texts())
    if len(profiles) != 1 or profiles[0] not in TITLES:
        mark.error(f"expected one of {', '.join(TITLES)}")
    return profiles
