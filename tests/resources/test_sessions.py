"""Sessions, over the wire, under both profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tripwire_async import TRIPWIRE, errors
from tripwire_async.models import SessionDetailBehaviorEntryMode, SessionDetailBehaviorTier, Verdict

if TYPE_CHECKING:
    from tripwire_async import AsyncTripwire
    from tripwire_async.testing import TripwireServer


async def test_a_list_gives_one_page_when_it_is_awaited(tripwire: AsyncTripwire) -> None:
    """With the requested number of items, the cursor of the next page, and the request id."""
    page = await tripwire.sessions.list(limit=3)
    assert 3 == len(page)
    assert (3, True) == (page.limit, page.has_more)
    assert page.next_cursor
    assert page.request_id is not None
    assert page.request_id.startswith("req_")


async def test_a_walk_gives_every_item_of_every_page_once(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """By `iter` and by ``async for`` over the list alike, with pages of any size."""
    everything = list(tripwire_server.state.seeds.visits)
    assert everything == [session.id async for session in tripwire.sessions.iter()]
    assert everything == [session.id async for session in tripwire.sessions.list(limit=150, prefetch=1)]


async def test_a_stored_cursor_goes_on_where_the_page_ended(tripwire: AsyncTripwire) -> None:
    """Page by page is the same list as at once."""
    first = await tripwire.sessions.list(limit=2)
    second = await tripwire.sessions.list(limit=2, cursor=first.next_cursor)
    assert (await tripwire.sessions.list(limit=4)).items == first.items + second.items


async def test_filters_are_sent(tripwire: AsyncTripwire) -> None:
    """A verdict as text or as a member, and a search."""
    bots = await tripwire.sessions.list(verdict="bot")
    assert bots.items == (await tripwire.sessions.list(verdict=Verdict.BOT)).items
    assert {Verdict.BOT} == {session.latest_decision.verdict for session in bots}
    (found,) = await tripwire.sessions.list(search=bots.items[0].id)
    assert bots.items[0] == found


async def test_one_session_is_read_with_its_evidence(tripwire: AsyncTripwire) -> None:
    """By the id that the list gives."""
    (summary,) = await tripwire.sessions.list(limit=1)
    detail = await tripwire.sessions.get(summary.id)
    assert summary.id == detail.id
    with pytest.raises(errors.NotFoundError):
        await tripwire.sessions.get("sid_" + 26 * "0")


async def test_a_cursor_of_another_list_is_refused_by_the_service(tripwire: AsyncTripwire) -> None:
    """As a 422, with the name of the invalid field."""
    cursor = (await tripwire.fingerprints.list(limit=1)).next_cursor
    with pytest.raises(errors.ValidationFailedError) as caught:
        await tripwire.sessions.list(limit=1, cursor=cursor)
    assert ["cursor"] == [field.name for field in caught.value.field_errors]


@pytest.mark.parametrize("limit", [0, 201, -1, 1.5, "10", True])
async def test_a_limit_out_of_range_is_never_sent(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer, limit: int
) -> None:
    """From 1 to 200, and a whole number."""
    with pytest.raises(ValueError, match="from 1 to 200"):
        tripwire.sessions.list(limit=limit)
    with pytest.raises(ValueError, match="from 1 to 200"):
        tripwire.sessions.iter(limit=limit)
    assert 0 == len(tripwire_server.requests)


async def test_an_unknown_verdict_is_never_sent_unless_it_is_meant(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """As text it is a ValueError that names the known ones; as a member it goes to the service, which decides."""
    with pytest.raises(ValueError, match=r"unknown Verdict 'robot': choose from 'bot'"):
        tripwire.sessions.list(verdict="robot")
    assert 0 == len(tripwire_server.requests)
    with pytest.raises(errors.ValidationFailedError):
        await tripwire.sessions.list(verdict=Verdict("robot"))


async def test_a_user_id_is_attached_and_removed_under_foil(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Both methods return the whole session; Tripwire does not have the operation, and nothing is sent."""
    session_id = next(iter(tripwire_server.state.seeds.visits))
    if tripwire.profile == TRIPWIRE:
        message = "updateSession: Tripwire has no such operation; this operation exists under the Foil profile only"
        for call in (
            tripwire.sessions.attach_client_user(session_id, "u"),
            tripwire.sessions.clear_client_user(session_id),
        ):
            with pytest.raises(errors.ConfigurationError, match=message):
                await call
        assert 0 == len(tripwire_server.requests)
        return
    attached = await tripwire.sessions.attach_client_user(session_id, "user_7")
    assert (session_id, "user_7") == (attached.id, attached.client_user_id)
    (listed,) = await tripwire.sessions.list(search=session_id)
    assert "user_7" == listed.client_user_id
    assert (await tripwire.sessions.clear_client_user(session_id)).client_user_id is None
    with pytest.raises(errors.ValidationFailedError) as caught:
        await tripwire.sessions.attach_client_user(session_id, "u" * 257)
    assert ["client_user_id"] == [field.name for field in caught.value.field_errors]


async def test_fields_of_foil_are_none_under_tripwire(tripwire: AsyncTripwire) -> None:
    """A marked field is absent from Tripwire's responses, and null means the same."""
    details = [await tripwire.sessions.get(summary.id) for summary in await tripwire.sessions.list(limit=3)]
    behaviors = [detail.behavior for detail in details if detail.behavior is not None]
    resolutions = [detail.visitor_fingerprint and detail.visitor_fingerprint.resolution for detail in details]
    users = [detail.client_user_id for detail in details]
    if tripwire.profile == TRIPWIRE:
        assert ([], [None] * 3, [None] * 3) == (behaviors, resolutions, users)
        return
    (behavior,) = behaviors
    assert SessionDetailBehaviorTier.ELEVATED == behavior.assessment.tier
    assert SessionDetailBehaviorEntryMode.PASTED == behavior.fields[0].entry_mode
    assert all(resolution is not None for resolution in resolutions)
    assert any(user is not None for user in users)
