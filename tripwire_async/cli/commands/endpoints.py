"""``endpoints``: those of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command, add_connection_options, add_group, connect, organization_id

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.options import Commands
    from tripwire_async.cli.output import Output
    from tripwire_async.models import WebhookEndpoint


def register(commands: Commands) -> None:
    """Add the group."""
    group = add_group(commands, "endpoints", "List and change an organization's webhook endpoints.")

    add_connection_options(add_command(group, "list", list_endpoints, "List the endpoints, disabled ones included."))

    create = add_command(group, "create", create_endpoint, "Add an endpoint, and show its signing secret this once.")
    create.add_argument("url", metavar="URL", help="where webhooks are posted to: https")
    create.add_argument("--name", required=True, help="the label that people will know it by")
    create.add_argument(
        "--event-type",
        action="append",
        required=True,
        dest="event_types",
        metavar="TYPE",
        help="an event that it takes, such as session.result.persisted; may be given again",
    )
    add_connection_options(create)

    disable = add_command(group, "disable", disable_endpoint, "Stop deliveries to an endpoint; nothing is erased.")
    rotate = add_command(
        group, "rotate", rotate_secret, "Give an endpoint a new signing secret, and show it this once."
    )
    for parser in (disable, rotate):
        parser.add_argument("endpoint", metavar="ENDPOINT", help="its id, we_…")
        add_connection_options(parser)


async def list_endpoints(arguments: argparse.Namespace, output: Output) -> int:
    """Print the endpoints, oldest first."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        found = await tripwire.webhooks.list_endpoints(organization)
    output.page(
        found,
        ("endpoint", "name", "status", "url", "event types"),
        lambda one: (one.id, one.name, one.status, one.url, ", ".join(one.event_types)),
        none="there are no endpoints yet",
    )
    return ExitCode.OK


async def create_endpoint(arguments: argparse.Namespace, output: Output) -> int:
    """Add an endpoint."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        endpoint = await tripwire.webhooks.create_endpoint(
            organization, name=arguments.name, url=arguments.url, event_types=arguments.event_types
        )
    return _show(output, endpoint)


async def disable_endpoint(arguments: argparse.Namespace, output: Output) -> int:
    """Disable an endpoint."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        endpoint = await tripwire.webhooks.disable_endpoint(organization, arguments.endpoint)
    return _show(output, endpoint)


async def rotate_secret(arguments: argparse.Namespace, output: Output) -> int:
    """Rotate an endpoint's signing secret."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        endpoint = await tripwire.webhooks.rotate_secret(organization, arguments.endpoint)
    return _show(output, endpoint)


def _show(output: Output, endpoint: WebhookEndpoint) -> int:
    output.record(
        endpoint,
        reveal=True,
        endpoint=endpoint.id,
        name=endpoint.name,
        status=endpoint.status,
        url=endpoint.url,
        event_types=", ".join(endpoint.event_types),
    )
    if endpoint.signing_secret is not None:
        output.reveal_once("signing secret", endpoint.signing_secret)
    return ExitCode.OK
