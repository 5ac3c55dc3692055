"""Field types of models: the sentinel for unset fields, timestamps and discriminators."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import attrs
from msgspec import UNSET, Meta, UnsetType

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PROFILE", "READ_ONLY", "UNSET", "Discriminator", "Timestamp", "UnsetType"]

PROFILE: Final = "profile"
"""Metadata key of a request field that only one profile has; the value is the profile's name."""

READ_ONLY: Final = "read_only"
"""Metadata key of a field that the service sets: required in responses, left out of requests."""

if TYPE_CHECKING:
    Timestamp: TypeAlias = Annotated[datetime, Meta(tz=True)]
else:
    # Libraries that stop time in tests replace the class by a subclass, which msgspec does not know.
    Timestamp = Annotated[next(cls for cls in datetime.__mro__ if cls.__module__ == "datetime"), Meta(tz=True)]
"""A timestamp with a time zone; decoding one without is an error."""


@attrs.frozen
class Discriminator:
    """Metadata of a field whose model depends on another field; its key in the metadata is this class.

    Attributes:
        field: The name of the field that decides.
        models: The model for each value of that field; for any other value, the field is decoded as a plain dict.
    """

    field: str
    models: Mapping[str, type[object]]
