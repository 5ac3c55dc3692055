"""Organizations, with access to their API keys."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, final

from tripwire_async._codec.fields import UNSET, UnsetType
from tripwire_async._generated.models.organizations import (
    CreateOrganizationRequest,
    OrganizationStatus,
    UpdateOrganizationRequest,
)
from tripwire_async._generated.operations import organizations as operations
from tripwire_async._http.api_calls import ApiRequest

from .arguments import enum_value, require_change
from .base import Resource
from .raw import RawResource, raw

if TYPE_CHECKING:
    from tripwire_async._generated.models.organizations import Organization, OrganizationStatusValue
    from tripwire_async._http.api_calls import Caller

    from .api_keys import ApiKeys, RawApiKeys


@final
class Organizations(Resource):
    """The organizations that the key may see.

    Each method names the scope that the secret key needs. An invalid argument raises ValueError before anything is
    sent. An error response raises `APIError`, and a missing response raises `TransportError`.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    @functools.cached_property
    def api_keys(self) -> ApiKeys:
        """The API keys of an organization."""
        from .api_keys import ApiKeys  # noqa: PLC0415 - imported on first use

        return ApiKeys(self._call)

    async def create(self, *, name: str, slug: str) -> Organization:
        """Create an organization; *slug* is lower-case letters and digits, in groups separated by single hyphens.

        Scope ``organizations:create``. A slug that is taken raises `ConflictError`. Not retried after
        a lost response, because the organization may exist.
        """
        body = CreateOrganizationRequest(name=name, slug=slug)
        response = await self._call(ApiRequest(operations.CREATE_ORGANIZATION, body=body))
        return response.value.data

    async def get(self, organization_id: str) -> Organization:
        """Read one organization. Scope ``organizations:read``."""
        response = await self._call(ApiRequest(operations.GET_ORGANIZATION, (organization_id,)))
        return response.value.data

    async def update(
        self,
        organization_id: str,
        *,
        name: str | UnsetType = UNSET,
        status: OrganizationStatus | OrganizationStatusValue | UnsetType = UNSET,
    ) -> Organization:
        """Change the given fields of an organization, at least one, and keep the rest.

        *status* is ``active``, ``suspended`` or ``deleted``. Scope ``organizations:update``.
        """
        body = require_change(UpdateOrganizationRequest(name=name, status=enum_value(OrganizationStatus, status)))
        response = await self._call(ApiRequest(operations.UPDATE_ORGANIZATION, (organization_id,), body=body))
        return response.value.data


@final
class RawOrganizations(RawResource[Organizations]):
    """The methods of `Organizations`, each returning a `RawResponse`."""

    @functools.cached_property
    def api_keys(self) -> RawApiKeys:
        """The API keys of an organization."""
        from .api_keys import ApiKeys, RawApiKeys  # noqa: PLC0415 - imported on first use

        return RawApiKeys(self._call, ApiKeys)

    create = raw(Organizations.create)
    get = raw(Organizations.get)
    update = raw(Organizations.update)
