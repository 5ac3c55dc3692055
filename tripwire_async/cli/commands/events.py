"""``events``: the events of an organization and their deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.argument_types import EnumValue, resource_id
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import (
    LARGEST_PAGE,
    add_command,
    add_connection_options,
    add_group,
    add_list_options,
    connect,
    organization_id,
)

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser
    from tripwire_async.models import Event


def build(parser: Parser) -> None:
    """Add the commands of the group."""
    group = add_group(parser)

    listing = add_command(group, "list", list_events, "List the latest events, newest first.")
    listing.add_argument("--endpoint", type=resource_id("we_"), metavar="ID", help="only events for this endpoint")
    listing.add_argument(
        "--type",
        type=EnumValue("WebhookDeliveryEventType"),
        metavar="TYPE",
        help="only events of this type, such as webhook.test",
    )
    add_list_options(
        listing, "number of events: from 1 to 200, by default 50; the API lists no older ones", maximum=LARGEST_PAGE
    )
    add_connection_options(listing)

    show = add_command(group, "show", show_event, "Show one event and its deliveries.")
    show.add_argument("event", type=resource_id("wevt_"), metavar="EVENT", help="the event id, wevt_…")
    add_connection_options(show)


async def list_events(arguments: argparse.Namespace, output: Output) -> int:
    """Print the latest events with the statuses of their deliveries."""
    from tripwire_async.cli.lists import print_list

    limit = LARGEST_PAGE if arguments.all and arguments.limit is None else arguments.limit
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        await print_list(
            output,
            tripwire.webhooks.list_events(
                organization, endpoint_id=arguments.endpoint, type=arguments.type, limit=limit
            ),
            arguments,
            ("created", "event", "type", "deliveries"),
            lambda event: (output.timestamp(event.created_at), event.id, event.type, _statuses(event)),
            none="no events found",
        )
    return ExitCode.OK


async def show_event(arguments: argparse.Namespace, output: Output) -> int:
    """Print one event and one line per delivery."""
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
                    (delivery.endpoint_id, delivery.status, delivery.attempts, delivery.response_status, delivery.error)
                    for delivery in event.webhook_deliveries
                ],
                frozenset({"attempts", "response"}),
            )
        )
    return ExitCode.OK


def _statuses(event: Event) -> str | None:
    """Return the statuses of the deliveries with counts: ``succeeded``, or ``2 succeeded, 1 failed``."""
    statuses = [str(delivery.status) for delivery in event.webhook_deliveries]
    if len(statuses) <= 1:
        return next(iter(statuses), None)
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
