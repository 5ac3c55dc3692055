# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the tag organizations."""

from typing import Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import UNSET, Timestamp, UnsetType
from tripwire_async._codec.model import Model
from tripwire_async._generated.models.shared import OrganizationId, ResponseMeta

Slug: TypeAlias = str
"""A short name: groups of lower-case letters and digits, separated by single hyphens."""


@attrs.frozen(kw_only=True, repr=False)
class CreateOrganizationRequest(Model):
    """The settings of a new organization.

    Attributes:
        name: The organization's name as people see it.
        slug: The short name of the organization; it must not be taken.
    """

    name: str
    slug: Slug


class OrganizationStatus(OpenEnum):
    """Whether an organization is active, suspended or deleted."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"


OrganizationStatusValue: TypeAlias = Literal["active", "suspended", "deleted"]
"""The values of `OrganizationStatus` as text, which an argument accepts as well."""


@attrs.frozen(kw_only=True, repr=False)
class Organization(Model):
    """A tenant, to which keys, webhook endpoints and events belong.

    Attributes:
        object: Names the kind of this object, always `organization`.
        id: The organization's id, `org_` and 26 characters.
        name: The organization's name as people see it.
        slug: The short name of the organization.
        status: Whether the organization is active, suspended or deleted.
        created_at: When the organization was created.
        updated_at: When the organization was last changed; null if it never was.
    """

    object: Literal["organization"]
    id: OrganizationId
    name: str
    slug: Slug
    status: OrganizationStatus
    created_at: Timestamp
    updated_at: Timestamp | None


@attrs.frozen(kw_only=True, repr=False)
class OrganizationResponse(Model):
    """Response with one organization.

    Attributes:
        data: The organization as it is now.
        meta: Metadata of the response: the request id.
    """

    data: Organization
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class UpdateOrganizationRequest(Model):
    """The changes to an organization.

    At least one field is required. Missing fields keep their values.

    Attributes:
        name: The organization's name as people see it.
        status: Whether the organization is to be active, suspended or deleted.
    """

    name: str | UnsetType = UNSET
    status: OrganizationStatus | UnsetType = UNSET
