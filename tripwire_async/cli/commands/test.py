"""``test``: test webhooks to many endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.cli.argument_types import duration, resource_id, whole_number
from tripwire_async.cli.confirmation import add_confirmation_option, confirm
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_connection_options, connect, organization_id, set_command

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tripwire_async import AsyncTripwire
    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser
    from tripwire_async.models import WebhookEndpoint

_MOST_UNCONFIRMED: Final = 20
"""Largest number of endpoints that ``--all`` tests without a confirmation."""


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, run_tests)
    parser.add_argument(
        "endpoints", nargs="*", type=resource_id("we_"), metavar="ENDPOINT", help="the endpoint ids, we_…"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help=f"test every active endpoint; needs a confirmation if there are more than {_MOST_UNCONFIRMED}",
    )
    parser.add_argument(
        "--endpoints-from", metavar="FILE", help="file with one id per line and # comments, - for stdin"
    )
    parser.add_argument(
        "--until",
        choices=("settled", "sent"),
        default="settled",
        help="settled waits for each delivery, sent only for its acceptance (%(default)s)",
    )
    parser.add_argument(
        "--timeout", type=duration, metavar="DURATION", help="limit for the whole run; by default 300s per delivery"
    )
    parser.add_argument(
        "--in-flight",
        type=whole_number(1),
        default=200,
        metavar="N",
        help="largest number of tests in flight at once (%(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the endpoints and an estimate, and send nothing")
    add_confirmation_option(parser)
    reports = parser.add_argument_group("reports")
    reports.add_argument("--report", metavar="FILE", help="write an HTML page")
    reports.add_argument("--csv", metavar="FILE", help="write comma-separated values, for spreadsheets")
    reports.add_argument("--junit", metavar="FILE", help="write JUnit XML, for continuous integration")
    add_connection_options(parser)


async def run_tests(arguments: argparse.Namespace, output: Output) -> int:
    """Test the endpoints; a failure at one of them does not affect the others."""
    from datetime import UTC, datetime

    from tripwire_async.cli.report_files import check_report_paths, write_reports
    from tripwire_async.cli.run_facts import facts
    from tripwire_async.cli.run_summary import show, show_plan, status
    from tripwire_async.reports import make_report

    named = _named(arguments)
    organization = organization_id(arguments)
    check_report_paths(arguments)
    async with connect(arguments) as tripwire:
        endpoints = await _endpoints(tripwire, organization, required=named is None)
        ids = [endpoint.id for endpoint in endpoints if endpoint.status == "active"] if named is None else named
        run = tripwire.webhooks.send_tests(
            organization, ids, until=arguments.until, in_flight=arguments.in_flight, timeout=arguments.timeout
        )
        if arguments.dry_run:
            show_plan(output, await run.plan(), ids, endpoints)
            return ExitCode.OK
        question = f"Send a test webhook to all {len(ids):,} active endpoints?"
        if arguments.all and len(ids) > _MOST_UNCONFIRMED:
            await confirm(arguments, question)
        started_at = datetime.now(UTC)
        interrupted = True
        try:
            async with run:
                with output.progress(run.progress):
                    await run
            interrupted = False
        finally:
            # After Ctrl-C as well: the results so far are reported.
            report = make_report(
                run.results.values(),
                organization_id=organization,
                started_at=started_at,
                seconds=run.progress().seconds,
                endpoints=endpoints,
                endpoint_ids=ids,
                interrupted=interrupted,
                about=facts(arguments, run.progress().limits),
            )
            show(output, report)
            complete = write_reports(report, arguments)
    return status(report) if complete else ExitCode.BAD_OUTCOME


def _named(arguments: argparse.Namespace) -> list[str] | None:
    """Return the endpoints in *arguments* without duplicates; None for all."""
    from tripwire_async.cli.endpoint_ids import read_endpoint_ids
    from tripwire_async.errors import ConfigurationError

    if bool(arguments.endpoints) + arguments.all + (arguments.endpoints_from is not None) != 1:
        msg = "pass either ENDPOINT ids, --endpoints-from FILE or --all"
        raise ConfigurationError(msg)
    if arguments.endpoints_from == arguments.secret_key_file == "-":
        msg = "stdin can provide the endpoints or the secret key, but not both"
        raise ConfigurationError(msg)
    if arguments.all:
        return None
    return list(dict.fromkeys(arguments.endpoints or read_endpoint_ids(arguments.endpoints_from)))


async def _endpoints(tripwire: AsyncTripwire, organization: str, *, required: bool) -> Sequence[WebhookEndpoint]:
    """Return the endpoints of the organization; an empty list if the key may not list them, unless *required*."""
    from tripwire_async.errors import PermissionDeniedError

    try:
        return (await tripwire.webhooks.list_endpoints(organization)).items
    except PermissionDeniedError:
        if required:
            raise
        return ()
