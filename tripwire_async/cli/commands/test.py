"""``test``: test webhooks to many endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.argument_types import duration, resource_id, whole_number
from tripwire_async.cli.confirmation import add_confirmation_option
from tripwire_async.cli.options import add_connection_options, set_command

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, run_tests)
    parser.add_argument(
        "endpoints", nargs="*", type=resource_id("we_"), metavar="ENDPOINT", help="the endpoint ids, we_…"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="test every active endpoint; needs a confirmation if there are more than 20",
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
    durable = parser.add_argument_group("durable runs")
    durable.add_argument(
        "--journal",
        metavar="JOURNAL",
        help="record the run in a file, or in Redis (redis://...), so that it can be continued",
    )
    durable.add_argument("--run", metavar="NAME", help="name of the run in the journal (default)")
    durable.add_argument(
        "--resume", metavar="JOURNAL", help="continue a run, also beside other processes that work on it"
    )
    durable.add_argument(
        "--failed-of",
        metavar="NAME",
        help="test the endpoints whose tests did not pass in this finished run of the journal",
    )
    reports = parser.add_argument_group("reports")
    reports.add_argument("--report", metavar="FILE", help="write an HTML page")
    reports.add_argument("--csv", metavar="FILE", help="write comma-separated values, for spreadsheets")
    reports.add_argument("--junit", metavar="FILE", help="write JUnit XML, for continuous integration")
    add_connection_options(parser)


async def run_tests(arguments: argparse.Namespace, output: Output) -> int:
    """Test the endpoints; a failure at one of them does not affect the others."""
    from tripwire_async.cli.journals import check_journal_options
    from tripwire_async.cli.report_files import check_report_paths

    check_report_paths(arguments)
    check_journal_options(arguments)
    if arguments.journal is None and arguments.resume is None:
        from tripwire_async.cli.single_run import run_once

        return await run_once(arguments, output)
    from tripwire_async.cli.durable_run import run_with_journal

    return await run_with_journal(arguments, output)
