"""Transport on aiohttp, the last handler of the chain: one attempt, from a `Request` to a complete `Response`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from asyncio import get_running_loop
from typing import TYPE_CHECKING, Final, NoReturn, final

import aiohttp
import attrs
from aiohttp import hdrs

from tripwire_async._concurrency.clock import LOOP_CLOCK, time_on
from tripwire_async._concurrency.per_loop import PerLoop
from tripwire_async._concurrency.timeouts import Timeout, TimeoutGroup
from tripwire_async._secrets.frames import clear_frames
from tripwire_async._secrets.redaction import sanitize
from tripwire_async._version import __version__
from tripwire_async.errors import ResponseDecodeError, closed_error
from tripwire_async.profiles import TRIPWIRE

from .connected import connection_notes
from .content_coding import ACCEPTED, OversizedBodyError, UnsupportedCodingError, decompress
from .headers import request_id
from .messages import Response
from .plain_request import RequestFactory
from .sessions import authorization, client_timeout, open_session, single_attempt
from .transport_errors import attempt_error, timeout_error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._secrets.secret import Secret

    from .messages import Request

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""Limit on the size of a response body after decompression, against decompression bombs."""

_CLIENT: Final = f"tripwire-async/{__version__}"


@attrs.frozen
class LoopSession:
    """State of one event loop: its connections and requests, the timeouts of its attempts, and its time.

    Closing *closer* closes the session; None for a caller's session.
    """

    session: aiohttp.ClientSession
    requests: RequestFactory
    timeouts: TimeoutGroup
    now: Callable[[], float]
    closer: AsyncGenerator[None] | None

    def end_if_abandoned(self) -> None:
        """Raise `GeneratorExit` if the loop is closed.

        When a loop is closed with a call pending, the garbage collector ends the coroutine, and aiohttp cannot clean up
        without the loop. Its exception must not replace the exit.
        """
        if self.timeouts.loop.is_closed():
            raise GeneratorExit from None


@attrs.frozen(kw_only=True)
class TransportStatistics:
    """Current state of a transport.

    Attributes:
        sessions: Number of sessions, one per event loop.
        in_flight: Number of requests in flight, over all event loops.
    """

    sessions: int
    in_flight: int


@final
class AiohttpTransport:
    """Handler that sends a request once and reads the whole response.

    A session is created on first use for each running event loop, because a connection belongs to one loop. A caller's
    session is used as it is and stays open.

    Args:
        session: The caller's session; None to create and close sessions here.
        proxy: URL of the HTTP proxy for the sessions that are created here; None for none.
        timeout: Seconds for one attempt, for most requests.
        max_body: Limit on the size of a response body after decompression, in bytes.
        client_header: The header in which the client names itself.
        clock: The clock of timeouts and deadlines.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        *,
        proxy: Secret | None = None,
        timeout: float = 30.0,
        max_body: int = MAX_BODY_BYTES,
        client_header: str = TRIPWIRE.client_header,
        clock: Clock = LOOP_CLOCK,
    ) -> None:
        self._caller_session = session
        self._proxy = proxy
        self._headers: Mapping[str, str] = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED,
            "User-Agent": f"{_CLIENT} aiohttp/{aiohttp.__version__}",
            client_header: _CLIENT,
        }
        self._timeout = timeout
        self._max_body = max_body
        self._clock = clock
        self._sessions = PerLoop(self._create, on_closed=self._abandon)
        self._lock = threading.Lock()
        self._blocks = 0
        # The loop references its tasks only weakly.
        self._closing: set[asyncio.Task[None]] = set()
        self.closed = False

    async def __call__(self, request: Request) -> Response:
        """Send *request* once.

        Raises:
            RequestTimeoutError: The attempt's timeout or the call's deadline passed.
            TransportError: There was no response, or it is incomplete.
            ResponseDecodeError: The response is larger than the limit.
            ConfigurationError: The client is closed, or its session cannot send this request.

        An exception of ``Request.before_wire`` or ``Request.before_write`` is raised unchanged, the latter without its
        traceback.
        """
        if self.closed:
            raise closed_error()
        local = self._sessions.get(request.loop)
        if request.before_wire is not None:
            await request.before_wire(request.deadline)
        stats = request.stats
        started = local.now()
        seconds = min(request.timeout, request.deadline - started)
        if seconds <= 0:
            raise timeout_error(request)
        stats.attempts += 1
        stats.connected_at = 0.0
        response: aiohttp.ClientResponse | None = None
        failure: BaseException
        try:
            with Timeout(local.timeouts, started + seconds):
                if self._caller_session is None and seconds == self._timeout:
                    # The session holds all other options. Its `request` method only wraps this coroutine, at a cost of
                    # several percent of a call. Tools that mock or trace aiohttp replace `_request` too.
                    local.requests.attempt = request
                    response = await local.session._request(  # pyright: ignore[reportPrivateUsage] - saves several percent of a call
                        request.operation.method,
                        request.url,
                        data=request.body,
                        headers=request.headers,
                        allow_redirects=False,
                    )
                else:
                    response = await self._send_with_options(local, request, seconds)
                try:
                    # Most responses are complete by now, and reading them needs no coroutine.
                    complete = self._caller_session is None and response.content.is_eof() and response.status != 101
                    body = response.content.read_nowait() if complete else await self._read(response, request)
                    if len(body) > self._max_body:
                        # The error may be stored or reported with its frames, and must not keep the body alive.
                        del body
                        self._reject_body(response, request)
                    if hdrs.CONTENT_ENCODING in response.headers:
                        body = self._decompress(body, response, request)
                except BaseException:
                    response.close()
                    raise
            return Response(response.status, response.headers, body)
        except BaseException as error:  # noqa: BLE001 - raised below, where no frame holds the key
            if isinstance(error, RuntimeError):
                local.end_if_abandoned()
            failure = attempt_error(request, error, response, seconds, local.session)
        finally:
            stats.network_time += local.now() - started
        # Error reports print the locals of frames, and a response prints its headers. Outside of the handlers above,
        # the exception that is handled is the caller's.
        del response
        clear_frames(failure, sys.exception())
        try:
            raise failure
        finally:
            # Otherwise the frame, the exception and its traceback would keep each other alive.
            del failure

    async def _send_with_options(self, local: LoopSession, request: Request, seconds: float) -> aiohttp.ClientResponse:
        """Send *request* with every option explicit, independent of the options of the session."""
        session = local.session
        headers = dict(request.headers)
        middlewares = [connection_notes(request, local.now)]
        if self._caller_session is not None:
            headers = {**self._headers, **headers}
            if session.trust_env and hdrs.AUTHORIZATION in headers:
                # aiohttp rejects a request with this header if ~/.netrc has credentials for the host.
                middlewares.append(authorization(headers.pop(hdrs.AUTHORIZATION)))
            # These replace the middlewares of the session.
            middlewares = [single_attempt(), *session._middlewares, *middlewares]  # pyright: ignore[reportPrivateUsage] - aiohttp has no public attribute
        return await session.request(
            request.operation.method,
            request.url,
            data=request.body,
            headers=headers,
            allow_redirects=False,
            timeout=client_timeout(seconds),
            raise_for_status=False,
            auto_decompress=False,
            middlewares=middlewares,
        )

    async def _read(self, response: aiohttp.ClientResponse, request: Request) -> bytes:
        """Read a body up to the limit; decompressed, it can be a thousand times its ``Content-Length``."""
        if response.content_length is not None and response.content_length > self._max_body:
            self._reject_body(response, request)
        if response.status == 101:
            # The server switched to another protocol, whose data has no end.
            response.close()
            return b""
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._max_body:
                # The error may be stored or reported with its frames, and must not keep the chunks alive.
                chunks.clear()
                del chunk
                self._reject_body(response, request)
            chunks.append(chunk)
        return b"".join(chunks)

    def _decompress(self, body: bytes, response: aiohttp.ClientResponse, request: Request) -> bytes:
        coding = ", ".join(response.headers.getall(hdrs.CONTENT_ENCODING))
        try:
            return decompress(body, coding, self._max_body)
        except OversizedBodyError:
            # As above.
            del body
            self._reject_body(response, request)
        except UnsupportedCodingError:
            del body
        msg = (
            f"{request.operation.id}: the response has the content coding {sanitize(coding)!r}, not one of {ACCEPTED}:"
            " check what a proxy before the API does"
        )
        raise _decode_error(msg, response, request)

    def _reject_body(self, response: aiohttp.ClientResponse, request: Request) -> NoReturn:
        msg = (
            f"{request.operation.id}: the response is larger than {self._max_body} bytes and was not read:"
            " check that base_url is the URL of the API"
        )
        raise _decode_error(msg, response, request)

    def statistics(self) -> TransportStatistics:
        """Return the current number of sessions and requests."""
        in_flight = sum(len(local.timeouts.pending) for local in self._sessions)
        return TransportStatistics(sessions=len(self._sessions), in_flight=in_flight)

    def _create(self) -> LoopSession:
        loop = get_running_loop()
        now = time_on(loop, self._clock)
        requests = RequestFactory(now, self._headers)
        timeouts = TimeoutGroup(self._clock, loop)
        if self._caller_session is not None:
            return LoopSession(self._caller_session, requests, timeouts, now, None)
        session = open_session(requests, self._timeout, self._proxy)
        closer = self._close_at_end(session, timeouts)
        # The first step suspends nowhere. It makes the generator known to the loop, which warns if it has closed its
        # generators before.
        with contextlib.suppress(StopIteration, ResourceWarning):
            closer.asend(None).send(None)
        return LoopSession(session, requests, timeouts, now, closer)

    async def _close_at_end(self, session: aiohttp.ClientSession, timeouts: TimeoutGroup) -> AsyncGenerator[None]:
        """Close *session* when this generator is closed.

        `asyncio.run` closes the asynchronous generators of its loop at the end. Once the loop is closed, the sockets
        would stay open until they are garbage collected.
        """
        try:
            yield
        finally:
            self._sessions.pop()
            timeouts.stop()
            await session.close()

    def _abandon(self, local: LoopSession) -> None:
        """Close the session of a closed event loop."""
        if local.session is not self._caller_session:
            # On a closed loop, closing a session suspends nowhere, and there is no loop to await it on.
            with contextlib.suppress(StopIteration):
                local.session.close().send(None)

    def enter(self) -> None:
        """Begin an ``async with`` block, and accept requests again after `close`."""
        with self._lock:
            self._blocks += 1
        self.closed = False

    async def leave(self) -> None:
        """End an ``async with`` block: close the session of the running loop, and with the last block the transport.

        Several threads may each have a block around their own event loop.
        """
        with self._lock:
            self._blocks = blocks = max(0, self._blocks - 1)
        if blocks:
            await self._close_session()
        else:
            await self.close()

    async def close(self) -> None:
        """Close the sessions of all event loops and reject further requests; closing twice is fine."""
        self.closed = True
        self._sessions.drop_closed()
        await self._close_session()
        for local in self._sessions:
            # A RuntimeError means that the loop was closed in the meantime.
            with contextlib.suppress(RuntimeError):
                local.timeouts.loop.call_soon_threadsafe(self._close_in_other_loop)

    def _close_in_other_loop(self) -> None:
        # The client may be in use again by the time that the loop runs this.
        if self.closed:
            task = asyncio.create_task(self._close_session())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_session(self) -> None:
        """Close the session of the running loop, if it has one."""
        local = self._sessions.get_existing()
        if local is None:
            return
        if local.closer is not None:
            self._sessions.pop()
            await local.closer.aclose()
            # The generator has not run if the warning of `_create` is an error.
            local.timeouts.stop()
            await local.session.close()
        elif not local.timeouts.pending:
            # Requests in flight on a caller's session continue, and only these timeouts end them.
            self._sessions.pop()
            local.timeouts.stop()


def _decode_error(message: str, response: aiohttp.ClientResponse, request: Request) -> ResponseDecodeError:
    return ResponseDecodeError(
        message,
        operation=request.operation.id,
        status=response.status,
        request_id=request_id(response.headers),
        client_request_id=request.stats.client_request_id,
    )
