"""``runs``: the durable runs in a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.confirmation import add_confirmation_option, confirm
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command, add_group

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser
    from tripwire_async.journal import RunSummary


def build(parser: Parser) -> None:
    """Add the commands of the group."""
    group = add_group(parser)
    listing = add_command(group, "list", list_runs, "List the runs in a journal.")
    show = add_command(group, "show", show_run, "Show one run, and how to continue it.")
    pause = add_command(group, "pause", pause_run, "Have all processes that work on a run leave it.")
    drop = add_command(group, "drop", drop_run, "Delete a run with all of its records; this cannot be undone.")
    for command in (listing, show, pause, drop):
        command.add_argument(
            "journal", metavar="JOURNAL", help="the file, or the URL of the Redis server (redis://...)"
        )
    for command in (show, pause, drop):
        command.add_argument("run", nargs="?", metavar="NAME", help="name of the run (default)")
    add_confirmation_option(drop)


async def list_runs(arguments: argparse.Namespace, output: Output) -> int:
    """Print one line per run."""
    from tripwire_async.cli.journals import document_of, open_journal, state_of
    from tripwire_async.cli.tables import Table

    async with open_journal(arguments.journal, None) as journal:
        runs = await journal.runs()
    rows = [(run.name, state_of(run), run.endpoints, _ended(run), _counts(run), run.workers) for run in runs]
    titles = ("run", "state", "endpoints", "ended", "by state", "workers")
    table = Table(titles, rows, frozenset({"endpoints", "ended", "workers"}))
    output.emit({"data": [document_of(run) for run in runs]}, table, none="the journal has no runs")
    return ExitCode.OK


async def show_run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the state of one run."""
    from datetime import UTC, datetime

    from tripwire_async.cli.journals import document_of, open_journal, resume_command, state_of

    def time(seconds: float | None) -> str | None:
        return None if seconds is None else output.timestamp(datetime.fromtimestamp(seconds, UTC))

    async with open_journal(arguments.journal, arguments.run) as journal:
        name = (await journal.begin(None)).name
        [run] = [run for run in await journal.runs() if run.name == name]
    if output.as_json:
        output.emit({"data": document_of(run)})
        return ExitCode.OK
    output.fields(
        run=run.name,
        state=state_of(run),
        organization=run.organization_id,
        endpoints=run.endpoints,
        ended=f"{_ended(run):,}",
        by_state=_counts(run),
        workers=run.workers,
        created=time(run.created),
        finished=time(run.finished),
    )
    if run.finished is None:
        output.line()
        output.line(f"To continue it: {resume_command(arguments.journal, arguments.run)}")
    return ExitCode.OK


async def pause_run(arguments: argparse.Namespace, output: Output) -> int:
    """Ask all workers to leave."""
    from tripwire_async.cli.journals import open_journal, resume_command

    async with open_journal(arguments.journal, arguments.run) as journal:
        await journal.pause()
    output.emit({"data": {"paused": True}})
    output.line(f"Paused. To continue it: {resume_command(arguments.journal, arguments.run)}")
    return ExitCode.OK


async def drop_run(arguments: argparse.Namespace, output: Output) -> int:
    """Delete a run after confirmation."""
    from tripwire_async.cli.journals import DEFAULT_RUN, open_journal, without_password

    run = arguments.run or DEFAULT_RUN
    async with open_journal(arguments.journal, run) as journal:
        found = await journal.begin(None)
        question = f"Delete the run {run} of {found.endpoints:,} endpoints in {without_password(arguments.journal)}?"
        await confirm(arguments, question)
        await journal.drop()
    output.emit({"data": {"dropped": True}})
    output.line(f"Deleted the run {run}.")
    return ExitCode.OK


def _ended(run: RunSummary) -> int:
    from tripwire_async.journal.protocol import GAUGES

    return sum(count for state, count in run.counts.items() if state not in GAUGES)


def _counts(run: RunSummary) -> str | None:
    from tripwire_async.journal.protocol import GAUGES
    from tripwire_async.reports.formatting import state_label

    shown = [f"{count:,} {state_label(state)}" for state, count in run.counts.items() if count and state not in GAUGES]
    return ", ".join(shown) or None
