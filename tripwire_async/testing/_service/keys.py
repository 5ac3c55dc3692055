"""API keys: their scopes, and the secrets that are currently valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from tripwire_async.testing.clock import rfc3339

from .errors import forbidden, invalid_key
from .limits import RollingWindow

if TYPE_CHECKING:
    from .records import JsonObject


@attrs.define(eq=False)
class Key:
    """An API key.

    *previous_secret* remains valid until *grace_expires_at* (Unix seconds) after a rotation. *organizations* are the
    ids of those the key can access: its own and those created with it.
    """

    id: str
    organization_id: str
    name: str
    secret: str = attrs.field(repr=False)
    created_at: str
    type: str = "secret"
    environment: str = "test"
    scopes: list[str] | None = None
    allowed_origins: list[str] | None = None
    client_target: str | None = None
    rate_limit: int | None = None
    previous_secret: str = attrs.field(default="", repr=False)
    grace_expires_at: float | None = None
    last_used_at: float | None = None
    rotated_at: str | None = None
    revoked_at: str | None = None
    organizations: set[str] = attrs.field(
        init=False, default=attrs.Factory(lambda self: {self.organization_id}, takes_self=True)
    )
    window: RollingWindow = attrs.field(factory=RollingWindow, repr=False)

    def status(self, now: float) -> str:
        """Return ``active``, ``rotating`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        if self.grace_expires_at is not None and now < self.grace_expires_at:
            return "rotating"
        return "active"

    def allows(self, scope: str) -> bool:
        """Return whether the key grants *scope*."""
        return self.scopes is not None and ("*" in self.scopes or scope in self.scopes)

    def to_json(self, now: float, *, revealed: bool = False, with_client_target: bool = False) -> JsonObject:
        """Return the key as the API shows it: *revealed* with its secret, *with_client_target* for Foil."""
        fields: JsonObject = {
            "object": "api_key",
            "id": self.id,
            "type": self.type,
            "environment": self.environment,
            "name": self.name,
            "status": self.status(now),
            "allowed_origins": self.allowed_origins,
            "scopes": self.scopes,
            "rate_limit": self.rate_limit,
            "key_preview": f"{self.secret[:12]}…{self.secret[-4:]}",
            "last_used_at": None if self.last_used_at is None else rfc3339(self.last_used_at),
            "created_at": self.created_at,
            "rotated_at": self.rotated_at,
            "revoked_at": self.revoked_at,
            "grace_expires_at": None if self.grace_expires_at is None else rfc3339(self.grace_expires_at),
        }
        if with_client_target:
            fields["client_target"] = self.client_target
        if self.type == "publishable":
            fields["display_key"] = self.secret
        if revealed:
            fields["revealed_key"] = self.secret
        return fields


@final
class KeyStore:
    """All keys, by id and by secret."""

    def __init__(self) -> None:
        self.by_id: dict[str, Key] = {}
        self._by_secret: dict[str, Key] = {}

    def add(self, key: Key) -> Key:
        """Add *key*."""
        self.by_id[key.id] = key
        self._by_secret[key.secret] = key
        if key.previous_secret:
            self._by_secret[key.previous_secret] = key
        return key

    def clear(self) -> None:
        """Remove all keys."""
        self.by_id.clear()
        self._by_secret.clear()

    def rotate(self, key: Key, secret: str, *, now: float, grace: float) -> None:
        """Give *key* a new *secret*; the previous one remains valid for *grace* seconds."""
        self._by_secret.pop(key.previous_secret, None)
        key.previous_secret, key.secret = key.secret, secret
        key.rotated_at = rfc3339(now)
        key.grace_expires_at = now + grace
        self._by_secret[secret] = key

    def authenticate(self, secret: str, now: float) -> Key:
        """Return the key with *secret*; raise 401 if it is unknown, expired or revoked, 403 if it is publishable."""
        if secret.startswith("pk_"):
            raise forbidden("Publishable keys are for browsers. Use a secret key.")
        key = self._by_secret.get(secret)
        expired = key is not None and secret == key.previous_secret and key.status(now) != "rotating"
        if key is None or expired or key.revoked_at is not None:
            raise invalid_key()
        key.last_used_at = now
        return key
