"""Visitor fingerprints, over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tripwire_async import errors
from tripwire_async.models import VisitorFingerprintSort

if TYPE_CHECKING:
    from tripwire_async import AsyncTripwire
    from tripwire_async.testing import TripwireServer


async def test_a_walk_gives_every_fingerprint_once(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """By `iter` and by ``async for`` over the list alike."""
    everything = set(tripwire_server.state.seeds.visitors)
    walked = [visitor.id async for visitor in tripwire.fingerprints.iter(limit=100)]
    assert walked == [visitor.id async for visitor in tripwire.fingerprints.list(prefetch=1)]
    assert (everything, len(everything)) == (set(walked), len(walked))


async def test_they_are_sorted_and_searched_by_the_service(tripwire: AsyncTripwire) -> None:
    """*sort* as text or as a member, and a text to find."""
    page = await tripwire.fingerprints.list(limit=5, sort="seen_count")
    assert page.items == (await tripwire.fingerprints.list(limit=5, sort=VisitorFingerprintSort.SEEN_COUNT)).items
    assert page.items != (await tripwire.fingerprints.list(limit=5, sort="first_seen")).items
    (found,) = await tripwire.fingerprints.list(search=page.items[0].id)
    assert page.items[0] == found


async def test_one_fingerprint_is_read_with_its_activity(tripwire: AsyncTripwire) -> None:
    """By the id that the list gives."""
    (summary,) = await tripwire.fingerprints.list(limit=1)
    assert summary.id == (await tripwire.fingerprints.get(summary.id)).id
    with pytest.raises(errors.NotFoundError):
        await tripwire.fingerprints.get("vid_" + 26 * "0")


async def test_an_unknown_order_is_never_sent(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """It is a ValueError that names the known ones."""
    with pytest.raises(ValueError, match=r"choose from 'seen_count', 'first_seen'"):
        tripwire.fingerprints.list(sort="colour")
    assert 0 == len(tripwire_server.requests)
