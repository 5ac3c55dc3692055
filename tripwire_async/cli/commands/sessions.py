"""``sessions``: what Tripwire has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command, add_connection_options, add_group, add_page_options, connect

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.options import Commands
    from tripwire_async.cli.output import Output


def register(commands: Commands) -> None:
    """Add the group."""
    group = add_group(commands, "sessions", "Look at sessions and their verdicts.")

    listing = add_command(group, "list", list_sessions, "List sessions, newest first.")
    listing.add_argument("--verdict", metavar="VERDICT", help="only those that are bot, human or inconclusive")
    listing.add_argument("--search", metavar="TEXT", help="only those in which this text is found")
    add_page_options(listing)
    add_connection_options(listing, organization=False)

    show = add_command(group, "show", show_session, "Show one session; --json shows all of its evidence.")
    show.add_argument("session", metavar="SESSION", help="its id, sid_...")
    add_connection_options(show, organization=False)


async def list_sessions(arguments: argparse.Namespace, output: Output) -> int:
    """Print one page of sessions."""
    async with connect(arguments) as tripwire:
        found = await tripwire.sessions.list(
            limit=arguments.limit, cursor=arguments.cursor, verdict=arguments.verdict, search=arguments.search
        )
    output.page(
        found,
        ("created", "session", "verdict", "risk", "visitor"),
        lambda one: (
            output.timestamp(one.created_at),
            one.id,
            one.latest_decision.verdict,
            one.latest_decision.risk_score,
            None if one.visitor_fingerprint is None else one.visitor_fingerprint.id,
        ),
        none="there are no such sessions",
        numbers=frozenset({"risk"}),
    )
    return ExitCode.OK


async def show_session(arguments: argparse.Namespace, output: Output) -> int:
    """Print what a person wants to know of one session first, and its findings."""
    from tripwire_async.cli.tables import Table

    async with connect(arguments) as tripwire:
        session = await tripwire.sessions.get(arguments.session)
    decision, visitor = session.decision, session.visitor_fingerprint
    output.record(
        session,
        session=session.id,
        created=output.timestamp(session.created_at),
        status=decision.automation_status,
        risk_score=decision.risk_score,
        decision=f"{decision.decision_status}, {output.timestamp(decision.evaluated_at)}",
        url=session.request.url,
        browser=" ".join(filter(None, (session.browser.name, session.browser.version))) or None,
        visitor=None if visitor is None else visitor.id,
    )
    if session.highlights:
        output.line()
        output.table(
            Table(
                ("importance", "effect", "finding"),
                [(one.importance, one.effect.replace("_", " "), one.summary) for one in session.highlights],
            )
        )
    return ExitCode.OK
