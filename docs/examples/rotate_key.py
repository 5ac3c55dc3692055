"""Rotate the secret key of a running client, and the signing secret of an endpoint."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire, Secret
from tripwire_async.receiver import sign_webhook, verify_signature
from tripwire_async.testing import TripwireServer


# [key]
async def rotate_own_key(tripwire: AsyncTripwire, organization: str, key_id: str) -> Secret:
    """Rotate the key that the client uses, continue with the new one, and return it."""
    issued = await tripwire.organizations.api_keys.rotate(organization, key_id)
    tripwire.use_key(issued.revealed_key)
    return issued.revealed_key


# [secret]
async def rotate_signing_secret(
    tripwire: AsyncTripwire, organization: str, endpoint: str, old: str
) -> list[str]:
    """Rotate the secret of an endpoint, and return both secrets for the receiver."""
    rotated = await tripwire.webhooks.rotate_secret(organization, endpoint)
    assert rotated.signing_secret is not None
    return [old, rotated.signing_secret.reveal()]


# [main]
async def main() -> None:
    """Rotate both on a test server."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        organization = server.organization_id
        key = await rotate_own_key(tripwire, organization, server.key.id)
        print("store the new key:", key)  # a Secret: reveal() returns the text
        await tripwire.webhooks.list_endpoints(organization)
        print("the client uses the new key")

        endpoint = server.add_endpoint("https://example.com/hook")
        secrets = await rotate_signing_secret(
            tripwire, organization, endpoint.id, endpoint.signing_secret
        )
        for secret in secrets:
            verify_signature(b"{}", sign_webhook(b"{}", secret), secrets)
        print("the receiver accepts both secrets")


if __name__ == "__main__":
    asyncio.run(main())
