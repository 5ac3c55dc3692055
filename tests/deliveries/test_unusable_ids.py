"""Sends whose event has an id that no read could use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, lose, webhooks
from tripwire_async._http.messages import Response
from tripwire_async.errors import ResponseDecodeError, TransportError

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request

SEND = "sendTestWebhook"
INVALID = "wevt_1"


@pytest.mark.virtual_time
async def test_a_response_with_an_invalid_id_is_like_a_lost_one() -> None:
    """The test was accepted, and its event is among the events."""

    def fail(request: Request, when: str) -> Response | None:
        if request.operation.id != SEND or when == "before":
            return None
        data = {"object": "webhook_test", "event_id": INVALID, "delivery_ids": [], "latest_delivery": None}
        return Response(202, {}, json.dumps({"data": data, "meta": {"request_id": "req_1"}}).encode())

    service = Service(fault=fail)
    handle = await webhooks(service).send_test(ORGANIZATION, endpoint(1), reconcile=True)
    assert (service.sent[0].event_id, 1) == (handle.event_id, service.count(SEND))


@pytest.mark.virtual_time
async def test_an_event_with_an_invalid_id_is_not_adopted() -> None:
    """It could not be read later. The test is not sent again, as the event may be its own."""
    lost = lose(SEND, "after")

    def fail(request: Request, when: str) -> Response | None:
        if request.operation.id != "listEvents" or when == "before":
            return lost(request, when)
        _, body = service.work(request)
        body["data"][0]["id"] = INVALID
        return Response(200, {}, json.dumps(body).encode())

    service = Service(fault=fail)
    with pytest.raises(TransportError) as caught:
        await webhooks(service).send_test(ORGANIZATION, endpoint(1), reconcile=True)
    assert isinstance(caught.value.__cause__, ResponseDecodeError)
    assert "$.data[0].id" == caught.value.__cause__.path
    assert 1 == service.count(SEND)
