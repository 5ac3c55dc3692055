"""The payload of an approved Gate session is checked before credentials are created for it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from tripwire_async._codec.converter import unstructure
from tripwire_async.errors import GateDeliveryError
from tripwire_async.gate_delivery import check_approved_payload, generate_key_pair
from tripwire_async.models import Verdict

PAYLOAD: dict[str, Any] = {
    "service_id": "acme-prod",
    "gate_session_id": "gs_1",
    "gate_account_id": "ga_1",
    "account_name": "Ada",
    "metadata": {"plan": "free"},
    "tripwire": {"verdict": "human", "score": 0.1},
    "delivery": unstructure(generate_key_pair().request),
}


@pytest.mark.parametrize("metadata", [None, {}, {"a": {"b": [1]}}])
def test_a_valid_payload_is_returned_as_a_model(metadata: Any) -> None:
    """As bytes parsed to a dict, as any mapping, and as a model."""
    payload = check_approved_payload(PAYLOAD | {"metadata": metadata, "later": 1})
    assert payload.account_name == "Ada"
    assert payload.metadata == metadata
    assert payload == check_approved_payload(payload)
    assert payload == check_approved_payload(MappingProxyType(PAYLOAD | {"metadata": metadata}))


def test_the_verdict_may_stand_under_the_service_s_later_name() -> None:
    """It reads the same; where both are there, the first name counts."""
    payload = {name: value for name, value in PAYLOAD.items() if name != "tripwire"}
    foil = {"foil": {"verdict": "bot", "score": None}}
    assert check_approved_payload(payload | foil).tripwire.verdict == Verdict.BOT
    assert check_approved_payload(PAYLOAD | foil).tripwire.verdict == Verdict.HUMAN
    with pytest.raises(GateDeliveryError, match="tripwire"):
        check_approved_payload(payload)


@pytest.mark.parametrize("value", ["", " ", None, 5])
@pytest.mark.parametrize("name", ["service_id", "gate_session_id", "gate_account_id", "account_name"])
def test_every_name_and_id_is_filled_in(name: str, value: Any) -> None:
    """With text that is more than spaces."""
    with pytest.raises(GateDeliveryError, match=name):
        check_approved_payload(PAYLOAD | {name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"event": "gate.session.approved"}, "event field"),
        ({"event": None}, "event field"),
        ({"metadata": []}, "metadata"),
        ({"metadata": "text"}, "metadata"),
        ({"tripwire": {"verdict": "perhaps", "score": None}}, "must be bot, human or inconclusive"),
        ({"tripwire": {"score": None}}, "verdict"),
        ({"tripwire": None}, "tripwire"),
        ({"delivery": None}, "delivery"),
        ({"delivery": PAYLOAD["delivery"] | {"key_id": generate_key_pair().key_id}}, "key_id of the delivery request"),
        ({"delivery": PAYLOAD["delivery"] | {"version": 2}}, "delivery"),
    ],
)
def test_a_payload_with_one_thing_wrong_is_refused(change: dict[str, Any], message: str) -> None:
    """The message names the field."""
    with pytest.raises(GateDeliveryError, match=message):
        check_approved_payload(PAYLOAD | change)


@pytest.mark.parametrize("name", list(PAYLOAD))
def test_a_payload_without_a_field_is_refused(name: str) -> None:
    """Metadata may be null, and must be there."""
    with pytest.raises(GateDeliveryError, match=name):
        check_approved_payload({key: value for key, value in PAYLOAD.items() if key != name})


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_what_is_no_object_is_no_payload(value: Any) -> None:
    """Other types are invalid."""
    with pytest.raises(GateDeliveryError, match="approved payload is not valid"):
        check_approved_payload(value)
