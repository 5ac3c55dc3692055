"""Bodies of the control API, each with its fields and their limits."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

import msgspec

from tripwire_async.testing._server.scenarios import SCENARIOS, ScenarioName
from tripwire_async.testing._service.arguments import near_matches
from tripwire_async.testing._service.errors import FieldIssue, ServiceError

Finite: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
FaultKind: TypeAlias = Literal[
    "closed_connection",
    "delay",
    "empty",
    "html",
    "lost_response",
    "missing_cursor",
    "not_found_at_first",
    "null_latest_delivery",
    "rate_limited",
    "repeated_cursor",
    "slow_endpoint",
    "stuck_pending",
    "truncated_body",
]
"""Kinds of faults, named like the constructors of `Fault`."""

FAULT_KINDS: Final[tuple[str, ...]] = get_args(FaultKind)

Settled: TypeAlias = Literal["succeeded", "failed", "skipped"]


class Command(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of the bodies; unknown fields are invalid."""


class Send(Command):
    """Send a test webhook to one endpoint."""

    endpoint_id: str


class Emit(Command):
    """Send an event to every active endpoint that subscribes to its type."""

    type: str
    data: dict[str, Any] | None = None


class NewFault(Command):
    """Respond to requests with an error, or break the connection.

    *status* or *kind* selects the fault. *seconds* is the time of ``delay`` and ``slow_endpoint``, and *retry_after*
    the header of a *status* and of ``rate_limited``.
    """

    operation: str | None = None
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None
    kind: FaultKind | None = None
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    rate: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    endpoint_id: str | None = None
    seconds: Finite = 2.0
    retry_after: Finite | None = None
    retryable: bool | None = None


class NewOutcome(Command):
    """Settle new deliveries with a fixed outcome instead of posting them; a *status* of null posts them again."""

    status: Settled | None
    endpoint_id: str | None = None
    response_status: Annotated[int, msgspec.Meta(ge=100, le=599)] | None = None
    response_body: str | None = None
    error: str | None = None
    attempts: Annotated[int, msgspec.Meta(ge=0)] = 1
    after: Finite = 0.0


class NewEndpoint(Command):
    """Add a webhook endpoint; the response has its signing secret."""

    url: str
    name: str = "test"
    event_types: tuple[str, ...] = ("session.result.persisted",)


class Settle(Command):
    """Settle one delivery now."""

    status: Settled
    response_status: Annotated[int, msgspec.Meta(ge=100, le=599)] | None = None
    response_body: str | None = None
    error: str | None = None
    attempts: Annotated[int, msgspec.Meta(ge=0)] = 1


class Advance(Command):
    """Move a manual clock forward by *advance* seconds."""

    advance: Finite


class StartScenario(Command):
    """Start a scenario, for *seconds* or until it is stopped."""

    name: ScenarioName
    seconds: Finite | None = None


class Nothing(Command):
    """No fields."""


def read_command(type_: type[Command], body: bytes) -> Command:
    """Return *body* as a *type_*; raise 422 with the field and near matches of its name or value."""
    try:
        return msgspec.json.decode(body or b"{}", type=type_)
    except msgspec.ValidationError as error:
        raise _invalid(type_, str(error)) from None
    except msgspec.DecodeError as error:
        message = f"The body is not valid JSON: {error}."
        raise ServiceError(400, "request.malformed", message) from None


def _invalid(type_: type[Command], text: str) -> ServiceError:
    field = text.rpartition("`$.")[2].rstrip("`") if "`$." in text else ""
    value = text.partition("value '")[2].partition("'")[0] or text.partition("unknown field `")[2].partition("`")[0]
    known = {"kind": FAULT_KINDS, "name": SCENARIOS, "status": get_args(Settled)}.get(field, type_.__struct_fields__)
    matches = near_matches(value, known) if value else []
    advice = f" Did you mean {' or '.join(matches)}?" if matches else ""
    if value and not matches:
        advice = f" Choose from: {', '.join(sorted(known))}."
    issue = FieldIssue(field or value or "body", "invalid")
    return ServiceError(422, "request.validation_failed", f"{text}.{advice}", fields=[issue])
