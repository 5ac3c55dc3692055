"""Every generated model reads what the service sends, refuses what is wrong, and goes back as it came."""

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
from tripwire_async._secrets.secret import Secret

few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sent(model: object) -> dict[str, Any]:
    """Return *model* as plain JSON values, secrets in the open."""
    read: dict[str, Any] = msgspec.json.decode(encode(model))
    return read


@pytest.mark.parametrize("model", MODELS)
@few
@given(data=st.data())
def test_what_is_encoded_decodes_the_same(model: type[Any], data: st.DataObject) -> None:
    """Bytes and dicts alike give the same value back."""
    value = data.draw(instances(model))
    assert value == decode(encode(value), model)
    assert value == structure(unstructure(value), model)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_survives_pickling_unless_it_holds_a_secret(model: type[Any]) -> None:
    """Models cross process pools; secrets do not, and say so."""
    value = sample(model)
    if "Secret(" in repr(value):
        with pytest.raises(TypeError, match="a Secret cannot be pickled"):
            pickle.dumps(value)
    else:
        assert value == pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("model", MODELS)
def test_unknown_fields_are_passed_over(model: type[Any]) -> None:
    """The service's next release may add what it likes."""
    value = sample(model)
    more = {"from_the_next_release": {"deep": [1, None]}, **sent(value)}
    assert value == decode(msgspec.json.encode(more), model)


def accepted(annotation: Any) -> set[str]:
    """Return the kinds of JSON values that a field of the type *annotation* may hold."""
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
    """Return a value of each kind that *field* may not hold."""
    kinds = accepted(field.type)
    if "text" in kinds:
        kinds.add("timestamp")
    wrong = [value for kind, value in WRONG.items() if kind not in kinds]
    if "timestamp" in kinds and "text" not in kinds:
        wrong += ["yesterday", "2026-03-24", "2026-03-24T20:00:00.000"]
    return wrong


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_a_field_refuses_every_wrong_type(model: type[Any], field: attrs.Attribute[Any]) -> None:
    """Nothing is coerced: each field takes its own kinds of values and names itself when it gets another."""
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
    """The problem names what is missing."""
    good = sent(sample(model))
    del good[field.name]
    with pytest.raises(DecodeError, match=f"missing required field `{field.name}`"):
        decode(msgspec.json.encode(good), model)


@pytest.mark.parametrize(("model", "field"), [each for each in FIELDS if get_origin(each.values[1].type) is tuple])
def test_a_list_refuses_an_item_of_the_wrong_type(model: type[Any], field: attrs.Attribute[Any]) -> None:
    """The path of the problem leads to the item."""
    item = get_args(field.type)[0]
    wrong = next(value for kind, value in WRONG.items() if kind not in accepted(item))
    good = sent(sample(model))
    with pytest.raises(DecodeError) as caught:
        decode(msgspec.json.encode({**good, field.name: [wrong]}), model)
    assert f"$.{field.name}[0]" == caught.value.path


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_frozen_and_has_slots(model: type[Any]) -> None:
    """Models are values: nothing about one changes, and nothing can be added to one."""
    assert not hasattr(model, "__dict__") or "__slots__" in vars(model)
    assert object in model.__bases__
    assert all(field.kw_only for field in attrs.fields(model))


@pytest.mark.parametrize("model", MODELS)
def test_no_field_of_a_model_can_be_set(model: type[Any]) -> None:
    """A changed model is a new one, made with `attrs.evolve`."""
    value = sample(model)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.anything = 1


@pytest.mark.parametrize(
    "model", [each for each in MODELS if any(Secret in options(f.type) for f in attrs.fields(each))]
)
def test_no_secret_of_a_model_is_ever_printed(model: type[Any]) -> None:
    """A canary in each secret field is found in nothing that people print, and is there when it is asked for."""
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


def test_an_absent_field_is_none_in_an_answer_and_unset_in_a_request() -> None:
    """Only what is sent tells absent from null, for only there it is the user's to say."""
    pagination = decode(b'{"limit":50,"has_more":false}', models.CursorPagination)
    assert pagination.next_cursor is None
    update = models.UpdateGateServiceRequest(dashboard_login_url=None)
    assert update.name is UNSET
    assert sent(update) == {"dashboard_login_url": None}


def test_a_model_that_is_both_sent_and_received_tells_absent_from_null() -> None:
    """What users send decides, for an unset field of theirs must not go out as null."""
    assert decode(b'{"verified":true}', models.GateBranding).logo_url is UNSET


def test_the_status_that_has_one_value_today_is_open_and_the_kind_of_object_is_not() -> None:
    """A second status may come any day; another kind of object is another model."""
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


def test_the_face_offers_every_model_and_nothing_else() -> None:
    """What is not a model is not there, and says so as any module does."""
    assert sorted(models.__all__) == models.__all__
    assert set(models.__all__) <= set(dir(models))
    with pytest.raises(AttributeError, match=r"^module 'tripwire_async\.models' has no attribute 'Nonsense'$"):
        models.Nonsense  # noqa: B018 - the access is what fails


def test_a_number_without_a_fraction_is_good_where_a_number_is_due() -> None:
    """JSON has one kind of numbers: 1 is as good as 1.0; but 1.0 is no whole number."""
    components = decode(b'{"vector":[1,2.5]}', models.VisitorFingerprintComponents)
    assert components.vector == (1.0, 2.5)
    with pytest.raises(DecodeError, match=r"^Expected `int`, got `float` at \$\.limit$"):
        decode(b'{"limit":50.0,"has_more":false}', models.CursorPagination)
