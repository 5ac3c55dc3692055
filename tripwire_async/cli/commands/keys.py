"""``keys``: the API keys of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.argument_types import EnumValue, resource_id
from tripwire_async.cli.confirmation import add_confirmation_option, confirm
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import (
    add_command,
    add_connection_options,
    add_group,
    add_page_options,
    connect,
    organization_id,
)

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser
    from tripwire_async.models import ApiKey, IssuedApiKey


def build(parser: Parser) -> None:
    """Add the commands of the group."""
    group = add_group(parser)

    listing = add_command(group, "list", list_keys, "List the keys, without their secret parts.")
    add_page_options(listing)
    add_connection_options(listing)

    create = add_command(group, "create", create_key, "Create a key and print it.")
    create.add_argument("--name", required=True, help="a label for people")
    create.add_argument(
        "--type",
        type=EnumValue("ApiKeyType"),
        default="secret",
        metavar="TYPE",
        help="secret, or publishable for browsers (%(default)s)",
    )
    create.add_argument(
        "--environment",
        type=EnumValue("ApiKeyEnvironment"),
        metavar="ENVIRONMENT",
        help="live or test; by default the service decides",
    )
    create.add_argument(
        "--scope",
        action="append",
        dest="scopes",
        type=EnumValue("ApiKeyScope"),
        metavar="SCOPE",
        help="a permission of a secret key, such as webhooks:read, or * for all; can be given several times",
    )
    create.add_argument(
        "--allowed-origin",
        action="append",
        dest="allowed_origins",
        metavar="ORIGIN",
        help="a web origin from which the key may be used; can be given several times",
    )
    add_connection_options(create)

    rotate = add_command(
        group,
        "rotate",
        rotate_key,
        "Give a key a new secret part and print it; the old one stays valid for a while.",
    )
    revoke = add_command(group, "revoke", revoke_key, "Revoke a key; this cannot be undone.")
    for changing in (rotate, revoke):
        changing.add_argument(
            "key", type=resource_id("key_"), metavar="KEY", help="the id of the key, key_…, not the key itself"
        )
        add_confirmation_option(changing)
        add_connection_options(changing)


async def list_keys(arguments: argparse.Namespace, output: Output) -> int:
    """Print keys."""
    from tripwire_async.cli.lists import page_size, print_list

    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        await print_list(
            output,
            tripwire.organizations.api_keys.list(organization, limit=page_size(arguments), cursor=arguments.cursor),
            arguments,
            ("key", "name", "type", "environment", "status", "preview", "last used"),
            lambda key: (
                key.id,
                key.name,
                key.type,
                key.environment,
                key.status,
                key.key_preview,
                output.timestamp(key.last_used_at),
            ),
            none="the organization has no keys",
        )
    return ExitCode.OK


async def create_key(arguments: argparse.Namespace, output: Output) -> int:
    """Create a key."""
    from tripwire_async import UNSET
    from tripwire_async.errors import ConfigurationError

    if (arguments.scopes is not None) != (arguments.type == "secret"):
        msg = "--scope is required for a secret key, and not allowed for a publishable key"
        raise ConfigurationError(msg)
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        key = await tripwire.organizations.api_keys.create(
            organization,
            name=arguments.name,
            type=arguments.type,
            environment=arguments.environment or UNSET,
            scopes=arguments.scopes or UNSET,
            allowed_origins=arguments.allowed_origins or UNSET,
        )
    return _print_key(output, key)


async def rotate_key(arguments: argparse.Namespace, output: Output) -> int:
    """Rotate a key after confirmation."""
    organization = organization_id(arguments)
    question = f"Rotate key {arguments.key}? Its programs need the new one before the grace period ends."
    await confirm(arguments, question)
    async with connect(arguments) as tripwire:
        key = await tripwire.organizations.api_keys.rotate(organization, arguments.key)
    return _print_key(output, key)


async def revoke_key(arguments: argparse.Namespace, output: Output) -> int:
    """Revoke a key after confirmation."""
    organization = organization_id(arguments)
    question = f"Revoke key {arguments.key} permanently? Programs that use it, perhaps this one, stop working at once."
    await confirm(arguments, question)
    async with connect(arguments) as tripwire:
        key = await tripwire.organizations.api_keys.revoke(organization, arguments.key)
    return _print_key(output, key)


def _print_key(output: Output, key: ApiKey | IssuedApiKey) -> int:
    output.record(
        key,
        reveal=True,
        key=key.id,
        name=key.name,
        type=key.type,
        environment=key.environment,
        status=key.status,
        scopes=None if key.scopes is None else ", ".join(key.scopes),
        grace_expires=output.timestamp(key.grace_expires_at),
    )
    if key.revealed_key is not None:
        output.reveal_once(f"{key.type} key", key.revealed_key)
    return ExitCode.OK
