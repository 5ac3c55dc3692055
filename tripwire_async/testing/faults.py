"""Fault injection: errors between a client and the test server, each in one line of a test.

::

    server.fail("sendTestWebhook", Fault.status(503, retryable=True), times=2)
    server.fail("retrieveEvent", Fault.not_found_at_first(times=2))
    with server.fail(None, Fault.closed_connection(), rate=0.05, seed=7) as rule:
        ...
    assert rule.hits

A fault wraps the handler of a request like a middleware: it responds itself, or calls the handler and changes the
response. Faults that match the same request are nested, the one added first outermost. Faults apply after the key and
the rate limit are checked, so a request that hits a fault is counted.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

import attrs

from tripwire_async.testing._service.arguments import check_count, check_number
from tripwire_async.testing._service.errors import ServiceError, not_found
from tripwire_async.testing._service.messages import ServiceResponse, decode, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

    Proceed: TypeAlias = Callable[[], Awaitable[ServiceResponse]]
    Action: TypeAlias = Callable[[Service, ServiceRequest, Proceed], Awaitable[ServiceResponse]]
    Edit: TypeAlias = Callable[[Any], None]

_CODES: Final = {
    400: "request.malformed",
    401: "auth.missing_api_key",
    403: "auth.forbidden",
    404: "request.not_found",
    409: "request.conflict",
    410: "request.gone",
    422: "request.validation_failed",
    429: "rate.limited",
}


@final
@attrs.frozen
class Fault:
    """One kind of error.

    *act* receives the service, the request and a function that calls the handler; it returns the response. The
    constructors below cover the known errors of the API and of networks. For any other, use ``Fault("name", act)``.
    """

    name: str
    act: Action = attrs.field(repr=False)

    @staticmethod
    def status(
        status: int,
        *,
        code: str | None = None,
        message: str = "Injected by the test.",
        retryable: bool | None = None,
        retry_after: float | str | None = None,
        next_action: str | None = None,
    ) -> Fault:
        """Return *status* with the API's error body instead of calling the handler.

        *retry_after* is sent unchanged, also if it is invalid. *retryable* depends on the status by default.

        Raises:
            ValueError: *status* is not the status of an error, from 400 to 599.
        """
        check_count("status", status, 400, 599)
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        error = ServiceError(
            status,
            code or _CODES.get(status, "server.unavailable"),
            message,
            retryable=retryable,
            next_action=next_action,
            headers=headers,
        )

        async def act(service: Service, request: ServiceRequest, _: Proceed) -> ServiceResponse:
            return service.error(error, request.request_id)

        return Fault(f"status {status}", act)

    @staticmethod
    def html(status: int = 502, text: str = "<html><body><h1>Bad gateway</h1></body></html>") -> Fault:
        """Return *status* with an HTML page, like a proxy, instead of calling the handler."""
        check_count("status", status, 200, 599)
        response = ServiceResponse(status, text.encode(), {"Content-Type": "text/html"}, from_proxy=True)

        async def act(_: Service, __: ServiceRequest, ___: Proceed) -> ServiceResponse:
            return response

        return Fault(f"html {status}", act)

    @staticmethod
    def empty(status: int = 502) -> Fault:
        """Return *status* with an empty body instead of calling the handler."""
        return Fault(f"empty {status}", Fault.html(status, "").act)

    @staticmethod
    def delay(seconds: float) -> Fault:
        """Wait *seconds* by the server's clock, then call the handler."""
        check_number("seconds", seconds, 0)

        async def act(service: Service, _: ServiceRequest, proceed: Proceed) -> ServiceResponse:
            await service.clock.sleep(seconds)
            return await proceed()

        return Fault(f"delay {seconds:g}", act)

    @staticmethod
    def closed_connection() -> Fault:
        """Close the connection without a response and without calling the handler."""

        async def act(_: Service, __: ServiceRequest, ___: Proceed) -> ServiceResponse:
            return ServiceResponse(503, bytes_sent=0)

        return Fault("closed connection", act)

    @staticmethod
    def lost_response() -> Fault:
        """Call the handler, then close the connection without a response. A POST must not be retried after this."""

        async def act(_: Service, __: ServiceRequest, proceed: Proceed) -> ServiceResponse:
            return attrs.evolve(await proceed(), bytes_sent=0)

        return Fault("lost response", act)

    @staticmethod
    def truncated_body(at: int | None = None) -> Fault:
        """Call the handler, but close the connection after *at* bytes of the body, by default after half of it."""

        async def act(_: Service, __: ServiceRequest, proceed: Proceed) -> ServiceResponse:
            response = await proceed()
            return attrs.evolve(response, bytes_sent=max(1, len(response.body) // 2 if at is None else at))

        return Fault("truncated body", act)

    @staticmethod
    def malformed(path: str, value: object) -> Fault:
        """Call the handler, but replace the value at *path*, such as ``data.webhook_deliveries.0.attempts``."""

        def edit(body: Any) -> None:
            container, key = _locate(body, path)
            container[key] = value

        return _edit_body(f"malformed {path}", edit)

    @staticmethod
    def missing(path: str) -> Fault:
        """Call the handler, but remove the value at *path* of the response."""

        def edit(body: Any) -> None:
            container, key = _locate(body, path)
            del container[key]

        return _edit_body(f"missing {path}", edit)

    @staticmethod
    def body(body: bytes, content_type: str = "application/json") -> Fault:
        """Call the handler, but return *body*."""

        async def act(_: Service, __: ServiceRequest, proceed: Proceed) -> ServiceResponse:
            response = await proceed()
            return attrs.evolve(response, body=body, headers={**response.headers, "Content-Type": content_type})

        return Fault("body", act)

    @staticmethod
    def gzip_bomb(size: int = 64 * 2**20) -> Fault:
        """Call the handler, but return a small body that decompresses to *size* bytes of spaces."""
        bomb = _gzip(size)

        async def act(_: Service, __: ServiceRequest, proceed: Proceed) -> ServiceResponse:
            response = await proceed()
            return attrs.evolve(response, body=bomb, headers={**response.headers, "Content-Encoding": "gzip"})

        return Fault("gzip bomb", act)

    @staticmethod
    def null_latest_delivery() -> Fault:
        """Return null as the latest delivery of `sendTestWebhook`."""
        return attrs.evolve(Fault.malformed("data.latest_delivery", None), name="null latest_delivery")

    @staticmethod
    def stuck_pending() -> Fault:
        """Leave the deliveries of `sendTestWebhook` pending."""

        async def act(service: Service, _: ServiceRequest, proceed: Proceed) -> ServiceResponse:
            response = await proceed()
            for delivery_id in decode(response.body)["data"]["delivery_ids"]:
                service.webhook_sender.cancel(service.state.deliveries[delivery_id])
            return response

        return Fault("stuck pending", act)

    @staticmethod
    def slow_endpoint(seconds: float) -> Fault:
        """Let the deliveries of `sendTestWebhook` take *seconds* longer."""
        check_number("seconds", seconds, 0)

        async def act(service: Service, _: ServiceRequest, proceed: Proceed) -> ServiceResponse:
            with service.webhook_sender.slower(seconds):
                return await proceed()

        return Fault(f"slow endpoint {seconds:g}", act)

    @staticmethod
    def not_found_at_first(times: int = 2) -> Fault:
        """Return 404 for the first *times* reads of each resource, like a service with a replication lag."""
        check_count("times", times, 1)
        reads: dict[tuple[str, ...], int] = {}

        async def act(service: Service, request: ServiceRequest, proceed: Proceed) -> ServiceResponse:
            names = tuple(request.ids.values())
            reads[names] = reads.get(names, 0) + 1
            if reads[names] <= times:
                return service.error(not_found("record", names[-1]), request.request_id)
            return await proceed()

        return Fault(f"not found {times} times", act)

    @staticmethod
    def missing_cursor() -> Fault:
        """Return a list with ``has_more`` but without a cursor."""

        def edit(body: Any) -> None:
            body["pagination"]["has_more"] = True
            body["pagination"].pop("next_cursor", None)

        return _edit_body("missing cursor", edit)

    @staticmethod
    def repeated_cursor() -> Fault:
        """Return the cursor of the first page for every page."""
        first: list[str] = []

        def edit(body: Any) -> None:
            pagination = body["pagination"]
            first.append(pagination.get("next_cursor", "repeated"))
            pagination["has_more"] = True
            pagination["next_cursor"] = first[0]

        return _edit_body("repeated cursor", edit)


def _locate(body: Any, path: str) -> tuple[Any, Any]:
    *parents, last = path.split(".")
    for part in parents:
        body = body[int(part) if isinstance(body, list) else part]
    return body, int(last) if isinstance(body, list) else last


def _edit_body(name: str, edit: Edit) -> Fault:
    async def act(_: Service, __: ServiceRequest, proceed: Proceed) -> ServiceResponse:
        response = await proceed()
        if response.status >= 400:
            return response
        body = decode(response.body)
        edit(body)
        return attrs.evolve(response, body=encode(body))

    return Fault(name, act)


def _gzip(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * min(size, 2**20)
    parts = [packer.compress(block) for _ in range(size // len(block))]
    return b"".join([*parts, packer.flush()])
