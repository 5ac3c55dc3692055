"""Read by type checkers only: what the models' and the converter's types promise."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from tripwire_async._codec.converter import decode, structure
from tripwire_async._codec.fields import UNSET, UnsetType
from tripwire_async._generated.operations.gate import REVOKE_GATE_AGENT_TOKEN
from tripwire_async._generated.operations.webhooks import SEND_TEST_WEBHOOK
from tripwire_async._operation import Operation
from tripwire_async._secrets.secret import Secret
from tripwire_async.models import (
    CreateWebhookEndpointRequest,
    Event,
    IssuedApiKey,
    ResponseMeta,
    UpdateGateServiceRequest,
    Verdict,
    WebhookDelivery,
    WebhookEventType,
    WebhookTestResponse,
)


def of_answers(event: Event, key: IssuedApiKey) -> None:
    """Fields have the types that the description gives them."""
    assert_type(event.webhook_deliveries, tuple[WebhookDelivery, ...])
    assert_type(event.data, dict[str, Any])
    assert_type(event.created_at, datetime)
    assert_type(key.revealed_key, Secret)
    assert_type(key.display_key, str | None)


def of_requests(update: UpdateGateServiceRequest) -> None:
    """Requests distinguish missing and null."""
    assert_type(update.dashboard_login_url, str | UnsetType | None)
    if update.name is not UNSET:
        assert_type(update.name, str)
    CreateWebhookEndpointRequest(
        name="Mine", url="https://mine.example", event_types=(WebhookEventType.SESSION_RESULT_PERSISTED,)
    )


def of_operations() -> None:
    """An operation knows what it returns."""
    assert_type(SEND_TEST_WEBHOOK, Operation[WebhookTestResponse])
    assert_type(REVOKE_GATE_AGENT_TOKEN, Operation[None])


def of_decoding(data: bytes) -> None:
    """The result has the requested type."""
    assert_type(decode(data, ResponseMeta), ResponseMeta)
    assert_type(structure({}, Event), Event)


def of_enumerations() -> None:
    """An open enumeration is a text."""
    text: str = Verdict.BOT
    assert_type(Verdict(text), Verdict)
    assert_type(Verdict.parse("bot"), Verdict)
    assert_type(Verdict.BOT.is_known, bool)
