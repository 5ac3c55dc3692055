"""``sessions``: sessions and their verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.argument_types import EnumValue, resource_id
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command, add_connection_options, add_group, add_page_options, connect

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser


def build(parser: Parser) -> None:
    """Add the commands of the group."""
    group = add_group(parser)

    listing = add_command(group, "list", list_sessions, "List sessions, newest first.")
    listing.add_argument(
        "--verdict",
        type=EnumValue("Verdict"),
        metavar="VERDICT",
        help="only sessions with this verdict: bot, human or inconclusive",
    )
    listing.add_argument("--search", metavar="TEXT", help="only sessions that contain this text")
    add_page_options(listing)
    add_connection_options(listing, organization=False)

    show = add_command(group, "show", show_session, "Show one session; --json prints all of its evidence.")
    show.add_argument("session", type=resource_id("sid_"), metavar="SESSION", help="the session id, sid_…")
    add_connection_options(show, organization=False)


async def list_sessions(arguments: argparse.Namespace, output: Output) -> int:
    """Print sessions."""
    from tripwire_async.cli.lists import page_size, print_list

    async with connect(arguments) as tripwire:
        await print_list(
            output,
            tripwire.sessions.list(
                limit=page_size(arguments), cursor=arguments.cursor, verdict=arguments.verdict, search=arguments.search
            ),
            arguments,
            ("created", "session", "verdict", "risk", "visitor"),
            lambda session: (
                output.timestamp(session.created_at),
                session.id,
                session.latest_decision.verdict,
                session.latest_decision.risk_score,
                None if session.visitor_fingerprint is None else session.visitor_fingerprint.id,
            ),
            none="no sessions found",
            numbers=frozenset({"risk"}),
        )
    return ExitCode.OK


async def show_session(arguments: argparse.Namespace, output: Output) -> int:
    """Print the main fields of one session and its findings."""
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
                [
                    (highlight.importance, highlight.effect.replace("_", " "), highlight.summary)
                    for highlight in session.highlights
                ],
            )
        )
    return ExitCode.OK
