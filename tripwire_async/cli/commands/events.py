"""``events``: what happened in an organization, and what became of its webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command, add_connection_options, add_group, connect, organization_id

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.options import Commands
    from tripwire_async.cli.output import Output
    from tripwire_async.models import Event


def register(commands: Commands) -> None:
    """Add the group."""
    group = add_group(commands, "events", "Look at an organization's events and their deliveries.")

    listing = add_command(group, "list", list_events, "List the latest events, newest first.")
    listing.add_argument("--endpoint", metavar="ID", help="only those that go to this endpoint")
    listing.add_argument("--type", metavar="TYPE", help="only those of one type, such as webhook.test")
    listing.add_argument("--limit", type=int, metavar="N", help="from 1 to 200; the service's own choice is 50")
    add_connection_options(listing)

    show = add_command(group, "show", show_event, "Show one event and its deliveries.")
    show.add_argument("event", metavar="EVENT", help="its id, wevt_…")
    add_connection_options(show)


async def list_events(arguments: argparse.Namespace, output: Output) -> int:
    """Print the latest events with how their deliveries stand."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        found = await tripwire.webhooks.list_events(
            organization, endpoint_id=arguments.endpoint, type=arguments.type, limit=arguments.limit
        )
    output.page(
        found,
        ("created", "event", "type", "deliveries"),
        lambda one: (output.timestamp(one.created_at), one.id, one.type, _statuses(one)),
        none="there are no such events",
    )
    return ExitCode.OK


async def show_event(arguments: argparse.Namespace, output: Output) -> int:
    """Print one event and a line for each delivery."""
    from tripwire_async.cli.tables import Table

    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        event = await tripwire.webhooks.retrieve_event(organization, arguments.event)
    output.record(
        event,
        event=event.id,
        type=event.type,
        subject=f"{event.subject.type} {event.subject.id}",
        created=output.timestamp(event.created_at),
    )
    if event.webhook_deliveries:
        output.line()
        output.table(
            Table(
                ("endpoint", "status", "attempts", "response", "error"),
                [
                    (one.endpoint_id, one.status, one.attempts, one.response_status, one.error)
                    for one in event.webhook_deliveries
                ],
                frozenset({"attempts", "response"}),
            )
        )
    return ExitCode.OK


def _statuses(event: Event) -> str | None:
    """Return the statuses of the event's deliveries, counted: ``succeeded``, or ``2 succeeded, 1 failed``."""
    statuses = [str(one.status) for one in event.webhook_deliveries]
    if len(statuses) <= 1:
        return next(iter(statuses), None)
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
