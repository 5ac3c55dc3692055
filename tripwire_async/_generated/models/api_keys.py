# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the tag api_keys."""

from typing import Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import PROFILE, UNSET, Timestamp, UnsetType
from tripwire_async._codec.model import Model
from tripwire_async._generated.models.shared import CursorPagination, ResponseMeta
from tripwire_async._secrets.secret import Secret


class ApiKeyType(OpenEnum):
    """Whether the key is for browsers (`publishable`) or for servers (`secret`)."""

    PUBLISHABLE = "publishable"
    SECRET = "secret"


ApiKeyTypeValue: TypeAlias = Literal["publishable", "secret"]
"""The values of `ApiKeyType` as text, which an argument accepts as well."""


class ApiKeyScope(OpenEnum):
    """One thing that an API key may do; `*` stands for everything.

    Foil only: `sessions:update`. Tripwire only: `gate:agent_tokens:verify`,
    `gate:agent_tokens:revoke`, `gate:login_sessions:consume`, `gate:services:read`,
    `gate:services:manage`.
    """

    ALL = "*"
    SESSIONS_LIST = "sessions:list"
    SESSIONS_READ = "sessions:read"
    SESSIONS_UPDATE = "sessions:update"
    FINGERPRINTS_LIST = "fingerprints:list"
    FINGERPRINTS_READ = "fingerprints:read"
    ORGANIZATIONS_CREATE = "organizations:create"
    ORGANIZATIONS_READ = "organizations:read"
    ORGANIZATIONS_UPDATE = "organizations:update"
    API_KEYS_READ = "api_keys:read"
    API_KEYS_MANAGE = "api_keys:manage"
    GATE_AGENT_TOKENS_VERIFY = "gate:agent_tokens:verify"
    GATE_AGENT_TOKENS_REVOKE = "gate:agent_tokens:revoke"
    GATE_LOGIN_SESSIONS_CONSUME = "gate:login_sessions:consume"
    GATE_SERVICES_READ = "gate:services:read"
    GATE_SERVICES_MANAGE = "gate:services:manage"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_MANAGE = "webhooks:manage"


ApiKeyScopeValue: TypeAlias = Literal[
    "*",
    "sessions:list",
    "sessions:read",
    "sessions:update",
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
]
"""The values of `ApiKeyScope` as text, which an argument accepts as well."""

ApiKeyId: TypeAlias = str
"""The id of an API key, `key_` and 26 characters."""


class ApiKeyClientTarget(OpenEnum):
    """The kind of client that uses a publishable key.

    Foil only.
    """

    BROWSER = "browser"
    NATIVE_IOS = "native-ios"
    NATIVE_ANDROID = "native-android"


ApiKeyClientTargetValue: TypeAlias = Literal["browser", "native-ios", "native-android"]
"""The values of `ApiKeyClientTarget` as text, which an argument accepts as well."""


class ApiKeyEnvironment(OpenEnum):
    """Whether a key works on live or on test data."""

    LIVE = "live"
    TEST = "test"


ApiKeyEnvironmentValue: TypeAlias = Literal["live", "test"]
"""The values of `ApiKeyEnvironment` as text, which an argument accepts as well."""


class ApiKeyStatus(OpenEnum):
    """Whether an API key is in force, being rotated or revoked."""

    ACTIVE = "active"
    ROTATING = "rotating"
    REVOKED = "revoked"


@attrs.frozen(kw_only=True, repr=False)
class ApiKey(Model):
    """One API key of an organization, without the secret part.

    Attributes:
        object: Names the kind of this object, always `api_key`.
        id: The key's id, which is not the key itself.
        type: Whether the key is for browsers (`publishable`) or for servers (`secret`).
        client_target: The kind of client that uses a publishable key; null for a secret key. Foil
            only.
        environment: Whether the key works on live or on test data.
        name: The label that people know the key by.
        status: Whether the key is in force, being rotated or revoked.
        allowed_origins: The web origins from which the key may be used; null if it has no such
            list.
        scopes: Scopes of the key (`*` for all); null if the key carries no scopes.
        rate_limit: The rate limit of the key in requests per window; null for the default of its
            type.
        key_preview: A shortened form of the key by which people can tell it from others.
        last_used_at: When the key was last used; null if it never was.
        created_at: When the key was issued.
        rotated_at: When the key was last rotated; null if it never was.
        revoked_at: When the key was revoked; null if it was not.
        grace_expires_at: When the grace period of a rotation ends; null if the key is not being
            rotated.
        display_key: The form of the key that is meant to be shown.
        revealed_key: The whole key, if this response contains it. Treat it as a password.
    """

    object: Literal["api_key"]
    id: ApiKeyId
    type: ApiKeyType
    client_target: ApiKeyClientTarget | None = None
    environment: ApiKeyEnvironment
    name: str
    status: ApiKeyStatus
    allowed_origins: tuple[str, ...] | None
    scopes: tuple[ApiKeyScope, ...] | None
    rate_limit: int | None
    key_preview: str
    last_used_at: Timestamp | None
    created_at: Timestamp
    rotated_at: Timestamp | None
    revoked_at: Timestamp | None
    grace_expires_at: Timestamp | None
    display_key: str | None = None
    revealed_key: Secret | None = None


@attrs.frozen(kw_only=True, repr=False)
class ApiKeyListResponse(Model):
    """One page of API keys.

    Attributes:
        data: The API keys of this page.
        pagination: Position of the page in the list, and the cursor of the next one.
        meta: Metadata of the response: the request id.
    """

    data: tuple[ApiKey, ...]
    pagination: CursorPagination
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class ApiKeyResponse(Model):
    """Response with one API key.

    Attributes:
        data: The API key as it is now, without its secret part.
        meta: Metadata of the response: the request id.
    """

    data: ApiKey
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class CreateApiKeyRequest(Model):
    """The settings of a new API key.

    `scopes` must be given if `type` is `secret`, and must be left out otherwise.

    Attributes:
        name: The label that people will know the key by.
        type: Whether the key is for browsers (`publishable`) or for servers (`secret`).
        client_target: The kind of client that uses a publishable key. Required for a native app,
            `browser` by default, and not allowed for a secret key. It cannot be changed later. Foil
            only.
        environment: Whether the key is to work on live or on test data.
        allowed_origins: The web origins from which the key may be used.
        scopes: Scopes of the key (`*` for all).
    """

    name: str
    type: ApiKeyType | UnsetType = UNSET
    client_target: ApiKeyClientTarget | UnsetType = attrs.field(default=UNSET, metadata={PROFILE: "foil"})
    environment: ApiKeyEnvironment | UnsetType = UNSET
    allowed_origins: tuple[str, ...] | UnsetType = UNSET
    scopes: tuple[ApiKeyScope, ...] | UnsetType = UNSET


@attrs.frozen(kw_only=True, repr=False)
class IssuedApiKey(Model):
    """An API key that was just issued or rotated, with its whole value.

    Attributes:
        object: Names the kind of this object, always `api_key`.
        id: The key's id, which is not the key itself.
        type: Whether the key is for browsers (`publishable`) or for servers (`secret`).
        client_target: The kind of client that uses a publishable key; null for a secret key. Foil
            only.
        environment: Whether the key works on live or on test data.
        name: The label that people know the key by.
        status: Whether the key is in force, being rotated or revoked.
        allowed_origins: The web origins from which the key may be used; null if it has no such
            list.
        scopes: Scopes of the key (`*` for all); null if the key carries no scopes.
        rate_limit: The rate limit of the key in requests per window; null for the default of its
            type.
        key_preview: A shortened form of the key by which people can tell it from others.
        revealed_key: The whole key. Treat it as a password.
        last_used_at: When the key was last used; null if it never was.
        created_at: When the key was issued.
        rotated_at: When the key was last rotated; null if it never was.
        revoked_at: When the key was revoked; null if it was not.
        grace_expires_at: When the grace period of a rotation ends; null if the key is not being
            rotated.
        display_key: The form of the key that is meant to be shown.
    """

    object: Literal["api_key"]
    id: ApiKeyId
    type: ApiKeyType
    client_target: ApiKeyClientTarget | None = None
    environment: ApiKeyEnvironment
    name: str
    status: ApiKeyStatus
    allowed_origins: tuple[str, ...] | None
    scopes: tuple[ApiKeyScope, ...] | None
    rate_limit: int | None
    key_preview: str
    revealed_key: Secret
    last_used_at: Timestamp | None
    created_at: Timestamp
    rotated_at: Timestamp | None
    revoked_at: Timestamp | None
    grace_expires_at: Timestamp | None
    display_key: str | None = None


@attrs.frozen(kw_only=True, repr=False)
class IssuedApiKeyResponse(Model):
    """Response with a key with its whole value.

    Attributes:
        data: The key, with its whole value.
        meta: Metadata of the response: the request id.
    """

    data: IssuedApiKey
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class UpdateApiKeyRequest(Model):
    """The changes to an API key.

    At least one field is required. Missing fields keep their values.

    Attributes:
        name: The label that people will know the key by.
        allowed_origins: The web origins from which the key may be used, in place of the present
            ones.
        scopes: Scopes of the key (`*` for all), in place of the present scopes.
    """

    name: str | UnsetType = UNSET
    allowed_origins: tuple[str, ...] | UnsetType = UNSET
    scopes: tuple[ApiKeyScope, ...] | UnsetType = UNSET
