"""Use the service under both names during a migration from Tripwire to Foil."""

from __future__ import annotations

import asyncio

from tripwire_async import FOIL, TRIPWIRE, AsyncTripwire, errors
from tripwire_async.receiver import sign_webhook, verify_signature
from tripwire_async.testing import TripwireServer


# [both]
async def newest_session(client: AsyncTripwire) -> str:
    """Return a line about the newest session; the code is the same under both names."""
    (session,) = await client.sessions.list(limit=1)
    return f"{client.profile.title}: {session.latest_decision.verdict}"


async def attach(client: AsyncTripwire, session_id: str, user_id: str) -> str:
    """Attach a user id, which only Foil supports."""
    try:
        session = await client.sessions.attach_client_user(session_id, user_id)
    except errors.ConfigurationError as error:
        return str(error)
    return f"attached {session.client_user_id}"


# [end]


async def main() -> None:
    """Run one test server per name, and one client for each."""
    async with (
        TripwireServer() as old,
        TripwireServer(profile=FOIL) as new,
        AsyncTripwire(old.secret_key, profile=TRIPWIRE, base_url=old.base_url) as tripwire,
        AsyncTripwire(new.secret_key, profile=FOIL, base_url=new.base_url) as foil,
    ):
        for client in (tripwire, foil):
            print(await newest_session(client))
            (session,) = await client.sessions.list(limit=1)
            print(await attach(client, session.id, "user_7"))
    for profile in (TRIPWIRE, FOIL):
        headers = sign_webhook(b"{}", "whsec_1", profile=profile)
        verify_signature(b"{}", headers, "whsec_1")
        print(f"verified {', '.join(headers)}")


if __name__ == "__main__":
    asyncio.run(main())
