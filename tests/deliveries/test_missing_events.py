"""Events that cannot be found: not yet, for a moment, or not any more."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.scripted_delivery import ENDPOINT, EVENT, Script, handle_of, pending
from tripwire_async import PollSchedule
from tripwire_async.errors import DeliveryError, DeliveryTimeoutError, NotFoundError, ServerError

DELETED = NotFoundError("no such event", status=404, code="request.not_found")


@pytest.mark.virtual_time
async def test_an_event_that_is_not_readable_yet_is_waited_for() -> None:
    """A 404 on a fresh event means *not yet*."""
    not_yet = NotFoundError("no such event", status=404)
    assert "succeeded" == (await pending(not_yet, not_yet, "succeeded", latest=None)).status


@pytest.mark.virtual_time
async def test_an_event_that_never_appears_is_an_error() -> None:
    """After half a minute of 404 the ids must be wrong, and a wait without an end would never tell."""
    handle = pending(NotFoundError("no such event", status=404), latest=None)
    with pytest.raises(DeliveryError, match="did not appear within 30 seconds") as caught:
        await handle.wait(timeout=None)
    assert (EVENT, ENDPOINT) == (caught.value.event_id, caught.value.endpoint_id)
    assert isinstance(caught.value.__cause__, NotFoundError)
    assert 30 < asyncio.get_running_loop().time() < 45


@pytest.mark.virtual_time
async def test_a_404_that_is_not_the_services_own_ends_no_wait_for_a_known_delivery() -> None:
    """It has no error code: a proxy has sent it, for example while the service is replaced."""
    lost = NotFoundError("no such event", status=404)
    assert "succeeded" == (await pending(*[lost] * 20, "succeeded").settled(timeout=None)).status


@pytest.mark.virtual_time
async def test_a_known_delivery_may_be_missing_for_half_a_minute() -> None:
    """For example while the service reads from a replica."""
    handle = pending(*[*[DELETED] * 5, "pending"] * 4, "succeeded")
    assert "succeeded" == (await handle.settled(timeout=None)).status
    assert 60 < asyncio.get_running_loop().time()


@pytest.mark.virtual_time
@pytest.mark.parametrize("finds", [[DELETED], ["delivering", DELETED], [DELETED, ServerError("no", status=503)] * 3])
async def test_an_event_that_vanishes_is_an_error(finds: list[str | Exception]) -> None:
    """After half a minute of 404 the service has deleted it, and a wait without an end would never end."""
    handle = pending(*finds, DELETED)
    with pytest.raises(DeliveryError, match=r"missing for [34]\d seconds .*last known as") as caught:
        await handle.settled(timeout=None)
    assert not isinstance(caught.value, DeliveryTimeoutError)
    assert (EVENT, ENDPOINT, handle.latest) == (caught.value.event_id, caught.value.endpoint_id, caught.value.latest)
    assert isinstance(caught.value.__cause__, NotFoundError)
    assert 30 < asyncio.get_running_loop().time() < 60


@pytest.mark.virtual_time
@pytest.mark.parametrize("found", [0, 1])
async def test_an_event_has_vanished_after_three_reads_at_least(found: int) -> None:
    """A caller with long poll intervals reads it three times, too, counted from the last read that has found it."""
    script = Script([*["pending"] * found, DELETED])
    handle = handle_of(script, schedule=PollSchedule(first=40.0, longest=40.0, jitter=0.0))
    with pytest.raises(DeliveryError, match="has been missing for 80 seconds"):
        await handle.settled(timeout=None)
    assert found + 3 == script.reads
