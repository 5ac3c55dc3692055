"""Get the credentials of a service after the user has approved it."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire, PollSchedule, errors
from tripwire_async.testing import TripwireServer


# [sign-up]
async def sign_up(tripwire: AsyncTripwire, service: str, poll: PollSchedule) -> dict[str, str]:
    """Return the variables to set; empty if the user rejects or does not respond."""
    pending = await tripwire.gate.sessions.create(
        service_id=service, account_name="laptop", poll=poll
    )
    print("approve in your browser")  # at pending.consent_url
    try:
        approved = await pending.approved(timeout=600)
    except (errors.GateSessionRejectedError, errors.GoneError, errors.GateSessionTimeoutError):
        return {}
    return {name: secret.reveal() for name, secret in approved.outputs.items()}


# [main]
async def main() -> None:
    """Sign up with a test server and approve the session."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(base_url=server.base_url) as tripwire,
        asyncio.TaskGroup() as tasks,
    ):
        signing_up = tasks.create_task(sign_up(tripwire, "acme-prod", PollSchedule(first=0.05)))
        await server.until(lambda: bool(server.state.gate.sessions))
        (session,) = server.state.gate.sessions
        server.approve_gate_session(session, {"ACME_API_KEY": "a secret"})
        print(*sorted(await signing_up))


# [run]
if __name__ == "__main__":
    asyncio.run(main())
