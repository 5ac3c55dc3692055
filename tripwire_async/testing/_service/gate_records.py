"""Records of Gate: services, sessions, logins and agent tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from tripwire_async.testing.clock import rfc3339

if TYPE_CHECKING:
    from .records import JsonObject

GateStatus: TypeAlias = Literal["pending", "approved", "rejected", "expired"]


def default_fields(website: str) -> JsonObject:
    """Return the optional fields of a service with their defaults."""
    return {
        "discoverable": True,
        "env_vars": [],
        "docs_url": website,
        "sdks": [],
        "branding": {"verified": False},
        "consent": {},
    }


@attrs.define(eq=False)
class GateService:
    """A service; *fields* are set by its owner, as in the API."""

    id: str
    organization_id: str
    fields: JsonObject
    created_at: str
    updated_at: str
    status: Literal["active", "disabled"] = "active"
    webhook_endpoint_id: str | None = None

    @property
    def is_public(self) -> bool:
        """True if the public registry lists the service."""
        return self.status == "active" and bool(self.fields["discoverable"])

    @property
    def agent_variable(self) -> str:
        """The environment variable of an agent token for the service."""
        return re.sub(r"[^A-Za-z0-9]+", "_", self.id).upper() + "_GATE_AGENT_TOKEN"

    def entry(self) -> JsonObject:
        """Return the service as the public registry shows it."""
        return {"id": self.id, "status": self.status, **self.fields}

    def to_json(self) -> JsonObject:
        """Return the service as its owner sees it."""
        return {
            "object": "gate_service",
            **self.entry(),
            "webhook_endpoint_id": self.webhook_endpoint_id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@attrs.define(eq=False)
class GateSession:
    """A sign-up for a service; a pending one expires at *expires*, in Unix seconds."""

    id: str
    service: GateService = attrs.field(repr=False)
    account_name: str
    metadata: JsonObject | None
    request: JsonObject
    poll_token: str = attrs.field(repr=False)
    expires: float
    gate_account_id: str
    ack_token: str = attrs.field(repr=False)
    status: GateStatus = "pending"
    bundle: JsonObject | None = attrs.field(default=None, repr=False)
    is_acknowledged: bool = False

    def is_expired(self, now: float) -> bool:
        """Return whether the session can no longer be approved."""
        return self.status == "expired" or (self.status == "pending" and now >= self.expires)

    def to_json(self) -> JsonObject:
        """Return the session as a poll shows it."""
        fields: dict[str, Any] = {
            "object": "gate_session",
            "id": self.id,
            "status": self.status,
            "expires_at": rfc3339(self.expires),
        }
        if self.status == "approved":
            fields["gate_account_id"] = self.gate_account_id
            fields["account_name"] = self.account_name
            fields["docs_url"] = self.service.fields["docs_url"]
            if not self.is_acknowledged:
                fields["delivery_bundle"] = self.bundle
        return fields


@attrs.define(eq=False)
class AgentToken:
    """The token of an agent; times are Unix seconds."""

    text: str = attrs.field(repr=False)
    service: GateService = attrs.field(repr=False)
    gate_account_id: str
    account_name: str
    created: float
    expires: float
    is_revoked: bool = False

    def is_valid(self, now: float) -> bool:
        """Return whether the token is valid."""
        return not self.is_revoked and now < self.expires

    def to_json(self, now: float) -> JsonObject:
        """Return the result of verifying the token."""
        return {
            "valid": self.is_valid(now),
            "gate_account_id": self.gate_account_id,
            "status": "revoked" if self.is_revoked else "active",
            "created_at": rfc3339(self.created),
            "expires_at": rfc3339(self.expires),
        }


@attrs.define(eq=False)
class GateLogin:
    """A login of an agent; consent gives it a *code*, which can be used once."""

    id: str
    token: AgentToken = attrs.field(repr=False)
    expires: float
    code: str | None = attrs.field(default=None, repr=False)
    is_consumed: bool = False
