"""``fingerprints``: visitors that come back."""

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
    group = add_group(commands, "fingerprints", "Look at visitors that come back.")

    listing = add_command(group, "list", list_fingerprints, "List visitor fingerprints.")
    listing.add_argument("--search", metavar="TEXT", help="only those in which this text is found")
    listing.add_argument("--sort", metavar="ORDER", help="seen_count or first_seen")
    add_page_options(listing)
    add_connection_options(listing, organization=False)

    show = add_command(group, "show", show_fingerprint, "Show one visitor fingerprint and its sessions.")
    show.add_argument("visitor", metavar="VISITOR", help="its id, vid_...")
    add_connection_options(show, organization=False)


async def list_fingerprints(arguments: argparse.Namespace, output: Output) -> int:
    """Print one page of visitor fingerprints."""
    async with connect(arguments) as tripwire:
        found = await tripwire.fingerprints.list(
            limit=arguments.limit, cursor=arguments.cursor, search=arguments.search, sort=arguments.sort
        )
    output.page(
        found,
        ("visitor", "seen", "first", "last", "address"),
        lambda one: (
            one.id,
            one.lifecycle.seen_count,
            output.timestamp(one.lifecycle.first_seen_at),
            output.timestamp(one.lifecycle.last_seen_at),
            one.latest_request.ip_address,
        ),
        none="there are no such visitors",
        numbers=frozenset({"seen"}),
    )
    return ExitCode.OK


async def show_fingerprint(arguments: argparse.Namespace, output: Output) -> int:
    """Print one visitor fingerprint, and the sessions in which it was seen."""
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
                        output.timestamp(one.decision.evaluated_at),
                        one.session_id,
                        one.decision.verdict,
                        one.decision.risk_score,
                    )
                    for one in visitor.activity.sessions
                ],
                frozenset({"risk"}),
            )
        )
    return ExitCode.OK
