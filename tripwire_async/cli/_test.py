"""``test``: is each endpoint reached?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._exit import ExitCode
from ._options import add_command, add_connection, connect, organization_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tripwire_async import AsyncTripwire

    from ._options import Commands
    from ._screen import Screen
    from ._tests import SentTest

_GOOD: Final = {"settled": {"succeeded"}, "left-pending": {"succeeded", "delivering"}}


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "test", test, "Send a test webhook to endpoints, and see whether they take it.")
    parser.add_argument("endpoints", nargs="*", metavar="ENDPOINT", help="ids, we_…")
    parser.add_argument("--all", action="store_true", help="every active endpoint of the organization")
    parser.add_argument(
        "--until", choices=sorted(_GOOD), default="settled", help="how long to follow a delivery (%(default)s)"
    )
    parser.add_argument(
        "--timeout", type=float, default=300.0, metavar="SECONDS", help="to wait for each delivery (%(default)g)"
    )
    parser.add_argument(
        "--in-flight", type=int, default=20, metavar="N", help="tests under way at once, at most (%(default)s)"
    )
    add_connection(parser)


async def test(arguments: argparse.Namespace, screen: Screen) -> int:
    """Test the endpoints, so many at once; no failure of one ends the others."""
    from tripwire_async.errors import ConfigurationError

    from ._table import Table
    from ._tests import NUMBERS, TITLES, SentTest

    if bool(arguments.endpoints) == arguments.all:
        msg = "say which endpoints to test, or --all, but not both"
        raise ConfigurationError(msg)
    if not (arguments.in_flight > 0 and arguments.timeout > 0):
        msg = "--in-flight and --timeout must be above zero"
        raise ConfigurationError(msg)
    organization = organization_of(arguments)
    async with connect(arguments) as tripwire:
        # Naming one twice is no reason to disturb it twice.
        ids = list(dict.fromkeys(arguments.endpoints)) or await _active(tripwire, organization)
        tests = [SentTest(endpoint_id) for endpoint_id in ids]
        with screen.watch(
            lambda: Table(("endpoint", *TITLES), [(one.endpoint_id, *one.cells()) for one in tests], NUMBERS)
        ):
            try:
                await _send_all(tripwire, organization, tests, arguments)
            finally:
                # Ctrl-C must not take away what is known by then.
                screen.show({"data": [one.document() for one in tests]})
    return _report(screen, tests, _GOOD[arguments.until])


async def _active(tripwire: AsyncTripwire, organization: str) -> list[str]:
    found = await tripwire.webhooks.list_endpoints(organization)
    return [endpoint.id for endpoint in found if endpoint.status == "active"]


async def _send_all(
    tripwire: AsyncTripwire, organization: str, tests: Sequence[SentTest], arguments: argparse.Namespace
) -> None:
    import asyncio

    from ._tests import send_and_wait

    room = asyncio.Semaphore(arguments.in_flight)

    async def send(test: SentTest) -> None:
        async with room:
            await send_and_wait(tripwire, organization, test, until=arguments.until, timeout=arguments.timeout)

    async with asyncio.TaskGroup() as group:
        for test in tests:
            group.create_task(send(test))


def _report(screen: Screen, tests: Sequence[SentTest], good: set[str]) -> int:
    """Print what went wrong, each in a line, and return the exit status."""
    from ._run import exit_code
    from ._screen import complain

    bad = [test for test in tests if test.state not in good]
    for test in bad:
        complain(f"{test.endpoint_id}: {test.trouble}")
    screen.say(f"{len(tests) - len(bad)} of {len(tests)} succeeded")
    if not bad:
        return ExitCode.OK
    codes = {ExitCode.BAD_OUTCOME if test.error is None else exit_code(test.error) for test in bad}
    # One trouble that befell all is told by its own status: a wrong key, a server that is not there.
    return codes.pop() if len(codes) == 1 and len(bad) == len(tests) else ExitCode.BAD_OUTCOME
