"""``fingerprints``: visitor fingerprints."""

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

    listing = add_command(group, "list", list_fingerprints, "List visitor fingerprints.")
    listing.add_argument("--search", metavar="TEXT", help="only fingerprints that contain this text")
    listing.add_argument(
        "--sort", type=EnumValue("VisitorFingerprintSort"), metavar="ORDER", help="seen_count or first_seen"
    )
    add_page_options(listing)
    add_connection_options(listing, organization=False)

    show = add_command(group, "show", show_fingerprint, "Show one visitor fingerprint and its sessions.")
    show.add_argument("visitor", type=resource_id("vid_"), metavar="VISITOR", help="the visitor id, vid_…")
    add_connection_options(show, organization=False)


async def list_fingerprints(arguments: argparse.Namespace, output: Output) -> int:
    """Print visitor fingerprints."""
    from tripwire_async.cli.lists import page_size, print_list

    async with connect(arguments) as tripwire:
        await print_list(
            output,
            tripwire.fingerprints.list(
                limit=page_size(arguments), cursor=arguments.cursor, search=arguments.search, sort=arguments.sort
            ),
            arguments,
            ("visitor", "seen", "first", "last", "address"),
            lambda visitor: (
                visitor.id,
                visitor.lifecycle.seen_count,
                output.timestamp(visitor.lifecycle.first_seen_at),
                output.timestamp(visitor.lifecycle.last_seen_at),
                visitor.latest_request.ip_address,
            ),
            none="no visitors found",
            numbers=frozenset({"seen"}),
        )
    return ExitCode.OK


async def show_fingerprint(arguments: argparse.Namespace, output: Output) -> int:
    """Print one visitor fingerprint and its sessions."""
    from tripwire_async.cli.tables import Table

    async with connect(arguments) as tripwire:
        visitor = await tripwire.fingerprints.get(arguments.visitor)
    output.record(
        visitor,
        visitor=visitor.id,
        seen=visitor.lifecycle.seen_count,
        first=output.timestamp(visitor.lifecycle.first_seen_at),
        last=output.timestamp(visitor.lifecycle.last_seen_at),
        address=visitor.latest_request.ip_address,
        user_agent=visitor.latest_request.user_agent,
    )
    if visitor.activity.sessions:
        output.line()
        output.table(
            Table(
                ("evaluated", "session", "verdict", "risk"),
                [
                    (
                        output.timestamp(session.decision.evaluated_at),
                        session.session_id,
                        session.decision.verdict,
                        session.decision.risk_score,
                    )
                    for session in visitor.activity.sessions
                ],
                frozenset({"risk"}),
            )
        )
    return ExitCode.OK
