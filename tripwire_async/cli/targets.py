"""Endpoints that ``test`` tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.errors import ConfigurationError, PermissionDeniedError

from .confirmation import confirm
from .endpoint_ids import read_endpoint_ids

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tripwire_async import AsyncTripwire
    from tripwire_async.models import WebhookEndpoint

MOST_UNCONFIRMED: Final = 20
"""Largest number of endpoints that ``--all`` tests without a confirmation."""


def named_endpoints(arguments: argparse.Namespace) -> list[str] | None:
    """Return the endpoints in *arguments* without duplicates; None if other options select them.

    Raises `ConfigurationError` unless exactly one option selects the endpoints.
    """
    others = (arguments.endpoints_from, arguments.failed_of, arguments.resume)
    if bool(arguments.endpoints) + arguments.all + sum(other is not None for other in others) != 1:
        msg = "pass either ENDPOINT ids, --endpoints-from FILE or --all; or continue a run with --resume JOURNAL"
        raise ConfigurationError(msg)
    if arguments.endpoints_from == arguments.secret_key_file == "-":
        msg = "stdin can provide the endpoints or the secret key, but not both"
        raise ConfigurationError(msg)
    ids = arguments.endpoints
    if arguments.endpoints_from is not None:
        ids = read_endpoint_ids(arguments.endpoints_from)
    return list(dict.fromkeys(ids)) or None


async def list_endpoints(tripwire: AsyncTripwire, organization: str, *, required: bool) -> Sequence[WebhookEndpoint]:
    """Return the endpoints of the organization; an empty list if the key may not list them, unless *required*."""
    try:
        return (await tripwire.webhooks.list_endpoints(organization)).items
    except PermissionDeniedError:
        if required:
            raise
        return ()


async def confirm_many(arguments: argparse.Namespace, count: int) -> None:
    """Ask before all of many endpoints are tested."""
    if arguments.all and count > MOST_UNCONFIRMED:
        await confirm(arguments, f"Send a test webhook to all {count:,} active endpoints?")
