"""Enumerations that accept values of later releases of the service."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class OpenEnum(StrEnum):
    """An enumeration that accepts unknown values.

    An unknown value becomes a member that is not listed and whose `is_known` is False. It equals its text, has the same
    hash, prints as its text, and can be copied and pickled. Two members of the same unknown text are equal but not
    identical, since they are not cached: compare with ``==``, not with ``is``.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        text = str(value)
        unknown = str.__new__(cls, text)
        unknown._name_ = unknown._value_ = text
        return unknown

    @classmethod
    def parse(cls, value: str) -> Self:
        """Return the known member for *value*, or raise `ValueError` with a list of the known values.

        A member is returned unchanged, known or not: ``Verdict("new")`` is a deliberate unknown value, whereas
        ``"new"`` may be a typing error.
        """
        member = cls(value)
        if member.is_known or isinstance(value, cls):
            return member
        known = ", ".join(repr(known.value) for known in cls)
        msg = f"unknown {cls.__name__} {str(value)!r}: choose from {known}"
        raise ValueError(msg)

    @property
    def is_known(self) -> bool:
        """True if the API's description lists this value."""
        return self._value_ in type(self)._value2member_map_

    def __reduce_ex__(self, protocol: object) -> tuple[type[Self], tuple[str]]:
        # By value: Python before 3.11.4 pickles by name, and an unknown member cannot be found by name.
        return type(self), (self._value_,)

    def __repr__(self) -> str:
        if self.is_known:
            return f"<{type(self).__name__}.{self._name_}: {self._value_!r}>"
        return f"<{type(self).__name__}: {self._value_!r}, unknown>"
