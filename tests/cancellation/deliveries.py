"""Scenarios of lists, tests, waits, runs, Gate sessions and the loopback endpoint, against the test server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async import PollSchedule
from tripwire_async.testing import DeliveryOutcome, Fault

from .scenario import Scenario, no_call

if TYPE_CHECKING:
    from .world import World

_SCHEDULE = PollSchedule(first=0.2, longest=0.5)
_OUTCOME = DeliveryOutcome("succeeded", after=0.7)


async def _send(world: World) -> None:
    world.server.set_outcome(_OUTCOME)
    world.kept["pending"] = await world.client.webhooks.send_test(
        world.organization, world.endpoints[0], poll=_SCHEDULE
    )


async def _settled(world: World) -> None:
    assert "succeeded" == (await world.kept["pending"].settled(5000.0)).status


async def _wait(world: World) -> None:
    assert "pending" != (await world.kept["pending"].wait(5000.0)).status


async def _await_pending(world: World) -> None:
    assert "pending" != (await world.kept["pending"]).status


async def _refresh(world: World) -> None:
    assert await world.kept["pending"].refresh() is not None


async def _resume(world: World) -> None:
    resumed = world.client.webhooks.resume(world.kept["pending"].to_token(), poll=_SCHEDULE)
    assert "succeeded" == (await resumed.settled(5000.0)).status


async def _lose_the_response(world: World) -> None:
    world.server.set_outcome(_OUTCOME)
    world.server.faults.clear()
    world.server.fail("sendTestWebhook", Fault.lost_response(), times=1)


async def _send_and_reconcile(world: World) -> None:
    await world.client.webhooks.send_test(world.organization, world.endpoints[0], reconcile=True)


async def _settle_quickly(world: World) -> None:
    world.server.set_outcome(_OUTCOME)


async def _await_run(world: World) -> None:
    outcomes = await world.client.webhooks.send_tests(world.organization, timeout=5000.0)
    assert {"succeeded"} == {outcome.state for outcome in outcomes}


async def _iterate_run(world: World) -> None:
    async with world.client.webhooks.send_tests(world.organization, world.endpoints, in_flight=3) as run:
        states = [outcome.state async for outcome in run]
    assert ["succeeded"] * len(world.endpoints) == states


async def _leave_run(world: World) -> None:
    async with world.client.webhooks.send_tests(world.organization, world.endpoints) as run:
        async for _ in run:
            break


async def _plan(world: World) -> None:
    plan = await world.client.webhooks.send_tests(world.organization).plan()
    assert len(world.endpoints) == plan.endpoints


async def _list(world: World) -> None:
    assert 150 == len(await world.client.sessions.list(limit=150))


async def _page(world: World) -> None:
    assert 150 == len(await world.client.sessions.list(limit=150).page())


async def _iterate(world: World) -> None:
    assert [session async for session in world.client.sessions.list(limit=150)]


async def _pages(world: World) -> None:
    assert [page async for page in world.client.sessions.list(limit=150).pages()]


async def _prefetch(world: World) -> None:
    assert [session async for session in world.client.sessions.iter(limit=150, prefetch=1)]


async def _create_gate_session(world: World) -> None:
    world.kept["gate"] = gate = await world.client.gate.sessions.create(
        service_id="acme-prod", account_name="ci", poll=_SCHEDULE
    )
    world.server.approve_gate_session(gate.id, {"ACME_KEY": "secret"})


async def _approved(world: World) -> None:
    assert "secret" == (await world.kept["gate"].approved(5000.0)).outputs["ACME_KEY"].reveal()


async def _await_gate(world: World) -> None:
    assert "secret" == (await world.kept["gate"]).outputs["ACME_KEY"].reveal()


async def _loopback(world: World) -> None:
    world.server.set_outcome(None)
    # The server signs with the time of the fast clock, which is soon minutes ahead.
    async with world.client.webhooks.loopback_endpoint(tolerance=1e6) as loopback:
        endpoint = world.server.add_endpoint(loopback.url)
        try:
            received = await loopback.test_and_receive(
                world.organization, endpoint.id, endpoint.signing_secret, timeout=5000.0
            )
        finally:
            del world.server.state.endpoints[endpoint.id]
        assert "succeeded" == received.delivery.status
    assert 0 == loopback.statistics().expected


async def _open_client(world: World) -> None:
    async with world.client:
        await world.client.organizations.get(world.organization)


async def _close_client(world: World) -> None:
    await world.client.organizations.get(world.organization)
    await world.client.close()


async def _open_again(world: World) -> None:
    async with world.client:
        await world.client.organizations.get(world.organization)


SCENARIOS = [
    Scenario(name="settled", covers=("PendingDelivery.settled",), prepare=_send, run=_settled, beside=_settled),
    Scenario(name="wait", covers=("PendingDelivery.wait",), prepare=_send, run=_wait, beside=_settled),
    Scenario(
        name="await pending", covers=("PendingDelivery.__await__",), prepare=_send, run=_await_pending, beside=_wait
    ),
    Scenario(name="refresh", covers=("PendingDelivery.refresh",), prepare=_send, run=_refresh, beside=_settled),
    Scenario(name="resume", covers=(), prepare=_send, run=_resume, beside=_settled),
    Scenario(name="reconcile", covers=(), prepare=_lose_the_response, run=_send_and_reconcile),
    Scenario(name="await run", covers=("TestRun.__await__",), prepare=_settle_quickly, run=_await_run),
    Scenario(
        name="iterate run",
        covers=("TestRun.__aenter__", "TestRun.__aexit__", "TestRun.__aiter__"),
        prepare=_settle_quickly,
        run=_iterate_run,
    ),
    Scenario(name="leave run", covers=(), prepare=_settle_quickly, run=_leave_run),
    Scenario(name="plan", covers=("TestRun.plan",), run=_plan),
    Scenario(name="list", covers=("Listing.__await__",), run=_list),
    Scenario(name="page", covers=("Listing.page",), run=_page),
    Scenario(name="iterate list", covers=("Listing.__aiter__",), run=_iterate),
    Scenario(name="iterate pages", covers=("Listing.pages",), run=_pages),
    Scenario(name="iterate with prefetch", covers=(), run=_prefetch),
    Scenario(
        name="approved",
        covers=("PendingGateSession.approved",),
        prepare=_create_gate_session,
        run=_approved,
        beside=_approved,
    ),
    Scenario(
        name="await Gate session",
        covers=("PendingGateSession.__await__",),
        prepare=_create_gate_session,
        run=_await_gate,
        beside=_approved,
    ),
    Scenario(
        name="loopback",
        covers=("LoopbackEndpoint.__aenter__", "LoopbackEndpoint.__aexit__", "LoopbackEndpoint.test_and_receive"),
        run=_loopback,
    ),
    Scenario(
        name="open client",
        covers=("AsyncTripwire.__aenter__", "AsyncTripwire.__aexit__"),
        run=_open_client,
        beside=no_call,
        again=_open_again,
    ),
    Scenario(
        name="close client", covers=("AsyncTripwire.close",), run=_close_client, beside=no_call, again=_open_again
    ),
]
