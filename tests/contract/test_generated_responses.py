"""Responses drawn from the schema of every operation of both profiles."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.operations import OPERATIONS, PROFILES
from tests.support.schema_values import draw, leaves, normalize, pointer, replace
from tests.testing.document import response_schema
from tripwire_async._codec.converter import DecodeError, decode, encode
from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.read_only import decode_response

if TYPE_CHECKING:
    from tripwire_async import Profile

CASES = pytest.mark.parametrize(
    ("profile", "operation"),
    [
        pytest.param(profile, operation, id=f"{profile.name}-{operation}")
        for profile in PROFILES
        for operation in sorted(profile.operations)
        if response_schema(operation, profile) is not None
    ],
)
few = settings(max_examples=6, deadline=None)
seeds = st.integers(0, 2**32).map(Random)


def schema_of(operation: str, profile: Profile) -> dict[str, Any]:
    """Return the schema of a successful response."""
    return {"$ref": f"#/components/schemas/{response_schema(operation, profile)}"}


@few
@CASES
@given(random=seeds)
def test_a_response_is_decoded_and_encoded_without_a_change(profile: Profile, operation: str, random: Random) -> None:
    """The model contains everything that the schema describes."""
    schema, model = schema_of(operation, profile), OPERATIONS[operation].returns
    body = draw(schema, profile, random)
    decoded = decode_response(json.dumps(body).encode(), model)
    encoded = json.loads(encode(decoded))
    assert normalize(body, schema, profile) == encoded
    assert decoded == decode(json.dumps(encoded).encode(), model)


@few
@CASES
@given(random=seeds)
def test_one_broken_field_is_an_error_with_its_path(profile: Profile, operation: str, random: Random) -> None:
    """A value of another type is rejected wherever it is."""
    schema, model = schema_of(operation, profile), OPERATIONS[operation].returns
    body = draw(schema, profile, random)
    path, _ = random.choice(list(leaves(body, schema, profile)))
    with pytest.raises(DecodeError) as caught:
        decode_response(json.dumps(replace(body, path, [[]])).encode(), model)
    assert pointer(path) == caught.value.path


@few
@CASES
@given(random=seeds)
def test_unknown_fields_are_ignored_and_unknown_values_are_kept(
    profile: Profile, operation: str, random: Random
) -> None:
    """The service may add both in its next release."""
    schema, model = schema_of(operation, profile), OPERATIONS[operation].returns
    body = draw(schema, profile, random)
    decoded = decode_response(json.dumps(body).encode(), model)
    more = {**body, "new_field": {"a": [1]}}
    assert decoded == decode_response(json.dumps(more).encode(), model)
    enums = [path for path, leaf in leaves(body, schema, profile) if "enum" in leaf]
    if not enums:
        return
    path = random.choice(enums)
    changed = replace(body, path, "new_value")
    read = decode_response(json.dumps(changed).encode(), model)
    value: Any = read
    for part in path:
        value = value[part] if isinstance(part, int) else getattr(value, part)
    assert isinstance(value, OpenEnum)
    assert not value.is_known
    assert normalize(changed, schema, profile) == json.loads(encode(read))
