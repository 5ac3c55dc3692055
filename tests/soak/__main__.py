"""Command that runs a soak test: ``python -m tests.soak --minutes 10``.

A client makes calls of every kind from 30 tasks against the test server, which runs in its own process. The server
limits the rate, and about a tenth of its responses are faults: errors, lost responses, closed connections, half bodies,
delays. A sixth of the calls is cancelled. The endpoints of the tests are a receiver in the process of the client, whose
handler sometimes raises.

The exit status is 1 unless all of the following is true:

- Every call has ended with a result, an error of this library, or the cancellation.
- The server has every test that it confirmed. Every other test on the server belongs to a send that ended with an
  error, a cancellation, or an outcome that says so.
- The webhooks that arrived are the succeeded deliveries.
- Memory, Python objects, descriptors and tasks, measured while no call is in flight, do not grow from the second to the
  last third of the time; see `gauges.growth`. After the client was closed there is no task and no more descriptors
  than before.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from tripwire_async import AsyncTripwire
from tripwire_async.receiver import RecentEvents, Router, WebhookEvent, aiohttp_handler

from .accounts import Accounts
from .gauges import growth, measure
from .traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_WORKERS: Final = 30
_INTERVAL: Final = 3.0
_RAISES: Final = 0.03


@contextlib.asynccontextmanager
async def _receiver(accounts: Accounts, secrets: list[str]) -> AsyncIterator[str]:
    """Receive webhooks; yield the URL."""
    router = Router()
    generator = random.Random(1)  # noqa: S311 - a choice, not a secret

    @router.on("webhook.test")
    async def handle(event: WebhookEvent) -> None:
        await asyncio.sleep(0)
        if generator.random() < _RAISES:
            msg = "the handler fails"
            raise OSError(msg)
        accounts.receive(event.id)

    app = web.Application()
    app.router.add_post("/", aiohttp_handler(router, lambda: secrets, store=RecentEvents(max_events=1000)))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


async def soak(minutes: float, folder: Path) -> int:
    """Run the traffic, print the accounts, and return the exit status."""
    accounts = Accounts(folder)
    secrets: list[str] = []
    async with _receiver(accounts, secrets) as url:
        command = [sys.executable, "-m", "tests.soak.server", url, str(folder / "deliveries")]
        pipes: dict[str, Any] = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
        process = await asyncio.create_subprocess_exec(*command, **pipes)
        assert process.stdout is not None
        addresses = json.loads(await process.stdout.readline())
        secrets += addresses["endpoints"].values()
        before = measure()
        samples = [before]
        client = AsyncTripwire(addresses["secret_key"], base_url=addresses["base_url"], timeout=5.0, deadline=20.0)
        async with client:
            traffic = Traffic(client, accounts, addresses["organization_id"], addresses["endpoints"])
            end = asyncio.get_running_loop().time() + 60.0 * minutes
            workers = [asyncio.create_task(traffic.work(seed, end)) for seed in range(_WORKERS)]
            while not all(worker.done() for worker in workers):
                await asyncio.wait(workers, timeout=_INTERVAL)
                if asyncio.get_running_loop().time() < end:
                    async with traffic.paused():
                        samples.append(measure())
            await asyncio.gather(*workers)
        output, _ = await process.communicate(b"")
        after = measure()
    problems = accounts.check(_lines(folder / "deliveries"))
    problems += growth(samples[1:])
    # The connections of the server to the receiver have ended with the server.
    if after.tasks > before.tasks or after.descriptors > before.descriptors:
        problems.append(f"{before} before, {after} after")
    print(f"{accounts.started} calls: {dict(accounts.endings.most_common())}")
    print(f"outcomes of runs: {dict(accounts.outcomes.most_common())}; server: {output.decode().strip()}")
    middle = samples[len(samples) // 2]
    print(f"start {before}", f"middle {middle}", f"end {samples[-1]}", f"closed {after}", sep="\n")
    print(*problems or ["every call is accounted for, and nothing grows"], sep="\n")
    return int(bool(problems))


def main() -> int:
    """Run a soak test; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="duration (default: %(default)s)")
    arguments = parser.parse_args()
    # The receiver logs every failure of its handler, which is a part of the test.
    logging.getLogger("tripwire_async").setLevel(logging.CRITICAL)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        status = asyncio.run(soak(arguments.minutes, Path(folder)))
    print(f"{time.monotonic() - started:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
