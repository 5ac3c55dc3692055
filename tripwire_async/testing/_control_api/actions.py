"""Actions of the control API on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.errors import ServiceError, conflict, not_found
from tripwire_async.testing._service.handlers.webhooks import queue_test
from tripwire_async.testing._service.webhook_sender import DeliveryOutcome
from tripwire_async.testing.clock import ManualClock
from tripwire_async.testing.faults import Fault

from . import views

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tripwire_async.testing._server.controls import ServerControls
    from tripwire_async.testing._service.records import JsonObject

    from . import commands

_FAULTS: Final[Mapping[str, Callable[[commands.NewFault], Fault]]] = {
    "closed_connection": lambda _: Fault.closed_connection(),
    "delay": lambda new: Fault.delay(new.seconds),
    "empty": lambda new: Fault.empty(new.status or 502),
    "html": lambda new: Fault.html(new.status or 502),
    "lost_response": lambda _: Fault.lost_response(),
    "missing_cursor": lambda _: Fault.missing_cursor(),
    "not_found_at_first": lambda _: Fault.not_found_at_first(),
    "null_latest_delivery": lambda _: Fault.null_latest_delivery(),
    "rate_limited": lambda new: Fault.status(
        429, retry_after=_header(1.0 if new.retry_after is None else new.retry_after)
    ),
    "repeated_cursor": lambda _: Fault.repeated_cursor(),
    "slow_endpoint": lambda new: Fault.slow_endpoint(new.seconds),
    "stuck_pending": lambda _: Fault.stuck_pending(),
    "truncated_body": lambda _: Fault.truncated_body(),
}

# Faults that work on the response of one operation; on others they would fail.
_OPERATIONS: Final = {
    "null_latest_delivery": "sendTestWebhook",
    "slow_endpoint": "sendTestWebhook",
    "stuck_pending": "sendTestWebhook",
    "not_found_at_first": "retrieveEvent",
    "missing_cursor": "listSessions",
    "repeated_cursor": "listSessions",
}


def _header(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:g}"


async def health(server: ServerControls) -> JsonObject:
    """Return that the server runs."""
    return {"status": "ok", "profile": server.profile.name, "organization_id": server.organization_id}


async def show_state(server: ServerControls) -> JsonObject:
    """Return endpoints, deliveries, requests, faults, the limit and the clock."""
    return views.state(server)


async def show_delivery(server: ServerControls, delivery_id: str) -> JsonObject:
    """Return one delivery with its webhook, signed now, and a curl command that posts it."""
    if delivery_id not in server.state.deliveries:
        raise not_found("delivery", delivery_id)
    return views.webhook(server, server.state.deliveries[delivery_id])


async def send(server: ServerControls, command: commands.Send) -> JsonObject:
    """Queue a test webhook; it does not count against the rate limit and no fault applies."""
    server.check_endpoint_id(command.endpoint_id)
    return queue_test(server.service, server.state.endpoints[command.endpoint_id])


async def emit(server: ServerControls, command: commands.Emit) -> JsonObject:
    """Send an event to the endpoints that subscribe to it."""
    event = server.emit(command.type, command.data)
    return {"event_id": event.id, "delivery_ids": [delivery.id for delivery in event.deliveries]}


async def add_fault(server: ServerControls, command: commands.NewFault) -> JsonObject:
    """Add a fault and return its id."""
    if command.kind is not None:
        fault = _FAULTS[command.kind](command)
    elif command.status is not None:
        fault = Fault.status(command.status, retry_after=_header(command.retry_after), retryable=command.retryable)
    else:
        message = f"Give the status of a response, or the kind of a fault: {', '.join(sorted(_FAULTS))}."
        raise ServiceError(422, "request.validation_failed", message)
    rule = server.fail(
        command.operation or _OPERATIONS.get(command.kind or ""),
        fault,
        times=command.times,
        rate=command.rate,
        seed=command.seed,
        endpoint_id=command.endpoint_id,
    )
    return rule.describe()


async def remove_fault(server: ServerControls, fault_id: str) -> None:
    """Remove a fault."""
    for rule in server.faults.rules:
        if rule.id == fault_id:
            return rule.remove()
    raise not_found("fault", fault_id)


async def start_scenario(server: ServerControls, command: commands.StartScenario) -> JsonObject:
    """Start a scenario: its faults are listed like others, and can be removed."""
    server.scenario(command.name, seconds=command.seconds)
    return {"name": command.name, "seconds": command.seconds}


async def set_outcome(server: ServerControls, command: commands.NewOutcome) -> JsonObject:
    """Set the outcome of new deliveries."""
    outcome = None
    if command.status is not None:
        outcome = DeliveryOutcome(
            command.status,
            command.response_status,
            command.response_body,
            command.error,
            command.attempts,
            command.after,
        )
    server.set_outcome(outcome, endpoint_id=command.endpoint_id)
    return {"endpoint_id": command.endpoint_id, "status": command.status, "after": command.after}


async def add_endpoint(server: ServerControls, command: commands.NewEndpoint) -> JsonObject:
    """Add an endpoint and return it with its signing secret."""
    endpoint = server.add_endpoint(command.url, name=command.name, event_types=command.event_types)
    return endpoint.to_json(with_secret=True)


async def settle(server: ServerControls, delivery_id: str, command: commands.Settle) -> JsonObject:
    """Settle one delivery and return it."""
    if delivery_id not in server.state.deliveries:
        raise not_found("delivery", delivery_id)
    server.settle(
        delivery_id,
        command.status,
        response_status=command.response_status,
        response_body=command.response_body,
        error=command.error,
        attempts=command.attempts,
    )
    return server.state.deliveries[delivery_id].to_json()


async def advance(server: ServerControls, command: commands.Advance) -> JsonObject:
    """Move the manual clock forward."""
    if not isinstance(server.clock, ManualClock):
        message = "The server runs on real time, which cannot be moved. Start it with a manual clock."
        raise conflict(message)
    await server.clock.advance(command.advance)
    return {"now": server.clock.now()}


async def reset(server: ServerControls) -> JsonObject:
    """Forget events, deliveries, requests, faults, outcomes and the use of the limit."""
    server.reset()
    return {"status": "ok"}
