"""``test``: is each endpoint reached?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command, add_connection_options, connect, organization_id

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tripwire_async import AsyncTripwire
    from tripwire_async.cli.options import Commands
    from tripwire_async.cli.output import Output
    from tripwire_async.models import WebhookEndpoint


def register(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "test", test, "Send a test webhook to endpoints, and see whether they take it.")
    parser.add_argument("endpoints", nargs="*", metavar="ENDPOINT", help="ids, we_…")
    parser.add_argument("--all", action="store_true", help="every active endpoint of the organization")
    parser.add_argument("--endpoints-from", metavar="FILE", help="holds ids, one a line, # comments; - for stdin")
    parser.add_argument(
        "--until", choices=("settled", "sent"), default="settled", help="how far to follow a delivery (%(default)s)"
    )
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="for the whole run; by default 300 for each delivery"
    )
    parser.add_argument(
        "--in-flight", type=int, default=200, metavar="N", help="tests under way at once, at most (%(default)s)"
    )
    reports = parser.add_argument_group("reports")
    reports.add_argument("--report", metavar="FILE", help="write a page of HTML that stands on its own")
    reports.add_argument("--junit", metavar="FILE", help="write JUnit's XML, for continuous integration")
    add_connection_options(parser)


async def test(arguments: argparse.Namespace, output: Output) -> int:
    """Test the endpoints, many at once; no failure of one ends the others."""
    from datetime import UTC, datetime

    from tripwire_async.cli.report_files import check_report_paths, write_reports
    from tripwire_async.cli.run_summary import show, status
    from tripwire_async.reports import make_report

    named = _named(arguments)
    organization = organization_id(arguments)
    check_report_paths(arguments)
    async with connect(arguments) as tripwire:
        endpoints = await _endpoints(tripwire, organization, needed=named is None)
        ids = [one.id for one in endpoints if one.status == "active"] if named is None else named
        run = tripwire.webhooks.send_tests(
            organization, ids, until=arguments.until, in_flight=arguments.in_flight, timeout=arguments.timeout
        )
        started_at = datetime.now(UTC)
        interrupted = True
        try:
            async with run:
                with output.progress(run.progress):
                    await run
            interrupted = False
        finally:
            # Ctrl-C must not take away what is known by then.
            report = make_report(
                run.results.values(),
                organization_id=organization,
                started_at=started_at,
                seconds=run.progress().seconds,
                endpoints=endpoints,
                endpoint_ids=ids,
                interrupted=interrupted,
            )
            show(output, report)
            written = write_reports(report, arguments)
    return status(report) if written else ExitCode.BAD_OUTCOME


def _named(arguments: argparse.Namespace) -> list[str] | None:
    """Return the endpoints that *arguments* name, each once; None for all."""
    from tripwire_async.cli.endpoint_ids import read_endpoint_ids
    from tripwire_async.errors import ConfigurationError

    if bool(arguments.endpoints) + arguments.all + (arguments.endpoints_from is not None) != 1:
        msg = "say which endpoints to test: name them, or --endpoints-from FILE, or --all"
        raise ConfigurationError(msg)
    if not (arguments.in_flight > 0 and (arguments.timeout is None or arguments.timeout > 0)):
        msg = "--in-flight and --timeout must be above zero"
        raise ConfigurationError(msg)
    if arguments.endpoints_from == arguments.secret_key_file == "-":
        msg = "stdin can hold the endpoints or the secret key, but not both"
        raise ConfigurationError(msg)
    if arguments.all:
        return None
    # Naming one twice is no reason to disturb it twice.
    return list(dict.fromkeys(arguments.endpoints or read_endpoint_ids(arguments.endpoints_from)))


async def _endpoints(tripwire: AsyncTripwire, organization: str, *, needed: bool) -> Sequence[WebhookEndpoint]:
    """Return the organization's endpoints; nothing if the key may not list them and that is not *needed*."""
    from tripwire_async.errors import PermissionDeniedError

    try:
        return (await tripwire.webhooks.list_endpoints(organization)).items
    except PermissionDeniedError:
        if needed:
            raise
        return ()
