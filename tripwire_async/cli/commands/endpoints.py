"""``endpoints``: the webhook endpoints of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.argument_types import EnumValue, resource_id
from tripwire_async.cli.confirmation import add_confirmation_option, confirm
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import (
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
    from tripwire_async.models import WebhookEndpoint


def build(parser: Parser) -> None:
    """Add the commands of the group."""
    group = add_group(parser)

    listing = add_command(group, "list", list_endpoints, "List the endpoints, including disabled ones.")
    add_list_options(listing, "number of endpoints; by default all of them")
    add_connection_options(listing)

    create = add_command(group, "create", create_endpoint, "Create an endpoint and print its signing secret.")
    create.add_argument("url", metavar="URL", help="the HTTPS URL that receives the webhooks")
    create.add_argument("--name", required=True, help="a label for people")
    create.add_argument(
        "--event-type",
        action="append",
        required=True,
        dest="event_types",
        type=EnumValue("WebhookEventType"),
        metavar="TYPE",
        help="an event type to deliver, such as session.result.persisted; can be given several times",
    )
    add_connection_options(create)

    disable = add_command(group, "disable", disable_endpoint, "Stop deliveries to an endpoint; nothing is deleted.")
    rotate = add_command(
        group, "rotate", rotate_secret, "Give an endpoint a new signing secret and print it; the old one is replaced."
    )
    for changing in (disable, rotate):
        changing.add_argument("endpoint", type=resource_id("we_"), metavar="ENDPOINT", help="the endpoint id, we_…")
        add_confirmation_option(changing)
        add_connection_options(changing)


async def list_endpoints(arguments: argparse.Namespace, output: Output) -> int:
    """Print the endpoints, oldest first."""
    from tripwire_async.cli.lists import print_list

    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        await print_list(
            output,
            tripwire.webhooks.list_endpoints(organization),
            arguments,
            ("endpoint", "name", "status", "url", "event types"),
            lambda endpoint: (
                endpoint.id,
                endpoint.name,
                endpoint.status,
                endpoint.url,
                ", ".join(endpoint.event_types),
            ),
            none="the organization has no endpoints",
        )
    return ExitCode.OK


async def create_endpoint(arguments: argparse.Namespace, output: Output) -> int:
    """Create an endpoint."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        endpoint = await tripwire.webhooks.create_endpoint(
            organization, name=arguments.name, url=arguments.url, event_types=arguments.event_types
        )
    return _print_endpoint(output, endpoint)


async def disable_endpoint(arguments: argparse.Namespace, output: Output) -> int:
    """Disable an endpoint after confirmation."""
    organization = organization_id(arguments)
    await confirm(arguments, f"Disable endpoint {arguments.endpoint}? It receives no more webhooks.")
    async with connect(arguments) as tripwire:
        endpoint = await tripwire.webhooks.disable_endpoint(organization, arguments.endpoint)
    return _print_endpoint(output, endpoint)


async def rotate_secret(arguments: argparse.Namespace, output: Output) -> int:
    """Rotate the signing secret of an endpoint after confirmation."""
    organization = organization_id(arguments)
    question = f"Rotate the signing secret of endpoint {arguments.endpoint}? Its receiver needs the new one."
    await confirm(arguments, question)
    async with connect(arguments) as tripwire:
        endpoint = await tripwire.webhooks.rotate_secret(organization, arguments.endpoint)
    return _print_endpoint(output, endpoint)


def _print_endpoint(output: Output, endpoint: WebhookEndpoint) -> int:
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
