"""Enumerations that outlive the service's next release."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class OpenEnum(StrEnum):
    """An enumeration that keeps a value which it does not name.

    Such a value is a member like the others, except that it is in no listing of them and `is_known` is False: it
    equals its text, hashes as it, prints as it, and survives copying and pickling. Two of the same text are equal but
    not identical, because none of them is kept for good; so compare with ``==`` and never with ``is``.
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
        """Return the member for *value*, which must be one that this enumeration names.

        A member is taken as it is, known or not: ``Verdict("new")`` says on purpose what ``"new"`` may say by mistake.
        Raises ValueError for any other text, naming the texts that would do.
        """
        member = cls(value)
        if member.is_known or isinstance(value, cls):
            return member
        known = ", ".join(repr(known.value) for known in cls)
        name = cls.__name__
        msg = f"{str(value)!r} is no {name}; known are {known}, and {name}({str(value)!r}) is taken as it is"
        raise ValueError(msg)

    @property
    def is_known(self) -> bool:
        """Whether the API's description names this value."""
        return self._value_ in type(self)._value2member_map_

    def __reduce_ex__(self, protocol: object) -> tuple[type[Self], tuple[str]]:
        # By value: Python before 3.11.4 goes by name, and a value that is not named has none to be found by.
        return type(self), (self._value_,)

    def __repr__(self) -> str:
        if self.is_known:
            return f"<{type(self).__name__}.{self._name_}: {self._value_!r}>"
        return f"<{type(self).__name__}: {self._value_!r}, unknown>"
