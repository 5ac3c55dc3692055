"""Building blocks for asyncio code: clocks, timeouts and polling. Nothing here knows HTTP."""
