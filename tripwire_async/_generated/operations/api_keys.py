# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Operations of the tag api_keys."""

import re
from typing import Final

from tripwire_async._generated.models.api_keys import (
    ApiKeyListResponse,
    ApiKeyResponse,
    CreateApiKeyRequest,
    IssuedApiKeyResponse,
    UpdateApiKeyRequest,
)
from tripwire_async._operation import Operation, PathArgument

_ORGANIZATION_ID: Final = re.compile(r"^org_[0123456789abcdefghjkmnpqrstvwxyz]{26}$")
_API_KEY_ID: Final = re.compile(r"^key_[0123456789abcdefghjkmnpqrstvwxyz]{26}$")

LIST_ORGANIZATION_API_KEYS: Final[Operation[ApiKeyListResponse]] = Operation(
    id="listOrganizationApiKeys",
    method="GET",
    path="/v1/organizations/{organizationId}/api-keys",
    path_arguments=(PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),),
    query=("limit", "cursor"),
    authority="secret",
    scope="api_keys:read",
    success=200,
    returns=ApiKeyListResponse,
)
"""List an organization's API keys, one page at a time."""

CREATE_ORGANIZATION_API_KEY: Final[Operation[IssuedApiKeyResponse]] = Operation(
    id="createOrganizationApiKey",
    method="POST",
    path="/v1/organizations/{organizationId}/api-keys",
    path_arguments=(PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),),
    authority="secret",
    scope="api_keys:manage",
    body=CreateApiKeyRequest,
    success=201,
    returns=IssuedApiKeyResponse,
)
"""Issue a new API key."""

REVOKE_ORGANIZATION_API_KEY: Final[Operation[ApiKeyResponse]] = Operation(
    id="revokeOrganizationApiKey",
    method="DELETE",
    path="/v1/organizations/{organizationId}/api-keys/{keyId}",
    path_arguments=(
        PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),
        PathArgument(name="keyId", argument="key_id", pattern=_API_KEY_ID),
    ),
    authority="secret",
    scope="api_keys:manage",
    success=200,
    returns=ApiKeyResponse,
)
"""Revoke an API key."""

UPDATE_ORGANIZATION_API_KEY: Final[Operation[ApiKeyResponse]] = Operation(
    id="updateOrganizationApiKey",
    method="PATCH",
    path="/v1/organizations/{organizationId}/api-keys/{keyId}",
    path_arguments=(
        PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),
        PathArgument(name="keyId", argument="key_id", pattern=_API_KEY_ID),
    ),
    authority="secret",
    scope="api_keys:manage",
    body=UpdateApiKeyRequest,
    success=200,
    returns=ApiKeyResponse,
)
"""Change an API key's name, origins or scopes."""

ROTATE_ORGANIZATION_API_KEY: Final[Operation[IssuedApiKeyResponse]] = Operation(
    id="rotateOrganizationApiKey",
    method="POST",
    path="/v1/organizations/{organizationId}/api-keys/{keyId}/rotations",
    path_arguments=(
        PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),
        PathArgument(name="keyId", argument="key_id", pattern=_API_KEY_ID),
    ),
    authority="secret",
    scope="api_keys:manage",
    success=201,
    returns=IssuedApiKeyResponse,
)
"""Replace an API key's secret value by a new one."""
