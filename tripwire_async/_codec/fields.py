"""Field types of models: the sentinel for unset fields, timestamps and discriminators."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import attrs
from msgspec import UNSET, Meta, UnsetType

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UNSET", "Discriminator", "Timestamp", "UnsetType"]

Timestamp: TypeAlias = Annotated[datetime, Meta(tz=True)]
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
