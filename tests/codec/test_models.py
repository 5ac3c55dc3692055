"""Decoding and encoding of every generated model."""

from __future__ import annotations

import json
import pickle
import pprint
from datetime import datetime
from typing import Annotated, Any, Literal, get_args, get_origin

import attrs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.model_strategies import MODELS, instances, options, sample
from tripwire_async import models
from tripwire_async._codec.converter import DecodeError, decode, encode, structure, unstructure
from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import UNSET, Timestamp, UnsetType
from tripwire_async._codec.model import Model
from tripwire_async._secrets.secret import Secret

few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sent(model: object) -> dict[str, Any]:
    """Return *model* as plain JSON values, secrets in plain text."""
    read: dict[str, Any] = msgspec.json.decode(encode(model))
    return read


@pytest.mark.parametrize("model", MODELS)
@few
@given(data=st.data())
def test_decoding_is_the_inverse_of_encoding(model: type[Any], data: st.DataObject) -> None:
    """For bytes and for dicts."""
    value = data.draw(instances(model))
    assert value == decode(encode(value), model)
    assert value == structure(unstructure(value), model)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_can_be_pickled_unless_it_contains_a_secret(model: type[Any]) -> None:
    """Models can leave a process pool; for secrets it is an error."""
    value = sample(model)
    if "Secret(" in repr(attrs.asdict(value)):
        with pytest.raises(TypeError, match="a Secret cannot be pickled"):
            pickle.dumps(value)
    else:
        assert value == pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("model", MODELS)
def test_unknown_fields_are_ignored(model: type[Any]) -> None:
    """A later release of the service may add fields."""
    value = sample(model)
    more = {"from_the_next_release": {"deep": [1, None]}, **sent(value)}
    assert value == decode(msgspec.json.encode(more), model)


def accepted(annotation: Any) -> set[str]:
    """Return the kinds of JSON values that a field of type *annotation* accepts."""
    kinds: set[str] = set()
    for option in options(annotation):
        origin = get_origin(option) or option
        if option is Timestamp or origin is Annotated or origin is datetime:
            kinds.add("timestamp")
        elif origin is Literal:
            kinds |= {"integer"} if get_args(option) == (1,) else {"constant"}
        elif origin is float:
            kinds |= {"integer", "fraction"}
        elif isinstance(origin, type) and issubclass(origin, OpenEnum | Secret | str):
            kinds.add("text")
        elif isinstance(origin, type) and (attrs.has(origin) or origin is dict):
            kinds.add("object")
        elif origin is not UnsetType:
            kinds.add({bool: "boolean", int: "integer", tuple: "list", type(None): "null"}[origin])
    return kinds


WRONG: dict[str, Any] = {
    "boolean": True,
    "fraction": 1.5,
    "integer": 1,
    "list": [],
    "null": None,
    "object": {},
    "text": "a text",
    "timestamp": "2026-03-24T20:00:00.000Z",
}
FIELDS = [
    pytest.param(model, field, id=f"{model.__name__}.{field.name}") for model in MODELS for field in attrs.fields(model)
]


def wrong_values(field: attrs.Attribute[Any]) -> list[Any]:
    """Return a value of each kind that *field* does not accept."""
    kinds = accepted(field.type)
    if "text" in kinds:
        kinds.add("timestamp")
    wrong = [value for kind, value in WRONG.items() if kind not in kinds]
    if "timestamp" in kinds and "text" not in kinds:
        wrong += ["yesterday", "2026-03-24", "2026-03-24T20:00:00.000"]
    return wrong


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_a_field_rejects_every_wrong_type(model: type[Any], field: attrs.Attribute[Any]) -> None:
    """No value is converted, and the error names the field."""
    good = sent(sample(model))
    wrong = wrong_values(field)
    assert wrong
    for value in wrong:
        bad = {**good, field.name: value}
        for read in (lambda bad: decode(msgspec.json.encode(bad), model), lambda bad: structure(bad, model)):
            with pytest.raises(DecodeError) as caught:
                read(bad)
            assert f"$.{field.name}" == caught.value.path, value


@pytest.mark.parametrize(("model", "field"), [each for each in FIELDS if each.values[1].default is attrs.NOTHING])
def test_a_required_field_cannot_be_absent(model: type[Any], field: attrs.Attribute[Any]) -> None:
    """The error names the missing field."""
    good = sent(sample(model))
    del good[field.name]
    with pytest.raises(DecodeError, match=f"missing required field `{field.name}`"):
        decode(msgspec.json.encode(good), model)


@pytest.mark.parametrize(("model", "field"), [each for each in FIELDS if get_origin(each.values[1].type) is tuple])
def test_a_list_rejects_an_item_of_the_wrong_type(model: type[Any], field: attrs.Attribute[Any]) -> None:
    """The path of the error includes the index."""
    item = get_args(field.type)[0]
    wrong = next(value for kind, value in WRONG.items() if kind not in accepted(item))
    good = sent(sample(model))
    with pytest.raises(DecodeError) as caught:
        decode(msgspec.json.encode({**good, field.name: [wrong]}), model)
    assert f"$.{field.name}[0]" == caught.value.path


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_frozen_and_has_slots(model: type[Any]) -> None:
    """No attribute can be added."""
    assert not hasattr(sample(model), "__dict__")
    assert (Model,) == model.__bases__
    assert all(field.kw_only for field in attrs.fields(model))


@pytest.mark.parametrize("model", MODELS)
def test_no_field_of_a_model_can_be_set(model: type[Any]) -> None:
    """Use `attrs.evolve` for a changed copy."""
    value = sample(model)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.anything = 1


@pytest.mark.parametrize(
    "model", [each for each in MODELS if any(Secret in options(f.type) for f in attrs.fields(each))]
)
def test_no_secret_of_a_model_is_ever_printed(model: type[Any]) -> None:
    """A canary in each secret field appears in no printed form; `reveal` returns it."""
    canary = "whsec_canary-7f3a"
    hidden = {field.name: Secret(canary) for field in attrs.fields(model) if Secret in options(field.type)}
    value = attrs.evolve(sample(model), **hidden)
    for printed in (value, attrs.asdict(value), attrs.astuple(value), unstructure(value)):
        assert canary not in f"{printed} {printed!r} {pprint.pformat(printed)}"
    with pytest.raises(TypeError):
        json.dumps(attrs.asdict(value))
    for name in hidden:
        assert getattr(value, name).reveal() == canary
    assert encode(value).count(canary.encode()) == len(hidden)


def test_an_absent_field_is_none_in_a_response_and_unset_in_a_request() -> None:
    """Only in a request does the user choose between absent and null."""
    pagination = decode(b'{"limit":50,"has_more":false}', models.CursorPagination)
    assert pagination.next_cursor is None
    update = models.UpdateGateServiceRequest(dashboard_login_url=None)
    assert update.name is UNSET
    assert sent(update) == {"dashboard_login_url": None}


def test_a_model_for_both_directions_distinguishes_absent_from_null() -> None:
    """An unset field of a request must not be sent as null."""
    assert decode(b'{"verified":true}', models.GateBranding).logo_url is UNSET


def test_a_status_with_one_value_is_open_and_the_object_type_is_not() -> None:
    """The service may add a status; another object type is another model."""
    data = {
        "object": "gate_login_session",
        "id": "gs_1",
        "status": "postponed",
        "consent_url": "https://tripwire.example/consent",
        "expires_at": "2026-03-24T20:00:00.000Z",
    }
    assert structure(data, models.GateLoginSession).status == "postponed"
    with pytest.raises(DecodeError, match=r"^Unexpected constant at \$\.object$"):
        structure({**data, "object": "gate_session"}, models.GateLoginSession)


def test_the_module_exports_every_model_and_nothing_else() -> None:
    """Any other name is an AttributeError."""
    assert sorted(models.__all__) == models.__all__
    assert set(models.__all__) <= set(dir(models))
    with pytest.raises(AttributeError, match=r"^module 'tripwire_async\.models' has no attribute 'Nonsense'$"):
        models.Nonsense  # noqa: B018 - the access is what fails


def test_an_integer_is_accepted_for_a_number() -> None:
    """JSON does not distinguish 1 from 1.0; but 1.0 is not accepted for an integer."""
    components = decode(b'{"vector":[1,2.5]}', models.VisitorFingerprintComponents)
    assert components.vector == (1.0, 2.5)
    with pytest.raises(DecodeError, match=r"^Expected `int`, got `float` at \$\.limit$"):
        decode(b'{"limit":50.0,"has_more":false}', models.CursorPagination)
