"""API keys of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._codec.fields import UNSET, UnsetType
from tripwire_async._generated.models.api_keys import (
    ApiKeyClientTarget,
    ApiKeyEnvironment,
    ApiKeyScope,
    ApiKeyType,
    CreateApiKeyRequest,
    UpdateApiKeyRequest,
)
from tripwire_async._generated.operations import api_keys as operations
from tripwire_async._http.api_calls import ApiRequest

from .arguments import check_page_size, enum_value, enum_values, require_change, text_list
from .base import Resource
from .pagination import Listing
from .raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from tripwire_async._generated.models.api_keys import (
        ApiKey,
        ApiKeyClientTargetValue,
        ApiKeyEnvironmentValue,
        ApiKeyScopeValue,
        ApiKeyTypeValue,
        IssuedApiKey,
    )
    from tripwire_async._http.api_calls import Caller


@final
class ApiKeys(Resource):
    """The API keys of an organization.

    Each method names the scope that the secret key needs. An invalid argument raises ValueError before anything is
    sent. An error response raises `APIError`, and a missing response raises `TransportError`.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    def list(
        self, organization_id: str, *, limit: int | None = None, cursor: str | None = None, prefetch: int = 0
    ) -> Listing[ApiKey]:
        """List an organization's keys, without their secret parts: await one page, or iterate with ``async for``.

        Scope ``api_keys:read``.

        Args:
            organization_id: The organization that owns the keys.
            limit: Largest number of items on a page, from 1 to 200; the service's default is 50.
            cursor: Start of the page: the `next_cursor` of an earlier page, which may be stored.
            prefetch: Number of pages that an iteration reads ahead, 0 or 1.
        """
        query = {"limit": check_page_size(limit), "cursor": cursor}
        return Listing(
            self._call,
            ApiRequest(operations.LIST_ORGANIZATION_API_KEYS, (organization_id,), query=query),
            prefetch=prefetch,
        )

    def iter(
        self, organization_id: str, *, limit: int | None = None, cursor: str | None = None, prefetch: int = 0
    ) -> AsyncGenerator[ApiKey]:
        """Iterate over the keys of every page; takes the arguments of `list`, with *limit* per page."""
        return aiter(self.list(organization_id, limit=limit, cursor=cursor, prefetch=prefetch))

    async def create(
        self,
        organization_id: str,
        *,
        name: str,
        type: ApiKeyType | ApiKeyTypeValue | UnsetType = UNSET,  # noqa: A002 - named as on the wire
        client_target: ApiKeyClientTarget | ApiKeyClientTargetValue | UnsetType = UNSET,
        environment: ApiKeyEnvironment | ApiKeyEnvironmentValue | UnsetType = UNSET,
        allowed_origins: Iterable[str] | UnsetType = UNSET,
        scopes: Iterable[ApiKeyScope | ApiKeyScopeValue] | UnsetType = UNSET,
    ) -> IssuedApiKey:
        """Issue a key. Store its ``revealed_key``, which no later response contains.

        Scope ``api_keys:manage``. Not retried after a lost response, because the key may be there.

        Args:
            organization_id: The organization that will own the key.
            name: A label for people.
            type: ``publishable``, for browsers, or ``secret``, for servers. The API documents no default.
            client_target: The kind of client that uses a publishable key: ``browser``, ``native-ios`` or
                ``native-android``. Required for a native app. Foil only.
            environment: ``live`` or ``test``.
            allowed_origins: The web origins from which the key may be used.
            scopes: The permissions of a secret key, which must have some; ``*`` means all. Not for publishable keys.
        """
        body = CreateApiKeyRequest(
            name=name,
            type=enum_value(ApiKeyType, type),
            client_target=enum_value(ApiKeyClientTarget, client_target),
            environment=enum_value(ApiKeyEnvironment, environment),
            allowed_origins=text_list("allowed_origins", allowed_origins),
            scopes=enum_values(ApiKeyScope, scopes),
        )
        if (body.scopes is not UNSET) != (body.type == ApiKeyType.SECRET):
            msg = "scopes must be given when type is 'secret', and only then"
            raise ValueError(msg)
        response = await self._call(ApiRequest(operations.CREATE_ORGANIZATION_API_KEY, (organization_id,), body=body))
        return response.value.data

    async def update(
        self,
        organization_id: str,
        key_id: str,
        *,
        name: str | UnsetType = UNSET,
        allowed_origins: Iterable[str] | UnsetType = UNSET,
        scopes: Iterable[ApiKeyScope | ApiKeyScopeValue] | UnsetType = UNSET,
    ) -> ApiKey:
        """Change the given fields of a key, at least one, and keep the rest.

        *allowed_origins* and *scopes* replace the current lists; only secret keys have *scopes*. Scope
        ``api_keys:manage``.
        """
        body = require_change(
            UpdateApiKeyRequest(
                name=name,
                allowed_origins=text_list("allowed_origins", allowed_origins),
                scopes=enum_values(ApiKeyScope, scopes),
            )
        )
        response = await self._call(
            ApiRequest(operations.UPDATE_ORGANIZATION_API_KEY, (organization_id, key_id), body=body)
        )
        return response.value.data

    async def revoke(self, organization_id: str, key_id: str) -> ApiKey:
        """Revoke a key; this cannot be undone. Scope ``api_keys:manage``."""
        response = await self._call(ApiRequest(operations.REVOKE_ORGANIZATION_API_KEY, (organization_id, key_id)))
        return response.value.data

    async def rotate(self, organization_id: str, key_id: str) -> IssuedApiKey:
        """Give a key a new secret part, which no later response contains.

        The old secret part is valid until ``grace_expires_at``. A client that uses this key must switch to the new one
        with `AsyncTripwire.use_key`. Scope ``api_keys:manage``. Not retried after a lost response, because the new
        secret part may be active.
        """
        response = await self._call(ApiRequest(operations.ROTATE_ORGANIZATION_API_KEY, (organization_id, key_id)))
        return response.value.data


@final
class RawApiKeys(RawResource[ApiKeys]):
    """The methods of `ApiKeys`, each returning a `RawResponse`."""

    list = raw(ApiKeys.list)
    create = raw(ApiKeys.create)
    update = raw(ApiKeys.update)
    revoke = raw(ApiKeys.revoke)
    rotate = raw(ApiKeys.rotate)
