"""The service of a soak test, in a separate process: ``python -m tests.soak.server WEBHOOK_URL DELIVERIES_FILE``.

It prints its addresses as JSON, serves until its standard input ends, waits for the deliveries in progress, writes the
event id and the status of each delivery to the file, and prints its counts.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Final

from tripwire_async.testing import Fault, TripwireServer, WebhookSettings

_ENDPOINTS: Final = 20
_LIMIT: Final = 250
_WINDOW: Final = 2.0
_FAULTS: Final = (
    (Fault.status(503, retryable=True), 0.02),
    (Fault.status(500), 0.01),
    (Fault.html(502), 0.01),
    (Fault.closed_connection(), 0.02),
    (Fault.lost_response(), 0.02),
    (Fault.truncated_body(), 0.01),
    (Fault.delay(0.3), 0.02),
    (Fault.body(b"<html>"), 0.005),
    (Fault.status(429, retry_after=0.2), 0.005),
)


async def main(url: str, target: Path) -> None:
    """Serve until the standard input ends."""
    settings = WebhookSettings(delay=0.01, backoff=0.05, max_attempts=5)
    async with TripwireServer(limit=_LIMIT, window=_WINDOW, webhooks=settings, record_limit=0) as server:
        endpoints = [server.add_endpoint(url) for _ in range(_ENDPOINTS)]
        rules = [server.fail(None, fault, rate=rate, seed=seed) for seed, (fault, rate) in enumerate(_FAULTS)]
        addresses = {
            "base_url": server.base_url,
            "secret_key": server.secret_key,
            "organization_id": server.organization_id,
            "endpoints": {endpoint.id: endpoint.signing_secret for endpoint in endpoints},
        }
        _write(addresses)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await server.delivered()
        _save(target, [f"{delivery.event.id} {delivery.status}" for delivery in server.deliveries.values()])
        counts = {
            "requests": server.received,
            "rate_limited": server.rate_limited,
            "faults": sum(rule.hits for rule in rules),
        }
        _write(counts)


def _save(target: Path, lines: list[str]) -> None:
    target.write_text("\n".join(lines), encoding="utf-8")


def _write(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
