"""The Redis script against a brute-force model of open slots, finished requests and equal parts."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, ClassVar

import attrs
import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.support.machine_settings import machine_settings
from tests.support.redis_server import RedisServer
from tests.support.virtual_store import EPOCH, ScriptRunner
from tripwire_async.middleware.rate_limit.store import FinishedRequest, SlotGrant, SlotRequest

if TYPE_CHECKING:
    from tripwire_async.middleware.rate_limit.store import RequestOutcome

LEASE = 5.0
GRACE = 0.2
NAMES = itertools.count()


@attrs.define(eq=False)
class Client:
    """One process: its requests in flight, the slots that are open for the script, its ends, and that of its wait.

    The requests of one report count for its part until the last of them has left.
    """

    name: str
    number: int = 0
    serial: int = 0
    in_flight: list[str] = attrs.field(factory=list)
    open: set[str] = attrs.field(factory=set)
    unreported: list[FinishedRequest] = attrs.field(factory=list)
    ended: list[float] = attrs.field(factory=list)
    reports: list[tuple[float, int]] = attrs.field(factory=list)
    waits_until: float = -math.inf
    last: SlotRequest | None = None
    last_grant: SlotGrant | None = None


class ScriptMachine(RuleBasedStateMachine):
    """Requests slots, ends requests and advances time; the model counts each one."""

    server: ClassVar[RedisServer]

    @initialize(limit=st.integers(2, 40), window=st.integers(50, 1000))
    def begin(self, limit: int, window: int) -> None:
        self.runner = ScriptRunner(self.server.url, f"model.{next(NAMES)}")
        self.limit = limit
        self.window = window / 100
        self.now = 1.0
        self.checked = -math.inf
        self.clients = [Client(name) for name in "abc"]
        first = Client("first")
        # A store without data takes the limit from a client, and lets a single request go first.
        assert self.ask(first, 1, 1, limit=limit, window=self.window).granted == 1
        self.end(first, "1.1", "accepted", limit=limit, count=1)
        self.ask(first, 0, 0)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.close()

    @property
    def lifetime(self) -> float:
        return self.window * 1.0005 + 0.001

    def ask(
        self, client: Client, interactive: int, bulk: int, *, limit: int | None = None, window: float | None = None
    ) -> SlotGrant:
        client.number += 1
        client.open -= {finished.slot for finished in client.unreported}
        reported, client.unreported = tuple(client.unreported), []
        request = SlotRequest(client.name, client.number, self.now, interactive, bulk, limit, window, reported)
        grant = self.runner.run(request, self.now)
        slots = [f"{client.number}.{index}" for index in range(1, grant.granted + 1)]
        client.in_flight += slots
        client.open |= set(slots)
        client.waits_until = self.now + grant.wait + GRACE if grant.granted < interactive + bulk else self.now
        client.last, client.last_grant = request, grant
        return grant

    def end(
        self,
        client: Client,
        slot: str,
        outcome: RequestOutcome,
        limit: int | None = None,
        count: int | None = None,
        arrives_in: float = 0.0,
    ) -> None:
        client.in_flight.remove(slot)
        client.serial += 1
        client.unreported.append(
            FinishedRequest(client.serial, slot, self.now, self.now + arrives_in, outcome, limit=limit, count=count)
        )

    def release(self, requester: Client) -> None:
        """Release the open slots of the other clients that are silent for a lease."""
        for other in self.clients:
            if other is not requester and self.checked < other.waits_until <= self.now - LEASE:
                other.open.clear()
        self.checked = self.now - LEASE

    def part(self, client: Client) -> int:
        """Return how many more slots *client* may have while others wait: an equal part less what it uses."""
        waiting = [each for each in self.clients if each is not client and each.waits_until > self.now]
        count = len(waiting) + 1
        turn = math.floor(round((EPOCH + self.now) * 1e6) / round(self.window * 1e6))
        position = (turn + sum(each.name < client.name for each in waiting)) % count
        part = self.limit * (position + 1) // count - self.limit * position // count
        return part - len(client.open) - sum(n for last, n in client.reports if last > self.now - self.lifetime)

    @rule(hundredths=st.integers(0, 300))
    def wait(self, hundredths: int) -> None:
        """Let time pass."""
        self.now = round(self.now + hundredths / 100, 2)

    @rule(index=st.integers(0, 2), interactive=st.integers(0, 30), bulk=st.integers(0, 30))
    def ask_for_slots(self, index: int, interactive: int, bulk: int) -> None:
        """The grant is what the window leaves, in batches; while others wait, an equal part of it."""
        client = self.clients[index]
        others = sum(each.waits_until > self.now for each in self.clients if each is not client)
        ends = [finished.at for finished in client.unreported if finished.outcome != "unsent"]
        if ends:
            client.reports.append((max(ends), len(ends)))
        client.ended += ends
        client.open -= {finished.slot for finished in client.unreported}
        self.release(client)
        held = sum(len(each.open) for each in self.clients)
        # The first request of all is known to the script alone.
        ended = (when for each in self.clients for when in each.ended)
        counted = sum(when > self.now - self.lifetime for when in (1.0, *ended))
        free = self.limit - held - counted
        wanted = interactive + bulk
        part = self.part(client) if others else free
        grant = self.ask(client, interactive, bulk)
        assert grant.others == others
        assert grant.granted == max(0, min(wanted, free, part, max(4, math.ceil(self.limit / 10))))
        assert (grant.limit, grant.cooldown, grant.unsettled) == (self.limit, 0.0, False)
        assert grant.window == self.window
        assert 0.001 <= grant.wait <= 1.0

    @rule(index=st.integers(0, 2))
    def ask_again(self, index: int) -> None:
        """The same request, whose response was lost, is granted the same slots."""
        client = self.clients[index]
        if client.last is not None and client.last_grant is not None:
            self.release(client)
            grant = self.runner.run(client.last, self.now)
            assert grant.granted == client.last_grant.granted
            client.open |= {f"{client.number}.{index}" for index in range(1, grant.granted + 1)}
            client.waits_until = (
                self.now + grant.wait + GRACE
                if grant.granted < client.last.interactive + client.last.bulk
                else self.now
            )

    @rule(data=st.data(), outcome=st.sampled_from(["accepted", "lost", "unsent"]), hundredths=st.integers(0, 30))
    def end_a_request(self, data: st.DataObject, outcome: RequestOutcome, hundredths: int) -> None:
        """End one of the requests, also one whose slot was released; a lost one may still be on its way."""
        holders = [(client, slot) for client in self.clients for slot in client.in_flight]
        if holders:
            client, slot = data.draw(st.sampled_from(holders))
            self.end(client, slot, outcome, arrives_in=hundredths / 100 if outcome == "lost" else 0.0)


@pytest.mark.machine
def test_the_script_agrees_with_a_brute_force_model() -> None:
    """Slots are granted as far as open and counted requests leave room, whatever the order of events."""
    with RedisServer() as server:
        ScriptMachine.server = server
        machine = ScriptMachine.TestCase()
        machine.settings = machine_settings(60, 30, phases=[Phase.generate])
        machine.runTest()
