"""Organizations and their API keys, over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tripwire_async import TRIPWIRE, AsyncTripwire, errors
from tripwire_async.models import ApiKeyClientTarget, ApiKeyScope, ApiKeyStatus, ApiKeyType, OrganizationStatus

if TYPE_CHECKING:
    from tripwire_async.testing import TripwireServer


async def test_an_organization_is_created_read_and_changed(tripwire: AsyncTripwire) -> None:
    """An update changes the given fields and keeps the others."""
    created = await tripwire.organizations.create(name="New", slug="new")
    assert created == await tripwire.organizations.get(created.id)
    renamed = await tripwire.organizations.update(created.id, name="Newer")
    assert ("Newer", OrganizationStatus.ACTIVE) == (renamed.name, renamed.status)
    suspended = await tripwire.organizations.update(created.id, status="suspended")
    assert ("Newer", OrganizationStatus.SUSPENDED) == (suspended.name, suspended.status)


async def test_a_taken_slug_is_a_conflict(tripwire: AsyncTripwire) -> None:
    """As 409."""
    with pytest.raises(errors.ConflictError):
        await tripwire.organizations.create(name="Another", slug="acme")


async def test_an_update_that_changes_nothing_is_never_sent(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """The API takes no empty change."""
    organization = tripwire_server.organization_id
    with pytest.raises(ValueError, match="give at least one of name, status"):
        await tripwire.organizations.update(organization)
    with pytest.raises(ValueError, match="give at least one of name, allowed_origins, scopes"):
        await tripwire.organizations.api_keys.update(organization, "key_" + 26 * "0")
    assert 0 == len(tripwire_server.requests)


async def test_a_key_is_revealed_when_it_is_issued_and_never_again(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """The list shows the same key without its secret part; its text works."""
    organization, keys = tripwire_server.organization_id, tripwire.organizations.api_keys
    issued = await keys.create(organization, name="ci", type="secret", scopes=["organizations:read"])
    (listed,) = [key async for key in keys.iter(organization) if key.id == issued.id]
    assert listed.revealed_key is None
    assert (ApiKeyScope.ORGANIZATIONS_READ,) == listed.scopes
    async with AsyncTripwire(
        issued.revealed_key, profile=tripwire_server.profile, base_url=tripwire_server.base_url
    ) as other:
        assert organization == (await other.organizations.get(organization)).id
        with pytest.raises(errors.PermissionDeniedError, match="has the scope sessions:list"):
            await other.sessions.list()


async def test_a_key_is_changed_rotated_and_revoked(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """A rotation reveals another secret part and leaves the former one for a while."""
    organization, keys = tripwire_server.organization_id, tripwire.organizations.api_keys
    issued = await keys.create(
        organization, name="site", type="publishable", environment="test", allowed_origins=["https://acme.example.com"]
    )
    assert (ApiKeyType.PUBLISHABLE, None) == (issued.type, issued.scopes)
    changed = await keys.update(organization, issued.id, allowed_origins=[])
    assert ("site", ()) == (changed.name, changed.allowed_origins)
    rotated = await keys.rotate(organization, issued.id)
    assert issued.revealed_key != rotated.revealed_key
    assert rotated.grace_expires_at is not None
    assert ApiKeyStatus.REVOKED == (await keys.revoke(organization, issued.id)).status


async def test_keys_come_in_pages(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """As every list with a cursor."""
    organization, keys = tripwire_server.organization_id, tripwire.organizations.api_keys
    for number in range(3):
        tripwire_server.add_key(name=str(number))
    page = await keys.list(organization, limit=2)
    rest = await keys.list(organization, limit=2, cursor=page.next_cursor)
    assert ["default", "0", "1", "2"] == [key.name for key in (*page, *rest)]
    assert ["default", "0", "1", "2"] == [key.name async for key in keys.list(organization, limit=1, prefetch=1)]


@pytest.mark.parametrize(
    "given",
    [
        {"scopes": ["*"]},
        {"type": "publishable", "scopes": ["*"]},
        {"type": "secret"},
        {"type": ApiKeyType.SECRET},
    ],
)
async def test_scopes_are_given_exactly_to_secret_keys(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer, given: dict[str, str]
) -> None:
    """The service would reject other values; they are never sent."""
    with pytest.raises(ValueError, match="scopes must be given when type is 'secret', and only then"):
        await tripwire.organizations.api_keys.create(tripwire_server.organization_id, name="ci", **given)
    assert 0 == len(tripwire_server.requests)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"type": "secret", "scopes": "*"}, "put it in a list"),
        ({"type": "secret", "scopes": None}, "expected a list of ApiKeyScope, not None"),
        ({"type": "secret", "scopes": ["sessions:write"]}, "unknown ApiKeyScope 'sessions:write'"),
        ({"type": "private"}, "unknown ApiKeyType 'private'"),
        ({"environment": "staging"}, "unknown ApiKeyEnvironment 'staging'"),
        ({"allowed_origins": "https://acme.example.com"}, "allowed_origins must be a list of texts"),
        ({"allowed_origins": None}, "allowed_origins must be a list of texts, not None"),
    ],
)
async def test_arguments_that_cannot_be_right_are_never_sent(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer, given: dict[str, str], message: str
) -> None:
    """Unknown values, and a text where a list is wanted."""
    with pytest.raises(ValueError, match=message.replace("*", r"\*")):
        await tripwire.organizations.api_keys.create(tripwire_server.organization_id, name="ci", **given)
    assert 0 == len(tripwire_server.requests)


async def test_a_client_target_is_sent_under_foil_only(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Under Tripwire it is an error that names the argument and the profile, before anything is sent."""
    organization, keys = tripwire_server.organization_id, tripwire.organizations.api_keys
    if tripwire.profile == TRIPWIRE:
        message = (
            "createOrganizationApiKey: Tripwire has no client_target; this argument exists under the Foil profile only"
        )
        with pytest.raises(errors.ConfigurationError, match=message):
            await keys.create(organization, name="app", type="publishable", client_target="native-ios")
        assert 0 == len(tripwire_server.requests)
        return
    issued = await keys.create(organization, name="app", type="publishable", client_target="native-ios")
    assert ApiKeyClientTarget.NATIVE_IOS == issued.client_target
    assert [None, ApiKeyClientTarget.NATIVE_IOS] == [key.client_target async for key in keys.iter(organization)]


async def test_a_key_without_a_type_follows_the_service(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """The client states no default: the service decides."""
    issued = await tripwire.organizations.api_keys.create(tripwire_server.organization_id, name="ci")
    assert (ApiKeyType.SECRET, (ApiKeyScope.ALL,)) == (issued.type, issued.scopes)
