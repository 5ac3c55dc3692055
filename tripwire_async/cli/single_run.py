"""Run of ``test`` without a journal: it ends with its process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tripwire_async.reports import make_report

from .exit_codes import ExitCode, exit_code_of_signal
from .interruption import complete
from .options import connect, organization_id
from .report_files import write_reports
from .run_facts import facts
from .run_summary import show, show_plan, status
from .targets import confirm_many, list_endpoints, named_endpoints

if TYPE_CHECKING:
    import argparse

    from .output import Output


async def run_once(arguments: argparse.Namespace, output: Output) -> int:
    """Test the endpoints in *arguments*, print and write the reports, and return the exit status."""
    named = named_endpoints(arguments)
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        endpoints = await list_endpoints(tripwire, organization, required=named is None)
        ids = [endpoint.id for endpoint in endpoints if endpoint.status == "active"] if named is None else named
        if not arguments.dry_run:
            await confirm_many(arguments, len(ids))
        run = tripwire.webhooks.send_tests(
            organization, ids, until=arguments.until, in_flight=arguments.in_flight, timeout=arguments.timeout
        )
        if arguments.dry_run:
            show_plan(output, await run.plan(), ids, endpoints)
            return ExitCode.OK
        started_at = datetime.now(UTC)
        async with run:
            with output.progress(run.progress):
                stopped_by = await complete(run, pauses=False)
        report = make_report(
            run.results.values(),
            organization_id=organization,
            started_at=started_at,
            seconds=run.progress().seconds,
            endpoints=endpoints,
            endpoint_ids=ids,
            interrupted=stopped_by is not None,
            about=facts(arguments, run.progress().limits),
        )
        show(output, report)
        are_written = write_reports(report, arguments)
    if stopped_by is not None:
        return exit_code_of_signal(stopped_by)
    return status(report) if are_written else ExitCode.BAD_OUTCOME
