"""Runs whose workers are killed: real processes, a real server that counts, and a random time for each kill."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from typing import TYPE_CHECKING

import attrs

from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer, WebhookSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RESTARTS = 30
"""Number of workers in a run, at most, that are started again because they could not begin."""


@attrs.frozen(kw_only=True)
class Scenario:
    """A run whose workers are killed and stopped.

    Attributes:
        journal: The journal, as an argument of `tests.support.killed_worker`.
        endpoints: Number of endpoints.
        workers: Number of workers at a time; each one that is killed is replaced.
        kills: Number of kills.
        stops: Number of workers that are stopped for longer than their lease, and continued.
        first: Whether the first worker is killed when its first request has arrived.
        lease: The lease in seconds.
        latency: Seconds that the service works on each send, also if the client is gone.
        settling: Seconds that a delivery takes.
        in_flight: Number of tests in flight, of all workers together.
        disturb: Called once in the middle of the run.
        seed: Seed of the times.
    """

    journal: str
    endpoints: int = 300
    workers: int = 3
    kills: int = 5
    stops: int = 0
    first: bool = False
    lease: float = 2.0
    latency: float = 0.3
    settling: float = 0.0
    in_flight: int = 30
    disturb: Callable[[], Awaitable[None]] | None = None
    seed: int = 0


@attrs.define
class Result:
    """Counts of the server and of the workers.

    Attributes:
        webhooks: Number of webhooks of each endpoint, as the server has counted them.
        kills: Number of workers that were killed before they had finished.
        stops: Number of workers that were stopped and continued.
        restarts: Number of workers that were started again because they could not begin.
        reads: Number of reads of events.
        errors: The error output of workers that failed.
    """

    webhooks: Counter[str]
    kills: int = 0
    stops: int = 0
    restarts: int = 0
    reads: int = 0
    errors: list[str] = attrs.field(factory=list)

    @property
    def others(self) -> dict[str, int]:
        """The endpoints that have not received exactly one webhook."""
        return {endpoint: count for endpoint, count in self.webhooks.items() if count != 1}


@attrs.define(eq=False)
class Workers:
    """Processes that work on the run of a *scenario*.

    Attributes:
        command: The program of a worker.
        running: The workers that were started and not waited for.
    """

    server: TripwireServer
    scenario: Scenario
    result: Result
    command: tuple[str, ...] = (sys.executable, "-m", "tests.support.killed_worker")
    running: list[asyncio.subprocess.Process] = attrs.field(factory=list)

    async def start(self) -> asyncio.subprocess.Process:
        """Start a worker."""
        server, scenario = self.server, self.scenario
        options = {
            "base-url": server.base_url,
            "key": server.secret_key,
            "organization": server.organization_id,
            "journal": scenario.journal,
            "lease": str(scenario.lease),
            "in-flight": str(scenario.in_flight),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        pipe = asyncio.subprocess.PIPE
        worker = await asyncio.create_subprocess_exec(*self.command, *arguments, stdout=pipe, stderr=pipe)
        self.running.append(worker)
        return worker

    async def kill(self, worker: asyncio.subprocess.Process) -> None:
        """Kill *worker* and start another, unless it has ended."""
        if worker.returncode is None:
            worker.kill()
            self.result.kills += 1
            self.running.remove(worker)
            await worker.communicate()
            await self.start()

    async def stop(self, worker: asyncio.subprocess.Process) -> None:
        """Stop *worker* for longer than its lease, and continue it."""
        if worker.returncode is None:
            os.kill(worker.pid, signal.SIGSTOP)
            await asyncio.sleep(1.5 * self.scenario.lease)
            os.kill(worker.pid, signal.SIGCONT)
            self.result.stops += 1

    async def end(self) -> None:
        """Wait until all workers have ended; they do when the run is finished."""
        while self.running:
            worker = self.running.pop()
            _, output = await worker.communicate()
            error = output.decode()
            is_disturbed = self.scenario.disturb is not None and _cannot_begin(error)
            if worker.returncode and is_disturbed and self.result.restarts < RESTARTS:
                self.result.restarts += 1
                await self.start()
            elif worker.returncode:
                self.result.errors.append(error)


def _cannot_begin(error: str) -> bool:
    """Return whether a worker has ended because its journal was away at its start: a service manager starts another.

    Workers that have reached the journal before wait for it.
    """
    return "in _begin" in error and "does not respond" in error


async def run(scenario: Scenario, *, seconds: float = 120.0) -> Result:
    """Run *scenario* to its end; a TimeoutError if it takes longer than the given number of seconds."""
    random_times = random.Random(scenario.seed)  # noqa: S311 - reproducible times
    webhooks = WebhookSettings(enabled=False)
    async with TripwireServer(limit=100_000, webhooks=webhooks) as server, asyncio.timeout(seconds):
        for number in range(scenario.endpoints):
            server.add_endpoint(f"http://127.0.0.1:9/{number}")
        server.set_outcome(DeliveryOutcome("succeeded", after=scenario.settling))
        server.fail("sendTestWebhook", Fault.delay(scenario.latency))
        result = Result(Counter())
        workers = Workers(server, scenario, result)
        try:
            await _disturb(workers, random_times)
            await workers.end()
        finally:
            for worker in workers.running:
                if worker.returncode is None:
                    worker.kill()
                    await worker.communicate()
        # The service has worked on the sends of workers that are gone.
        await asyncio.sleep(scenario.latency)
        result.reads = sum(request.operation in {"listEvents", "retrieveEvent"} for request in server.requests)
        result.webhooks.update(dict.fromkeys(server.state.endpoints, 0))
        result.webhooks.update(delivery.endpoint.id for delivery in server.deliveries.values())
    return result


async def _disturb(workers: Workers, times: random.Random) -> None:
    scenario, server = workers.scenario, workers.server

    def has_sent() -> bool:
        return any(request.operation == "sendTestWebhook" for request in server.requests)

    first = await workers.start()
    if scenario.first:
        await server.until(has_sent)
        await workers.kill(first)
    for _ in range(scenario.workers - 1):
        await workers.start()
    await server.until(has_sent)
    actions = ["kill"] * (scenario.kills - scenario.first) + ["stop"] * scenario.stops
    times.shuffle(actions)
    if scenario.disturb is not None:
        actions.insert(len(actions) // 2, "disturb")
    for action in actions:
        await asyncio.sleep(times.uniform(0.0, 0.6))
        worker = times.choice(workers.running)
        if action == "disturb" and scenario.disturb is not None:
            await scenario.disturb()
        elif action == "stop":
            await workers.stop(worker)
        else:
            await workers.kill(worker)
