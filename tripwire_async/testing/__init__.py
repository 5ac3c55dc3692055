"""In-process API server and other tools for tests.

- `TripwireServer`: the API on loopback, with all data in memory.
- `Fault`, `Rule`: errors to inject between the client and the API.
- `ManualClock`: a virtual clock that a test advances.
- `WebhookSettings`, `DeliveryOutcome`: how the server posts webhooks, or fixed outcomes without a post.
- `check_journal`: a contract test for implementations of `Journal`.
- `Scenario`: a running pattern of faults, see `TripwireServer.scenario`.
- `RecordingProxy`: a proxy that stores the exchanges with the API, without secrets.
- `RecordedRequest`: a request that the server received.
- `seal_token`: create a sealed token as the browser does.

The pytest plugin provides the fixtures ``tripwire_server`` and ``tripwire``, ``tripwire_server_thread`` for
synchronous tests, and ``tripwire_clock`` for tests without waiting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._lazy import lazy_exports

if TYPE_CHECKING:
    from tripwire_async.sealed_tokens.seal import seal_token
    from tripwire_async.testing._server.scenarios import Scenario
    from tripwire_async.testing._service.dispatcher import RecordedRequest
    from tripwire_async.testing._service.webhook_sender import DeliveryOutcome, WebhookSettings
    from tripwire_async.testing.clock import ManualClock
    from tripwire_async.testing.fault_rules import Rule
    from tripwire_async.testing.faults import Fault
    from tripwire_async.testing.journal_check import check_journal
    from tripwire_async.testing.recording import RecordingProxy
    from tripwire_async.testing.server import TripwireServer

__all__ = [
    "DeliveryOutcome",
    "Fault",
    "ManualClock",
    "RecordedRequest",
    "RecordingProxy",
    "Rule",
    "Scenario",
    "TripwireServer",
    "WebhookSettings",
    "check_journal",
    "seal_token",
]

# pytest imports this package at startup through the plugin, so nothing heavy is imported here.
_EXPORTS: Final = {
    "DeliveryOutcome": "._service.webhook_sender",
    "Fault": ".faults",
    "ManualClock": ".clock",
    "RecordedRequest": "._service.dispatcher",
    "RecordingProxy": ".recording",
    "Rule": ".fault_rules",
    "Scenario": "._server.scenarios",
    "TripwireServer": ".server",
    "WebhookSettings": "._service.webhook_sender",
    "check_journal": ".journal_check",
    "seal_token": "..sealed_tokens.seal",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
