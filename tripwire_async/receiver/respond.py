"""Verification of a received webhook, with the response that rejects an invalid one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tripwire_async._secrets.keys import Secrets, hide_all
from tripwire_async.errors import EventDecodeError, SignatureError

from .events import receive_event
from .signature import DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .events import WebhookEvent

__all__ = ["WebhookResponse", "receive_or_reject", "rejection"]


@attrs.frozen
class WebhookResponse:
    """Response to send to the service.

    Attributes:
        status: The HTTP status.
        body: The body. It can hold encrypted credentials and no other secret.
        content_type: The media type of the body.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/plain"


def receive_or_reject(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secrets,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
    now: float | None = None,
) -> WebhookEvent | WebhookResponse:
    """Return the verified event, or the response that rejects the webhook.

    See `receive_event` for the arguments and `rejection` for the statuses.
    """
    secret = hide_all(secret)
    try:
        return receive_event(body, headers, secret, tolerance=tolerance, now=now)
    except (SignatureError, EventDecodeError) as error:
        return rejection(error)


def rejection(error: SignatureError | EventDecodeError) -> WebhookResponse:
    """Return 401 for a webhook without a valid signature and 400 for one without a valid event."""
    status = 401 if isinstance(error, SignatureError) else 400
    return WebhookResponse(status, error.message.encode())
