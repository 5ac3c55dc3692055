"""``demo``: the whole way of a webhook on one machine, in a few seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._exit import ExitCode
from ._options import add_command

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ._demo_receiver import DemoReceiver
    from ._options import Commands
    from ._screen import Screen
    from ._tests import SentTest

_INTRODUCTION: Final = """\
A test server of the Tripwire API and three receivers of webhooks run on this
machine for a moment. Each receiver becomes an endpoint and is sent a signed
test: quick answers 200, broken always 500, slow 200 after {slow:g} seconds."""


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "demo", demo, "Send tests to three receivers on this machine and watch what becomes of them.")


async def demo(_: argparse.Namespace, screen: Screen) -> int:
    """Send a test to each of three receivers, wait, and compare what became of it with what should."""
    import asyncio

    from tripwire_async import AsyncTripwire, PollSchedule
    from tripwire_async.testing import Posting, TripwireServer

    from ._demo_receiver import SLOW, demo_receivers
    from ._table import Table
    from ._tests import NUMBERS, TITLES, SentTest, send_and_wait

    for line in _INTRODUCTION.format(slow=SLOW).splitlines():
        screen.say(line)
    screen.say()
    async with (
        TripwireServer(posting=Posting(backoff=0.2, max_attempts=3)) as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
        demo_receivers(server) as receivers,
    ):
        tests = [SentTest(receiver.endpoint_id) for receiver in receivers]

        def table() -> Table:
            rows = [
                (receiver.name, *test.cells()[:-1], receiver.verdict, test.cells()[-1])
                for receiver, test in zip(receivers, tests, strict=True)
            ]
            return Table(("endpoint", *TITLES[:-1], "signature", TITLES[-1]), rows, NUMBERS)

        with screen.watch(table):
            async with asyncio.TaskGroup() as group:
                for test in tests:
                    poll = PollSchedule(first=0.1, factor=1.2, longest=0.3)
                    group.create_task(send_and_wait(tripwire, server.organization_id, test, timeout=20, poll=poll))
    return _report(screen, receivers, tests)


def _report(screen: Screen, receivers: Sequence[DemoReceiver], tests: Sequence[SentTest]) -> int:
    """Say whether all came as it should, each post with a good signature, and return the exit status."""
    surprises: list[str] = []
    for receiver, test in zip(receivers, tests, strict=True):
        if test.state != receiver.expected:
            surprises.append(f"{receiver.name} should have {receiver.expected}, but {test.error or test.state}")
        if receiver.verdict != "verified":
            surprises.append(f"{receiver.name}: the signatures that it received: {receiver.verdict}")
    posts = sum(receiver.received for receiver in receivers)
    screen.show(
        {
            "data": [
                {"name": receiver.name, **test.document(), "received": receiver.received, "verified": receiver.verified}
                for receiver, test in zip(receivers, tests, strict=True)
            ],
            "as_expected": not surprises,
        }
    )
    screen.say()
    if surprises:
        screen.say(f"Not as expected: {'; '.join(surprises)}.")
        return ExitCode.BAD_OUTCOME
    screen.say("As expected: quick and slow took their webhook; broken refused it until the server")
    screen.say(f"gave up. The receivers verified the signature of each of the {posts} posts.")
    return ExitCode.OK
