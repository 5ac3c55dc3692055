"""What the fields of models need apart from Python's own types."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import attrs
from msgspec import UNSET, Meta, UnsetType

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UNSET", "Discriminator", "Timestamp", "UnsetType"]

Timestamp: TypeAlias = Annotated[datetime, Meta(tz=True)]
"""A moment with its time zone; one without is refused."""


@attrs.frozen
class Discriminator:
    """Tells the model of a field's value by a field next to it; stands in the field's metadata, under this class.

    Attributes:
        field: The neighbour that decides.
        models: The model for each of the neighbour's values; under any other value, the field holds a plain dict.
    """

    field: str
    models: Mapping[str, type[object]]
