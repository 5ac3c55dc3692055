"""Run of ``test`` with a journal: it can be paused, continued, and shared by several processes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tripwire_async.errors import JournalError, TripwireError
from tripwire_async.reports import make_report

from .exit_codes import ExitCode, exit_code_of_signal
from .interruption import complete
from .journals import failed_of, find_run, open_journal, resume_command, without_password
from .options import connect, organization_id
from .output import Output, warn
from .report_files import write_reports
from .run_facts import facts
from .run_summary import show, show_plan, status
from .targets import confirm_many, list_endpoints, named_endpoints

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tripwire_async import AsyncTripwire
    from tripwire_async.deliveries import Plan, TestOutcome, TestRun
    from tripwire_async.journal import Run
    from tripwire_async.models import WebhookEndpoint
    from tripwire_async.reports import Report

    from .journals import AnyJournal


async def run_with_journal(arguments: argparse.Namespace, output: Output) -> int:
    """Start or continue the run in *arguments*, report on all of it, and return the exit status."""
    name: str = arguments.resume or arguments.journal
    named = named_endpoints(arguments)
    if arguments.failed_of is not None:
        named = await failed_of(name, arguments.failed_of)
        if not named:
            output.line(f"All tests of the run {arguments.failed_of} passed.")
            return ExitCode.OK
    async with open_journal(name, arguments.run) as journal, connect(arguments) as tripwire:
        # A run that is resumed must exist, which begin() requires.
        found = await find_run(journal) if arguments.resume is None else await journal.begin(None)
        organization = (
            organization_id(arguments) if arguments.resume is None or found is None else found.organization_id
        )
        endpoints = await list_endpoints(tripwire, organization, required=named is None and found is None)
        ids = named
        if named is None and found is None:
            ids = [endpoint.id for endpoint in endpoints if endpoint.status == "active"]
        if found is None and not arguments.dry_run:
            await confirm_many(arguments, len(ids or ()))
        run = _test_run(arguments, tripwire, journal, organization, ids)
        if arguments.dry_run:
            return _show_plan(output, await run.plan(), ids or [], endpoints)
        try:
            async with run:
                with output.progress(run.progress):
                    stopped_by = await complete(run, pauses=True)
        except JournalError:
            raise
        except TripwireError:
            # The error ends the work of this process, for example a revoked key, and not the run.
            warn(f"to continue: {resume_command(name, arguments.run)}")
            raise
        now = await journal.begin(None)
        outcomes = [outcome async for outcome in journal.outcomes()]
        report = _report(arguments, run, now, outcomes, endpoints=endpoints, ids=ids)
        is_finished = now.finished is not None
        _explain_recorded(found)
        show(output, report, interruption=f"paused: {len(outcomes):,} of {now.endpoints:,} tests ended")
        if not is_finished:
            warn(f"to continue: {resume_command(name, arguments.run)}")
        are_written = write_reports(report, arguments)
    if not is_finished:
        return exit_code_of_signal(stopped_by)
    return status(report) if are_written else ExitCode.BAD_OUTCOME


def _explain_recorded(found: Run | None) -> None:
    """Say that the outcomes are recorded ones if the run that was *found* at the start was finished."""
    if found is not None and found.finished is not None:
        ended = Output.timestamp(datetime.fromtimestamp(found.finished, UTC))
        warn(f"nothing was sent: the run {found.name} finished at {ended}; --run NAME starts another run")


def _show_plan(output: Output, plan: Plan, ids: Sequence[str], endpoints: Sequence[WebhookEndpoint]) -> ExitCode:
    show_plan(output, plan, ids, endpoints)
    return ExitCode.OK


def _test_run(
    arguments: argparse.Namespace,
    tripwire: AsyncTripwire,
    journal: AnyJournal,
    organization: str,
    ids: Sequence[str] | None,
) -> TestRun:
    if arguments.resume is not None:
        return tripwire.webhooks.resume_tests(journal, in_flight=arguments.in_flight, timeout=arguments.timeout)
    return tripwire.webhooks.send_tests(
        organization,
        ids,
        until=arguments.until,
        in_flight=arguments.in_flight,
        timeout=arguments.timeout,
        journal=journal,
    )


def _report(
    arguments: argparse.Namespace,
    run: TestRun,
    now: Run,
    outcomes: Sequence[TestOutcome],
    *,
    endpoints: Sequence[WebhookEndpoint],
    ids: Sequence[str] | None,
) -> Report:
    """Return the report of the whole run, by all workers and since its first start."""
    until = datetime.now(UTC).timestamp() if now.finished is None else now.finished
    journal = without_password(arguments.resume or arguments.journal)
    ended = {outcome.endpoint_id for outcome in outcomes}
    # Of the tests that have not ended, this process knows its own.
    others = [outcome for id_, outcome in run.results.items() if id_ not in ended]
    return make_report(
        [*outcomes, *others],
        organization_id=now.organization_id,
        started_at=datetime.fromtimestamp(now.created, UTC),
        seconds=max(0.0, until - now.created),
        endpoints=endpoints,
        # Only the start of a run knows the endpoints whose tests have not ended.
        endpoint_ids=ids if ids is not None and now.finished is None else None,
        interrupted=now.finished is None,
        about={
            **facts(arguments, run.progress().limits),
            "run": f"{now.name} in {journal}, {len(outcomes):,} of {now.endpoints:,} tests ended",
        },
    )
