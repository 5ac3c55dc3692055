"""``keys``: the API keys of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    from tripwire_async.cli.options import Commands
    from tripwire_async.cli.output import Output
    from tripwire_async.models import ApiKey, IssuedApiKey


def register(commands: Commands) -> None:
    """Add the group."""
    group = add_group(commands, "keys", "List, issue and end an organization's API keys.")

    listing = add_command(group, "list", list_keys, "List the keys, without their secret parts.")
    add_page_options(listing)
    add_connection_options(listing)

    create = add_command(group, "create", create_key, "Issue a key, and show it this once.")
    create.add_argument("--name", required=True, help="the label that people will know it by")
    create.add_argument(
        "--type", default="secret", metavar="TYPE", help="secret, or publishable for browsers (%(default)s)"
    )
    create.add_argument(
        "--environment", metavar="ENVIRONMENT", help="live or test; the service's own choice if left out"
    )
    create.add_argument(
        "--scope",
        action="append",
        dest="scopes",
        metavar="SCOPE",
        help="what a secret key may do, such as webhooks:read, or * for everything; may be given again",
    )
    create.add_argument(
        "--allowed-origin",
        action="append",
        dest="allowed_origins",
        metavar="ORIGIN",
        help="a web origin from which it may be used; may be given again",
    )
    add_connection_options(create)

    rotate = add_command(
        group,
        "rotate",
        rotate_key,
        "Give a key a new secret part, and show it this once; the old one lives on a while.",
    )
    revoke = add_command(group, "revoke", revoke_key, "End a key for good.")
    for parser in (rotate, revoke):
        parser.add_argument("key", metavar="KEY", help="its id, key_..., which is not the key itself")
        add_connection_options(parser)


async def list_keys(arguments: argparse.Namespace, output: Output) -> int:
    """Print one page of keys."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        found = await tripwire.organizations.api_keys.list(organization, limit=arguments.limit, cursor=arguments.cursor)
    output.page(
        found,
        ("key", "name", "type", "environment", "status", "preview", "last used"),
        lambda one: (
            one.id,
            one.name,
            one.type,
            one.environment,
            one.status,
            one.key_preview,
            output.timestamp(one.last_used_at),
        ),
        none="there are no keys",
    )
    return ExitCode.OK


async def create_key(arguments: argparse.Namespace, output: Output) -> int:
    """Issue a key."""
    from tripwire_async import UNSET

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
    return _show(output, key)


async def rotate_key(arguments: argparse.Namespace, output: Output) -> int:
    """Rotate a key."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        key = await tripwire.organizations.api_keys.rotate(organization, arguments.key)
    return _show(output, key)


async def revoke_key(arguments: argparse.Namespace, output: Output) -> int:
    """Revoke a key."""
    organization = organization_id(arguments)
    async with connect(arguments) as tripwire:
        key = await tripwire.organizations.api_keys.revoke(organization, arguments.key)
    return _show(output, key)


def _show(output: Output, key: ApiKey | IssuedApiKey) -> int:
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
