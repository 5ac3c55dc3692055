"""Keys: what they may do, and which secrets open them at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import attrs

from tripwire_async.testing.clock import rfc3339

from .errors import ServiceError
from .limits import RollingWindow

if TYPE_CHECKING:
    from .records import JsonObject

SCOPES: Final = (
    "*",
    "sessions:list",
    "sessions:read",
    "fingerprints:list",
    "fingerprints:read",
    "organizations:create",
    "organizations:read",
    "organizations:update",
    "api_keys:read",
    "api_keys:manage",
    "gate:agent_tokens:verify",
    "gate:agent_tokens:revoke",
    "gate:login_sessions:consume",
    "gate:services:read",
    "gate:services:manage",
    "webhooks:read",
    "webhooks:manage",
)


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
    rate_limit: int | None = None
    previous_secret: str = attrs.field(default="", repr=False)
    grace_expires_at: float | None = None
    last_used_at: float | None = None
    rotated_at: str | None = None
    revoked_at: str | None = None
    organizations: set[str] = attrs.field(factory=set[str], repr=False)
    window: RollingWindow = attrs.field(factory=RollingWindow, repr=False)

    def allows(self, scope: str) -> bool:
        """Whether the key may do what *scope* names."""
        return self.scopes is not None and ("*" in self.scopes or scope in self.scopes)

    def status(self, now: float) -> str:
        """Return active, revoked, or rotating while the previous_secret secret still opens the key."""
        if self.revoked_at is not None:
            return "revoked"
        return "rotating" if self.grace_expires_at is not None and now < self.grace_expires_at else "active"

    def to_json(self, now: float, *, revealed: bool = False) -> JsonObject:
        """Return the key as the API shows it; *revealed* only right after its secret was made."""
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
        if self.type == "publishable":
            fields["display_key"] = self.secret
        if revealed:
            fields["revealed_key"] = self.secret
        return fields


@final
class KeyStore:
    """All keys, by id and by the texts that open them."""

    def __init__(self) -> None:
        self.by_id: dict[str, Key] = {}
        self._by_text: dict[str, Key] = {}

    def add(self, key: Key) -> Key:
        """Take *key* in."""
        key.organizations.add(key.organization_id)
        self.by_id[key.id] = key
        self._by_text[key.secret] = key
        return key

    def rotate(self, key: Key, secret: str, *, now: float, grace: float) -> None:
        """Give *key* a new *secret*; the one that it had opens it for *grace* seconds more."""
        self._by_text.pop(key.previous_secret, None)
        key.previous_secret, key.secret = key.secret, secret
        key.rotated_at = rfc3339(now)
        key.grace_expires_at = now + grace
        self._by_text[secret] = key

    def authenticate(self, text: str, now: float) -> Key:
        """Return the key that *text* opens; raise 403 if there is none any more."""
        key = self._by_text.get(text)
        if text.startswith("pk_"):
            raise ServiceError(403, "auth.publishable_key", "Publishable keys belong to browsers; use a secret key.")
        if key is None or (text == key.previous_secret and key.status(now) != "rotating"):
            raise ServiceError(403, "auth.invalid_api_key", "This API key is not known, or its grace period is over.")
        if key.revoked_at is not None:
            raise ServiceError(403, "auth.revoked_api_key", "This API key has been revoked.")
        key.last_used_at = now
        return key
