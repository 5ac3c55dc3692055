"""Make one call and print its log record and its error."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from tripwire_async import AsyncTripwire, errors
from tripwire_async.testing import TripwireServer


async def diagnose(tripwire: AsyncTripwire, organization: str) -> None:
    """Read the endpoints of *organization*, and print each detail of a failure."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="log: %(message)s")
    try:
        endpoints = await tripwire.webhooks.list_endpoints(organization)
    except errors.TripwireError as error:
        print("error:", error)
        for name in (
            "status",
            "code",
            "request_id",
            "client_request_id",
            "attempts",
            "maybe_sent",
            "retry_after",
        ):
            if hasattr(error, name):
                print(f"  {name}: {getattr(error, name)}")
    else:
        print(len(endpoints), "endpoints")


# [end]
async def main() -> None:
    """Use the variables of the environment, or a test server if there are none."""
    if "TRIPWIRE_ORGANIZATION" in os.environ:
        async with AsyncTripwire() as tripwire:
            await diagnose(tripwire, os.environ["TRIPWIRE_ORGANIZATION"])
    else:
        async with (
            TripwireServer() as server,
            AsyncTripwire("sk_test_unknown", base_url=server.base_url) as tripwire,
        ):
            await diagnose(tripwire, server.organization_id)


if __name__ == "__main__":
    asyncio.run(main())
