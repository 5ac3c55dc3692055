"""Assertions on requests and deliveries, whose messages show what came."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, cast

import msgspec

from tripwire_async.testing._service.arguments import check_count, check_name
from tripwire_async.testing._service.errors import ServiceError
from tripwire_async.testing._service.messages import decode

from .fault_controls import FaultControls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tripwire_async.testing._service.dispatcher import RecordedRequest
    from tripwire_async.testing._service.records import Delivery, DeliveryStatus

_SHOWN: Final = 10
_LONGEST_BODY: Final = 80


class Assertions(FaultControls):
    """Methods for the end of a test; each raises AssertionError, and shows what came, newest first."""

    def assert_called(
        self,
        operation: str,
        *,
        times: int | None = None,
        endpoint_id: str | None = None,
        body: Mapping[str, object] | None = None,
    ) -> None:
        """Require requests to *operation*: exactly *times*, or at least one.

        *endpoint_id* selects requests with this endpoint in their path, and *body* those whose JSON body has at least
        these fields.

        Raises:
            AssertionError: Another number of requests came.
            ValueError: The server has no such operation or endpoint.
        """
        check_name("operation", operation, self.profile.operations)
        if times is not None:
            check_count("times", times, 0)
        if endpoint_id is not None:
            self.check_endpoint_id(endpoint_id)
        requests = list(self.requests)
        found = sum(
            request.operation == operation
            and (endpoint_id is None or self._path_argument(request, "endpointId") == endpoint_id)
            and (body is None or _has_fields(request.body, body))
            for request in requests
        )
        if found == times or (times is None and found):
            return
        details = [f"endpoint_id={endpoint_id!r}"] if endpoint_id is not None else []
        details += [f"body={dict(body)!r}"] if body is not None else []
        wanted = " with ".join([operation, *([", ".join(details)] if details else [])])
        self._fail_with_requests(f"expected {_number(times)} to {wanted}, but {found} came", requests)

    def assert_delivered(
        self,
        endpoint_id: str | None = None,
        *,
        status: DeliveryStatus = "succeeded",
        event_type: str | None = None,
        times: int | None = None,
    ) -> None:
        """Require deliveries that have *status*: exactly *times*, or at least one.

        Raises:
            AssertionError: Another number of deliveries has this status.
            ValueError: The server has no such endpoint or event type.
        """
        if endpoint_id is not None:
            self.check_endpoint_id(endpoint_id)
        if event_type is not None:
            check_name("event type", event_type, self.profile.event_types)
        deliveries = list(self.deliveries.values())
        found = sum(
            delivery.status == status
            and endpoint_id in {None, delivery.endpoint.id}
            and event_type in {None, delivery.event.type}
            for delivery in deliveries
        )
        if found == times or (times is None and found):
            return
        wanted = f"{'at least one' if times is None else times} deliveries with status={status!r}"
        wanted += "" if endpoint_id is None else f", endpoint_id={endpoint_id!r}"
        wanted += "" if event_type is None else f", event_type={event_type!r}"
        lines = _newest(map(_describe_delivery, reversed(deliveries)), len(deliveries))
        msg = f"expected {wanted}, but {found} were found. Deliveries, newest first:{lines}"
        raise AssertionError(msg)

    def assert_no_unexpected(self) -> None:
        """Require that the server rejected no request by itself: each error came from an injected fault.

        Raises:
            AssertionError: A request was rejected: an unknown path, an invalid key or argument, or the rate limit.
        """
        rejected = [request for request in self.requests if (request.status or 0) >= 400 and not request.has_fault]
        if rejected:
            self._fail_with_requests(f"the server rejected {len(rejected)} requests", rejected)

    def _path_argument(self, request: RecordedRequest, name: str) -> str | None:
        try:
            return self._routes.find(request.method, request.path)[1].get(name)
        except ServiceError:  # pragma: no cover - a recorded operation has a route
            return None

    def _fail_with_requests(self, message: str, requests: list[RecordedRequest]) -> None:
        lines = _newest(map(_describe_request, reversed(requests)), len(requests))
        msg = f"{message}. Requests, newest first:{lines}"
        raise AssertionError(msg)


def _number(times: int | None) -> str:
    return "at least one request" if times is None else f"{times} request{'' if times == 1 else 's'}"


def _has_fields(body: bytes, expected: Mapping[str, object]) -> bool:
    try:
        value: object = decode(body)
    except msgspec.DecodeError:
        return False
    if not isinstance(value, dict):
        return False
    fields = cast("dict[str, object]", value)
    return all(name in fields and fields[name] == wanted for name, wanted in expected.items())


def _describe_request(request: RecordedRequest) -> str:
    body = request.body.decode(errors="replace")
    body = f"{body[: _LONGEST_BODY - 1]}…" if len(body) > _LONGEST_BODY else body
    status = "no response" if request.status is None else request.status
    fault = " (injected fault)" if request.has_fault else ""
    name = request.operation or "unknown operation"
    return f"{request.method} {request.path} {name}: {status}{fault} {body}".rstrip()


def _describe_delivery(delivery: Delivery) -> str:
    error = f": {delivery.error}" if delivery.error else ""
    return f"{delivery.event.type} to {delivery.endpoint.name} {delivery.endpoint.id}: {delivery.status}{error}"


def _newest(lines: Iterable[str], total: int) -> str:
    if not total:
        return " none"
    more = f"\n  … and {total - _SHOWN} more" if total > _SHOWN else ""
    return "".join(f"\n  {line}" for line in islice(lines, _SHOWN)) + more
