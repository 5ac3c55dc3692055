"""Ids of one delivery, and the text that carries them to another process."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec

_PREFIX: Final = "twd1."

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


# Texts and numbers cannot be part of a cycle: the garbage collector need not look at them.
class DeliveryReference(msgspec.Struct, frozen=True, gc=False):
    """Ids of a delivery in progress.

    Attributes:
        organization_id: The organization that the endpoint belongs to.
        endpoint_id: The endpoint that the webhook is sent to.
        event_id: The event that carries the delivery.
        delivery_ids: The deliveries themselves; empty when the service named none.
        sent_at: The Unix time of the send in seconds; None when it is not known.
    """

    organization_id: str
    endpoint_id: str
    event_id: str
    delivery_ids: tuple[str, ...] = ()
    sent_at: float | None = None

    def to_token(self) -> str:
        """Return the reference as one line of text that is safe in URLs and file names.

        The time of the send is rounded to milliseconds.
        """
        sent_at = None if self.sent_at is None else round(self.sent_at, 3)
        fields = [self.organization_id, self.endpoint_id, self.event_id, sent_at, *self.delivery_ids]
        packed = binascii.b2a_base64(msgspec.json.encode(fields), newline=False)
        return _PREFIX + packed.translate(_URL_SAFE, b"=").decode()

    @classmethod
    def from_token(cls, token: str) -> DeliveryReference:
        """Parse the text that `to_token` returned; raise ValueError for any other text."""
        try:
            packed = token.removeprefix(_PREFIX)
            if packed == token:
                raise ValueError  # noqa: TRY301 - one message for everything that is not a token
            fields: Any = msgspec.json.decode(
                base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True), type=list[Any]
            )
            organization_id, endpoint_id, event_id, *more = fields
            # Tokens of earlier versions hold no send time.
            sent_at, *delivery_ids = more if more and not isinstance(more[0], str) else [None, *more]
            values = {
                "organization_id": organization_id,
                "endpoint_id": endpoint_id,
                "event_id": event_id,
                "delivery_ids": delivery_ids,
                "sent_at": sent_at,
            }
            return msgspec.convert(values, cls)
        except (AttributeError, TypeError, ValueError, msgspec.MsgspecError) as error:
            msg = "this is not a token of PendingDelivery.to_token(), or it is incomplete"
            raise ValueError(msg) from error
