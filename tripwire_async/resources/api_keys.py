"""API keys: issued, changed, rotated and revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._codec.fields import UNSET, UnsetType
from tripwire_async._generated.models.api_keys import (
    ApiKeyEnvironment,
    ApiKeyScope,
    ApiKeyType,
    CreateApiKeyRequest,
    UpdateApiKeyRequest,
)
from tripwire_async._generated.operations import api_keys as operations
from tripwire_async._http.api_calls import ApiRequest

from .arguments import check_page_size, enum_value, enum_values, require_change, text_list
from .pagination import Listing
from .raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from tripwire_async._generated.models.api_keys import ApiKey, IssuedApiKey
    from tripwire_async._http.api_calls import Caller


@final
class ApiKeys:
    """The API keys of an organization.

    Each method names the scope that a secret key needs for it. An argument that cannot be right is a ValueError before
    anything is sent; a refusal of the service is an `APIError`, and no answer a `TransportError`.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    def list(
        self, organization_id: str, *, limit: int | None = None, cursor: str | None = None, prefetch: int = 0
    ) -> Listing[ApiKey]:
        """List an organization's keys, without their secret parts: await one page, or walk with ``async for``.

        Scope ``api_keys:read``.

        Args:
            organization_id: Whose keys.
            limit: How many a page holds at the most, from 1 to 200; the service's own choice is 50.
            cursor: Where to begin: the `next_cursor` of a page that was read before, perhaps by another process.
            prefetch: How many pages a walk reads ahead, 0 or 1.
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
        """Walk through the keys of every page; takes what `list` takes, *limit* being that of a page."""
        return aiter(self.list(organization_id, limit=limit, cursor=cursor, prefetch=prefetch))

    async def create(
        self,
        organization_id: str,
        *,
        name: str,
        type: ApiKeyType | str | UnsetType = UNSET,  # noqa: A002 - named as on the wire
        environment: ApiKeyEnvironment | str | UnsetType = UNSET,
        allowed_origins: Iterable[str] | UnsetType = UNSET,
        scopes: Iterable[ApiKeyScope | str] | UnsetType = UNSET,
    ) -> IssuedApiKey:
        """Issue a key. Its ``revealed_key`` is in this answer and in no later one: store it.

        Scope ``api_keys:manage``. Not repeated by itself after a lost answer, as the key may be there.

        Args:
            organization_id: Whose key it is to be.
            name: The label that people will know it by.
            type: ``publishable``, for browsers, or ``secret``, for servers; left out, the service takes the former.
            environment: ``live`` or ``test``.
            allowed_origins: The web origins from which the key may be used.
            scopes: What the key may do; given exactly when *type* is ``secret``. ``*`` is everything.
        """
        body = CreateApiKeyRequest(
            name=name,
            type=enum_value(ApiKeyType, type),
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
        scopes: Iterable[ApiKeyScope | str] | UnsetType = UNSET,
    ) -> ApiKey:
        """Change what is given of a key, at least one thing, and leave the rest.

        *allowed_origins* and *scopes* come in place of the present ones; *scopes* belong to secret keys only. Scope
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
        """End a key for good. Scope ``api_keys:manage``."""
        response = await self._call(ApiRequest(operations.REVOKE_ORGANIZATION_API_KEY, (organization_id, key_id)))
        return response.value.data

    async def rotate(self, organization_id: str, key_id: str) -> IssuedApiKey:
        """Give a key a new secret part, which is in this answer and in no later one.

        The former one works on until ``grace_expires_at``. A client that uses the key itself goes on with
        `AsyncTripwire.use_key`. Scope ``api_keys:manage``. Not repeated by itself after a lost answer, as the secret
        part that was lost with it may be in force.
        """
        response = await self._call(ApiRequest(operations.ROTATE_ORGANIZATION_API_KEY, (organization_id, key_id)))
        return response.value.data


@final
class RawApiKeys(RawResource[ApiKeys]):
    """The methods of `ApiKeys`, each of which gives a `RawResponse`."""

    list = raw(ApiKeys.list)
    create = raw(ApiKeys.create)
    update = raw(ApiKeys.update)
    revoke = raw(ApiKeys.revoke)
    rotate = raw(ApiKeys.rotate)
