"""The Lua scripts of the rate limit on virtual time: a real server runs them, at a time that is an argument."""

from __future__ import annotations

from importlib import resources
from typing import Any

import redis


def register(url: str, file: str, time: str) -> tuple[redis.Redis, Any]:
    """Return a client of the server at *url*, and its script *file* with the argument *time* in place of the clock."""
    source = resources.files("tripwire_async.middleware.rate_limit").joinpath(file).read_text(encoding="utf-8")
    changed = source.replace("redis.call('TIME')", f"{{math.floor({time} / 1000000), {time} % 1000000}}")
    assert changed != source
    client = redis.Redis.from_url(url)
    return client, client.register_script(changed)
