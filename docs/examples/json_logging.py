"""Write the log records of the library as JSON lines."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from tripwire_async import AsyncTripwire, errors
from tripwire_async.testing import Fault, TripwireServer

# [formatter]
FIELDS = (
    "operation",
    "status",
    "error",
    "attempts",
    "duration_ms",
    "waited_ms",
    "request_id",
    "client_request_id",
)


class JsonFormatter(logging.Formatter):
    """Format a record as one JSON object; fields that a record does not have are left out."""

    def format(self, record: logging.LogRecord) -> str:
        data: dict[str, object] = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        data |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            data["traceback"] = self.formatException(record.exc_info)
        return json.dumps(data)


def set_up_logging() -> None:
    """Write the records of this library to stdout, from level INFO."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("tripwire_async")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


# [main]
async def main() -> None:
    """Make a successful call and a failing one."""
    set_up_logging()
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        await tripwire.webhooks.list_endpoints(server.organization_id)
        with server.fail("listWebhookEndpoints", Fault.status(503)):
            try:
                await tripwire.webhooks.list_endpoints(server.organization_id)
            except errors.ServerError as error:
                print(
                    json.dumps(
                        {
                            "raised": type(error).__name__,
                            "client_request_id": error.client_request_id,
                        }
                    )
                )


if __name__ == "__main__":
    asyncio.run(main())
