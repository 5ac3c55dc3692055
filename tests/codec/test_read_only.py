"""Read-only fields: required in responses, optional in requests."""
# Without `from __future__ import annotations`: the types of fields are read at run time, as for generated models.

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from tripwire_async._codec.converter import DecodeError, encode, structure
from tripwire_async._codec.fields import READ_ONLY, UNSET, UnsetType
from tripwire_async._codec.read_only import decode_response
from tripwire_async.models import GateBranding, SessionDetailResponse


@attrs.frozen(kw_only=True)
class Brand:
    """A model like `GateBranding`."""

    color: str | UnsetType = UNSET
    verified: bool | UnsetType = attrs.field(default=UNSET, metadata={READ_ONLY: True})


@attrs.frozen(kw_only=True)
class Shop:
    """A model with an optional brand."""

    brand: Brand | None = None


@attrs.frozen(kw_only=True)
class Shops:
    """A model with a list."""

    shops: tuple[Shop, ...]


def decoded(value: Any) -> Shops:
    """Decode *value* as a response."""
    return decode_response(json.dumps(value).encode(), Shops)


def test_a_response_without_a_read_only_field_is_an_error_with_its_path() -> None:
    """Like any other missing field."""
    with pytest.raises(DecodeError) as caught:
        decoded({"shops": [{"brand": {"verified": True}}, {"brand": None}, {"brand": {"color": "#fff"}}]})
    assert ("Object missing required field `verified`", "$.shops[2].brand") == (caught.value.message, caught.value.path)


def test_a_response_with_its_read_only_fields_is_decoded() -> None:
    """An optional model may be null or absent."""
    expected = Shops(shops=(Shop(brand=Brand(verified=False)), Shop(), Shop()))
    assert expected == decoded({"shops": [{"brand": {"verified": False}}, {"brand": None}, {}]})


@pytest.mark.parametrize(
    "make", [lambda: GateBranding(primary_color="#fff"), lambda: structure({"primary_color": "#fff"}, GateBranding)]
)
def test_a_request_leaves_a_read_only_field_out(make: Callable[[], GateBranding]) -> None:
    """It is not sent unless it is given."""
    assert b'{"primary_color":"#fff"}' == encode(make())


def test_a_field_of_another_type_is_an_error_without_read_only_fields() -> None:
    """Most responses have no such field, and are only decoded."""
    with pytest.raises(DecodeError, match="missing required field `data`"):
        decode_response(b"{}", SessionDetailResponse)
