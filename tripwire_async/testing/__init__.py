"""The API in a process of your own: what tests run against, ours and yours.

`TripwireServer` is the API on loopback; `Fault` what may go wrong on the way; `ManualClock` a time that a test moves;
`Posting` and `Outcome` how webhooks are sent, or how their deliveries end without; `seal_token` makes the
tokens that a browser hands over. With pytest, the fixtures
``tripwire_server`` and ``tripwire`` come by themselves.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tripwire_async.testing.clock import ManualClock
    from tripwire_async.testing.deliveries import Outcome, Posting
    from tripwire_async.testing.faults import Fault, Rule
    from tripwire_async.testing.sealing import seal_token
    from tripwire_async.testing.server import TripwireServer
    from tripwire_async.testing.service import RecordedRequest

__all__ = [
    "Fault",
    "ManualClock",
    "Outcome",
    "Posting",
    "RecordedRequest",
    "Rule",
    "TripwireServer",
    "seal_token",
]

# pytest imports this package at its start, through the plugin: nothing heavy before it is asked for.
_HOMES: Final = {
    "Fault": "faults",
    "ManualClock": "clock",
    "Outcome": "deliveries",
    "Posting": "deliveries",
    "RecordedRequest": "service",
    "Rule": "faults",
    "TripwireServer": "server",
    "seal_token": "sealing",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
