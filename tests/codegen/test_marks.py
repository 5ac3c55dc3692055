"""Marks of what only one profile has, and read-only fields, in the generated code."""

from __future__ import annotations

from typing import Any

import pytest

from tripwire_async._codegen.document import DescriptionError
from tripwire_async._codegen.render_operations import render_operations

from .descriptions import api, body, description, operation, with_property
from .rendered import annotations, models


def test_a_marked_field_is_optional_and_its_docstring_names_the_profile() -> None:
    """The other profile does not return it, so it is None there."""
    whole = with_property({"type": ["string", "null"], "description": "A size.", "x-profiles": ["foil"]})
    whole["components"]["schemas"]["Thing"]["required"].append("it")
    text = models(whole)
    assert annotations(text, "Thing") == {"id": "ThingId", "it": "str | None = None"}
    assert "it: A size. Foil only." in text


def test_marked_and_read_only_request_fields_have_metadata() -> None:
    """The caller checks the profile before it sends a request, and responses must have read-only fields."""
    sent = {
        "type": "object",
        "required": ["verified"],
        "properties": {
            "target": {"type": "string", "x-profiles": ["foil"]},
            "verified": {"type": "boolean", "readOnly": True},
        },
    }
    whole = description(
        {"Sent": sent},
        {
            "/v1/things": {
                "post": operation(operationId="makeThing", parameters=None, requestBody={"content": body("Sent")})
            }
        },
    )
    assert annotations(models(whole), "Sent") == {
        "verified": "bool | UnsetType = attrs.field(default=UNSET, metadata={READ_ONLY: True})",
        "target": "str | UnsetType = attrs.field(default=UNSET, metadata={PROFILE: 'foil'})",
    }


def test_marked_values_are_named_in_the_docstring_of_the_enum() -> None:
    """An enum has the values of both profiles."""
    marks = {"b": ["foil"], "c": ["foil"], "d": ["tripwire"]}
    whole = with_property({"x-class": "It", "type": "string", "enum": list("abcd"), "x-value-profiles": marks})
    text = models(whole)
    assert '"""Known values of It.\n\n    Foil only: `b`, `c`. Tripwire only: `d`.\n    """' in text


def test_a_marked_operation_names_its_profile() -> None:
    """The caller rejects it under the other profile."""
    mark = {"x-profiles": ["tripwire"]}
    text = render_operations(
        "things", api(description(operations={"/v1/things/{thingId}": {"get": operation(**mark)}}))
    )
    assert '    profiles=("tripwire",),\n' in text
    assert '"""Read one thing.\n\nTripwire only.\n"""' in text


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "string", "x-profiles": ["other"]}, "expected one of tripwire, foil"),
        ({"type": "string", "x-profiles": ["tripwire", "foil"]}, "expected one of tripwire, foil"),
        (
            {"x-class": "It", "type": "string", "enum": ["a"], "x-value-profiles": {"b": ["foil"]}},
            "'b' is not a value of the enumeration",
        ),
    ],
)
def test_a_mark_that_means_nothing_is_an_error(schema: dict[str, Any], message: str) -> None:
    """An unknown profile, both of them, and a value that the enumeration lacks."""
    with pytest.raises(DescriptionError, match=message):
        api(with_property(schema))
