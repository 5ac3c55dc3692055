"""Ids in responses that become arguments of later calls: an invalid one is an error of the response."""

from __future__ import annotations

import json

import pytest

from tests.support.raw_server import http, listening, saying
from tests.support.recorded_answers import RecordedAnswers
from tripwire_async import TRIPWIRE, AsyncTripwire
from tripwire_async.errors import ResponseDecodeError

ORGANIZATION = "org_" + "0" * 26
ENDPOINT = "we_" + "0" * 32
VALID = "wevt_" + "0" * 32


@pytest.mark.parametrize("event_id", ["", "..", "wevt_0", VALID + "\n", ENDPOINT, "../../api-keys/key_0?x="])
async def test_an_invalid_event_id_is_an_error_of_the_send(event_id: str) -> None:
    """A wait for that event would raise ValueError, as if the caller had passed the id."""
    data = {"object": "webhook_test", "event_id": event_id, "delivery_ids": [], "latest_delivery": None}
    response = http("202 Accepted", json.dumps({"data": data, "meta": {"request_id": "req_1"}}).encode())
    async with (
        listening(saying(response)) as server,
        AsyncTripwire("sk_test_1", base_url=server.url) as client,
    ):
        with pytest.raises(ResponseDecodeError) as caught:
            await client.webhooks.send_test(ORGANIZATION, ENDPOINT)
        assert 1 == len(server.requests)
    error = caught.value
    expected = ("sendTestWebhook", 202, "$.data.event_id", "req_1")
    assert expected == (error.operation, error.status, error.path, error.request_id)
    assert "event_id" in str(error)
    assert str(error).isprintable()


@pytest.mark.parametrize("session_id", ["", "..", "gate\n"])
async def test_an_invalid_id_of_a_gate_session_is_an_error_of_its_creation(session_id: str) -> None:
    """No poll could read the session."""
    recorded = RecordedAnswers().find("POST", "/tripwire/v1/gate/sessions")
    body = {**recorded.body, "data": {**recorded.body["data"], "id": session_id}}
    async with (
        listening(saying(http("201 Created", json.dumps(body).encode()))) as server,
        AsyncTripwire("sk_test_1", base_url=server.url, profile=TRIPWIRE) as client,
    ):
        with pytest.raises(ResponseDecodeError, match=r"createGateSession: .* cannot be part of a URL") as caught:
            await client.gate.sessions.create(service_id="acme-prod", account_name="ci")
    assert "$.data.id" == caught.value.path
