# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Operations, scopes and event types by the name of the profile that has them."""

from typing import Final

OPERATIONS: Final[dict[str, frozenset[str]]] = {
    "tripwire": frozenset(
        {
            "acknowledgeGateSessionDelivery",
            "consumeGateLoginSessionCode",
            "createGateLoginSession",
            "createGateSession",
            "createManagedGateService",
            "createOrganization",
            "createOrganizationApiKey",
            "createWebhookEndpoint",
            "disableManagedGateService",
            "disableWebhookEndpoint",
            "getGateRegistryService",
            "getManagedGateService",
            "getOrganization",
            "getSession",
            "getVisitorFingerprint",
            "listEvents",
            "listGateRegistryServices",
            "listManagedGateServices",
            "listOrganizationApiKeys",
            "listSessions",
            "listVisitorFingerprints",
            "listWebhookEndpoints",
            "pollGateSession",
            "retrieveEvent",
            "revokeGateAgentToken",
            "revokeOrganizationApiKey",
            "rotateOrganizationApiKey",
            "rotateWebhookEndpointSecret",
            "sendTestWebhook",
            "updateManagedGateService",
            "updateOrganization",
            "updateOrganizationApiKey",
            "updateWebhookEndpoint",
            "verifyGateAgentToken",
        }
    ),
    "foil": frozenset(
        {
            "createOrganization",
            "createOrganizationApiKey",
            "createWebhookEndpoint",
            "disableWebhookEndpoint",
            "getOrganization",
            "getSession",
            "getVisitorFingerprint",
            "listEvents",
            "listOrganizationApiKeys",
            "listSessions",
            "listVisitorFingerprints",
            "listWebhookEndpoints",
            "retrieveEvent",
            "revokeOrganizationApiKey",
            "rotateOrganizationApiKey",
            "rotateWebhookEndpointSecret",
            "sendTestWebhook",
            "updateOrganization",
            "updateOrganizationApiKey",
            "updateSession",
            "updateWebhookEndpoint",
        }
    ),
}
SCOPES: Final[dict[str, frozenset[str]]] = {
    "tripwire": frozenset(
        {
            "*",
            "api_keys:manage",
            "api_keys:read",
            "fingerprints:list",
            "fingerprints:read",
            "gate:agent_tokens:revoke",
            "gate:agent_tokens:verify",
            "gate:login_sessions:consume",
            "gate:services:manage",
            "gate:services:read",
            "organizations:create",
            "organizations:read",
            "organizations:update",
            "sessions:list",
            "sessions:read",
            "webhooks:manage",
            "webhooks:read",
        }
    ),
    "foil": frozenset(
        {
            "*",
            "api_keys:manage",
            "api_keys:read",
            "fingerprints:list",
            "fingerprints:read",
            "organizations:create",
            "organizations:read",
            "organizations:update",
            "sessions:list",
            "sessions:read",
            "sessions:update",
            "webhooks:manage",
            "webhooks:read",
        }
    ),
}
EVENT_TYPES: Final[dict[str, frozenset[str]]] = {
    "tripwire": frozenset(
        {
            "gate.session.approved",
            "session.fingerprint.calculated",
            "session.result.persisted",
            "webhook.test",
        }
    ),
    "foil": frozenset(
        {
            "session.result.persisted",
            "webhook.test",
        }
    ),
}
