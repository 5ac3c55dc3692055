# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Operations of the tag organizations."""

import re
from typing import Final

from tripwire_async._generated.models.organizations import (
    CreateOrganizationRequest,
    OrganizationResponse,
    UpdateOrganizationRequest,
)
from tripwire_async._operation import Operation, PathArgument

_ORGANIZATION_ID: Final = re.compile(r"^org_[0123456789abcdefghjkmnpqrstvwxyz]{26}$")

CREATE_ORGANIZATION: Final[Operation[OrganizationResponse]] = Operation(
    id="createOrganization",
    method="POST",
    path="/v1/organizations",
    authority="secret",
    scope="organizations:create",
    body=CreateOrganizationRequest,
    success=201,
    returns=OrganizationResponse,
)
"""Create an organization."""

GET_ORGANIZATION: Final[Operation[OrganizationResponse]] = Operation(
    id="getOrganization",
    method="GET",
    path="/v1/organizations/{organizationId}",
    path_arguments=(PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),),
    authority="secret",
    scope="organizations:read",
    success=200,
    returns=OrganizationResponse,
)
"""Read one organization."""

UPDATE_ORGANIZATION: Final[Operation[OrganizationResponse]] = Operation(
    id="updateOrganization",
    method="PATCH",
    path="/v1/organizations/{organizationId}",
    path_arguments=(PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),),
    authority="secret",
    scope="organizations:update",
    body=UpdateOrganizationRequest,
    success=200,
    returns=OrganizationResponse,
)
"""Change an organization's name or status."""
