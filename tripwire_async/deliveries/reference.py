"""Which delivery is meant: the ids that a wait needs, and the text that carries them to another process."""

from __future__ import annotations

import base64
from typing import Any, Final

import msgspec

_PREFIX: Final = "twd1."


class DeliveryReference(msgspec.Struct, frozen=True):
    """The ids of a delivery that is on its way.

    Attributes:
        organization_id: The organization that the endpoint belongs to.
        endpoint_id: The endpoint that the webhook goes to.
        event_id: The event that carries the delivery.
        delivery_ids: The deliveries themselves; empty when the service named none.
    """

    organization_id: str
    endpoint_id: str
    event_id: str
    delivery_ids: tuple[str, ...] = ()

    def to_token(self) -> str:
        """Return the ids as one line of text that is safe in URLs and file names."""
        fields = [self.organization_id, self.endpoint_id, self.event_id, *self.delivery_ids]
        return _PREFIX + base64.urlsafe_b64encode(msgspec.json.encode(fields)).decode().rstrip("=")

    @classmethod
    def from_token(cls, token: str) -> DeliveryReference:
        """Read what `to_token` wrote; raises ValueError for any other text."""
        try:
            packed = token.removeprefix(_PREFIX)
            if packed == token:
                raise ValueError  # noqa: TRY301 - one message for every way of being no token
            fields: Any = msgspec.json.decode(
                base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True), type=list[str]
            )
            organization_id, endpoint_id, event_id, *delivery_ids = fields
        except (AttributeError, TypeError, ValueError, msgspec.DecodeError) as error:
            msg = "this is not a token of PendingDelivery.to_token(), or it was cut off"
            raise ValueError(msg) from error
        return cls(
            organization_id=organization_id,
            endpoint_id=endpoint_id,
            event_id=event_id,
            delivery_ids=tuple(delivery_ids),
        )
