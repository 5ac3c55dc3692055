"""Faults by script: what can go wrong between a client and the API, each in one line of a test.

::

    server.fail("sendTestWebhook", Fault.status(503, retryable=True), times=2)
    server.fail("retrieveEvent", Fault.not_found_at_first(times=2))
    with server.fail(None, Fault.closed_connection(), rate=0.05, seed=7) as rule:
        ...
    assert rule.hits

A fault stands between the request and the work, as a middleware does: it may answer by itself, or do the work and
spoil the answer. Faults that match the same request nest, the first that was added outermost. They come after the key
and its limit have been looked at, so a request that meets a fault has been counted.
"""

from __future__ import annotations

import zlib
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

import attrs

from tripwire_async.testing._service.errors import ServiceError, not_found
from tripwire_async.testing._service.messages import ServiceResponse, decode, encode, error_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

    Work: TypeAlias = Callable[[], Awaitable[ServiceResponse]]
    Act: TypeAlias = Callable[[Service, ServiceRequest, Work], Awaitable[ServiceResponse]]
    Change: TypeAlias = Callable[[Any], None]

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
    """One thing that goes wrong.

    *act* is given the service, the request and the work; it answers. The constructors below cover what the API and the
    network are known to do; any other mishap is ``Fault("its name", act)``.
    """

    name: str
    act: Act

    @staticmethod
    def status(
        status: int,
        *,
        code: str | None = None,
        message: str = "This is a fault by script.",
        retryable: bool | None = None,
        retry_after: float | str | None = None,
        next_action: str | None = None,
    ) -> Fault:
        """Answer *status* with the API's envelope; the work is not done.

        *retry_after* goes into the header as it is, rubbish too. *retryable* follows from the status unless given.
        """
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        error = ServiceError(
            status,
            code or _CODES.get(status, "server.unavailable"),
            message,
            retryable=retryable,
            next_action=next_action,
            headers=headers,
        )

        async def act(_: Service, request: ServiceRequest, __: Work) -> ServiceResponse:
            return error_response(error, request.request_id)

        return Fault(f"status {status}", act)

    @staticmethod
    def html(status: int = 502, text: str = "<html><body><h1>Bad gateway</h1></body></html>") -> Fault:
        """Answer *status* with a page of HTML, as a proxy does; the work is not done."""
        response = ServiceResponse(status, text.encode(), {"Content-Type": "text/html"}, from_proxy=True)

        async def act(_: Service, __: ServiceRequest, ___: Work) -> ServiceResponse:
            return response

        return Fault(f"html {status}", act)

    @staticmethod
    def empty(status: int = 502) -> Fault:
        """Answer *status* with no body at all; the work is not done."""
        return Fault(f"empty {status}", Fault.html(status, "").act)

    @staticmethod
    def delay(seconds: float) -> Fault:
        """Wait *seconds* of the server's clock, then do the work."""

        async def act(service: Service, _: ServiceRequest, work: Work) -> ServiceResponse:
            await service.clock.sleep(seconds)
            return await work()

        return Fault(f"delay {seconds:g}", act)

    @staticmethod
    def closed_connection() -> Fault:
        """Close the connection without an answer; the work is not done."""

        async def act(_: Service, __: ServiceRequest, ___: Work) -> ServiceResponse:
            return ServiceResponse(503, bytes_sent=0)

        return Fault("closed connection", act)

    @staticmethod
    def lost_response() -> Fault:
        """Do the work, then close the connection without an answer: what a POST must not be repeated after."""

        async def act(_: Service, __: ServiceRequest, work: Work) -> ServiceResponse:
            return attrs.evolve(await work(), bytes_sent=0)

        return Fault("lost answer", act)

    @staticmethod
    def truncated_body(at: int | None = None) -> Fault:
        """Do the work and promise the whole body, but close after *at* bytes of it; half of it by default."""

        async def act(_: Service, __: ServiceRequest, work: Work) -> ServiceResponse:
            response = await work()
            return attrs.evolve(response, bytes_sent=max(1, len(response.body) // 2 if at is None else at))

        return Fault("cut-off body", act)

    @staticmethod
    def malformed(path: str, value: object) -> Fault:
        """Do the work, but put *value* at *path* of the answer, as in ``data.webhook_deliveries.0.attempts``."""

        def change(body: Any) -> None:
            holder, last = _reach(body, path)
            holder[last] = value

        return _changed(f"malformed {path}", change)

    @staticmethod
    def missing(path: str) -> Fault:
        """Do the work, but leave out what is at *path* of the answer."""

        def change(body: Any) -> None:
            holder, last = _reach(body, path)
            del holder[last]

        return _changed(f"missing {path}", change)

    @staticmethod
    def body(body: bytes, content_type: str = "application/json") -> Fault:
        """Do the work, but answer *body*, whatever that is."""

        async def act(_: Service, __: ServiceRequest, work: Work) -> ServiceResponse:
            response = await work()
            return attrs.evolve(response, body=body, headers={**response.headers, "Content-Type": content_type})

        return Fault("body", act)

    @staticmethod
    def gzip_bomb(size: int = 64 * 2**20) -> Fault:
        """Do the work, but answer a small body that inflates to *size* bytes of white space."""
        bomb = _gzip(size)

        async def act(_: Service, __: ServiceRequest, work: Work) -> ServiceResponse:
            response = await work()
            return attrs.evolve(response, body=bomb, headers={**response.headers, "Content-Encoding": "gzip"})

        return Fault("gzip bomb", act)

    @staticmethod
    def null_latest_delivery() -> Fault:
        """Have `sendTestWebhook` answer before anything is recorded of the delivery."""
        return attrs.evolve(Fault.malformed("data.latest_delivery", None), name="null latest_delivery")

    @staticmethod
    def stuck_pending() -> Fault:
        """Have the deliveries of `sendTestWebhook` stay pending for good."""

        async def act(service: Service, _: ServiceRequest, work: Work) -> ServiceResponse:
            response = await work()
            for delivery_id in decode(response.body)["data"]["delivery_ids"]:
                service.webhook_sender.hold(service.state.deliveries[delivery_id])
            return response

        return Fault("stuck pending", act)

    @staticmethod
    def not_found_at_first(times: int = 2) -> Fault:
        """Answer 404 the first *times* that each thing is asked for, as a service does whose copies lag behind."""
        asked: dict[tuple[str, ...], int] = {}

        async def act(_: Service, request: ServiceRequest, work: Work) -> ServiceResponse:
            names = tuple(request.ids.values())
            asked[names] = asked.get(names, 0) + 1
            if asked[names] <= times:
                return error_response(not_found("record", names[-1]), request.request_id)
            return await work()

        return Fault(f"not found {times} times", act)

    @staticmethod
    def missing_cursor() -> Fault:
        """Have a list say that there is more, but not where."""

        def change(body: Any) -> None:
            body["pagination"]["has_more"] = True
            body["pagination"].pop("next_cursor", None)

        return _changed("more without a cursor", change)

    @staticmethod
    def repeated_cursor() -> Fault:
        """Have a list say for ever that it goes on where its first page ended."""
        first: list[str] = []

        def change(body: Any) -> None:
            pagination = body["pagination"]
            first.append(pagination.get("next_cursor", "the-same-again"))
            pagination["has_more"] = True
            pagination["next_cursor"] = first[0]

        return _changed("same cursor", change)


def _reach(body: Any, path: str) -> tuple[Any, Any]:
    *holders, last = path.split(".")
    for part in holders:
        body = body[int(part) if isinstance(body, list) else part]
    return body, int(last) if isinstance(body, list) else last


def _changed(name: str, change: Change) -> Fault:
    async def act(_: Service, __: ServiceRequest, work: Work) -> ServiceResponse:
        response = await work()
        if response.status >= 400:
            return response
        body = decode(response.body)
        change(body)
        return attrs.evolve(response, body=encode(body))

    return Fault(name, act)


def _gzip(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * min(size, 2**20)
    parts = [packer.compress(block) for _ in range(size // len(block))]
    return b"".join([*parts, packer.flush()])


@final
class Rule:
    """A fault and the requests that it matches; also a context manager, at the end of which it is gone."""

    def __init__(
        self,
        faults: Faults,
        fault: Fault,
        *,
        operation: str | None,
        times: int | None,
        rate: float,
        seed: int,
        where: Mapping[str, str],
        when: Callable[[ServiceRequest], bool] | None,
    ) -> None:
        self._faults = faults
        self._operation = operation
        self._left = times
        self._rate = rate
        self._random = Random(seed)  # noqa: S311 - chance that a test can repeat
        self._where = where
        self._when = when
        self.fault = fault
        self.hits = 0

    def matches(self, request: ServiceRequest) -> bool:
        """Say whether *request* meets the fault, and count it if so."""
        if self._left == 0 or self._operation not in {None, request.operation}:
            return False
        if any(request.ids.get(name) != value for name, value in self._where.items()):
            return False
        if self._when is not None and not self._when(request):
            return False
        if self._rate < 1.0 and self._random.random() >= self._rate:
            return False
        if self._left is not None:
            self._left -= 1
        self.hits += 1
        return True

    def remove(self) -> None:
        """Let no further request make_visitor the fault; a second request changes nothing."""
        self._faults.rules = [rule for rule in self._faults.rules if rule is not self]

    def __enter__(self) -> Rule:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


@final
class Faults:
    """The faults of one server, in the order in which they were added."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def add(
        self,
        operation: str | None,
        fault: Fault,
        *,
        times: int | None = None,
        rate: float = 1.0,
        seed: int = 0,
        endpoint_id: str | None = None,
        when: Callable[[ServiceRequest], bool] | None = None,
    ) -> Rule:
        """Have requests to *operation*, or all if None, make_visitor *fault*.

        *times* bounds how many, *rate* is the chance of each, drawn from *seed*; *endpoint_id* and *when* choose.
        """
        where = {} if endpoint_id is None else {"endpointId": endpoint_id}
        rule = Rule(self, fault, operation=operation, times=times, rate=rate, seed=seed, where=where, when=when)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Let everything go well again."""
        self.rules = []
