"""The last handler of the chain: one attempt, from a `Request` to the end of its `Response`, on aiohttp."""

from __future__ import annotations

import asyncio
import math
from asyncio import get_running_loop
from typing import TYPE_CHECKING, Final, NoReturn, final

import aiohttp
import attrs

from tripwire_async._concurrency.clock import LOOP_CLOCK, time_on
from tripwire_async._concurrency.timeouts import Timeout, TimeoutGroup
from tripwire_async._secrets.redaction import sanitize
from tripwire_async._version import __version__
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, ResponseDecodeError, TransportError

from .messages import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.errors import TripwireError

    from .messages import Request

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""How large an answer may be, decompressed. Nothing in the API comes near; a gzip bomb does."""

DEFAULT_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "User-Agent": f"tripwire-async/{__version__} aiohttp/{aiohttp.__version__}",
    "X-Tripwire-Client": f"tripwire-async/{__version__}",
}

_LONGEST_CONNECT: Final = 10.0

# Anything else that went wrong after connecting may have reached the service. Connecting comes before sending, so
# these did not.
_NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ServerFingerprintMismatch)


def client_timeout(attempt: float) -> aiohttp.ClientTimeout:
    """Bound what connecting may take of an *attempt*, in seconds.

    Connecting is all that comes before sending: the name, TLS, a place in the pool of a session that was passed in. It
    has the shorter limit of the two so that a server that is not there ends in an error that says *not sent*. The
    attempt as a whole is ours to bound: aiohttp's own total costs a tenth of a call.
    """
    return aiohttp.ClientTimeout(total=None, connect=_connect_limit(attempt), ceil_threshold=math.inf)


def _connect_limit(total: float) -> float:
    return min(_LONGEST_CONNECT, 0.9 * total)


@attrs.frozen
class LoopSession:
    """What belongs to one event loop: its connections, and the limits of what is on them."""

    session: aiohttp.ClientSession
    timeouts: TimeoutGroup
    now: Callable[[], float]


@final
class AiohttpTransport:
    """A handler that puts a request on the wire once and reads the answer to its end.

    A session is made on first use, one for each running event loop, because a connection cannot outlive its loop.
    A session that is passed in is used as it is and left open.

    Args:
        session: The caller's own session; None to have sessions made and closed here.
        timeout: Seconds for an attempt, the one that most requests come with.
        max_body: Bytes of the largest body that is read, counted after decompression.
        clock: What measures the time on the wire.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        *,
        timeout: float = 30.0,
        max_body: int = MAX_BODY_BYTES,
        clock: Clock = LOOP_CLOCK,
    ) -> None:
        self._own = session
        self._timeout = timeout
        self._max_body = max_body
        self._clock = clock
        self._sessions: dict[asyncio.AbstractEventLoop, LoopSession] = {}
        self.closed = False

    async def __call__(self, request: Request) -> Response:
        """Send *request* once.

        Raises:
            RequestTimeoutError: The attempt's time, or the call's, ran out.
            TransportError: No answer came, or it broke off.
            ResponseDecodeError: The answer is larger than the limit.
            ConfigurationError: The client is closed, or its session cannot send this.
        """
        if self.closed:
            msg = "the client is closed: make a new one, or enter it again with 'async with'"
            raise ConfigurationError(msg)
        line = self._sessions.get(request.loop or get_running_loop()) or await self._open()
        stats = request.stats
        began = line.now()
        limit = min(request.timeout, request.deadline - began)
        if limit <= 0:
            raise _timed_out(request, "the call's deadline passed before it could be sent", maybe_sent=False)
        stats.attempts += 1
        answer: aiohttp.ClientResponse | None = None
        failure: TripwireError
        cause: Exception | None
        try:
            with Timeout(line.timeouts, began + limit):
                if self._own is None and limit == self._timeout:
                    # Nothing is said that the session knows already, and not by its `request`: that is this, and an
                    # object around it that can be entered. Each of the two costs some percents of a call. What mocks
                    # and traces a session goes by this name too.
                    answer = await line.session._request(  # pyright: ignore[reportPrivateUsage] - as just said
                        request.operation.method,
                        request.url,
                        data=request.body,
                        headers=request.headers,
                        allow_redirects=False,
                    )
                else:
                    answer = await self._send_restated(line.session, request, limit)
                try:
                    # Most answers are here as a whole by now: another coroutine would only be in the way.
                    whole = self._own is None and answer.content.is_eof() and answer.status != 101
                    body = answer.content.read_nowait() if whole else await self._read(answer, request)
                    if len(body) > self._max_body:
                        # The error may be kept or reported, and its frames with it: not this.
                        del body
                        self._refuse(answer, request)
                except BaseException:
                    answer.close()
                    raise
            return Response(answer.status, answer.headers, body)
        except TimeoutError as error:
            failure, cause = timeout_error(request, error, limit), without_frames(error)
        except (aiohttp.ClientConnectionError, OSError) as error:
            # First of the rest: a bad certificate is a ValueError as well.
            failure, cause = connection_error(request, error, answer), without_frames(error)
        except (ValueError, RuntimeError) as error:
            # What aiohttp refuses before it sends: a closed session, credentials from elsewhere beside ours.
            failure, cause = configuration_error(request, error), without_frames(error)
        except aiohttp.ClientError as error:
            failure, cause = connection_error(request, error, answer), without_frames(error)
        finally:
            stats.network_time += line.now() - began
        # Reports print the locals of frames, and an answer prints its headers.
        del answer
        raise failure from cause

    async def _send_restated(
        self, session: aiohttp.ClientSession, request: Request, limit: float
    ) -> aiohttp.ClientResponse:
        """Send *request* with all that matters said, whatever the session says."""
        return await session.request(
            request.operation.method,
            request.url,
            data=request.body,
            headers=request.headers if self._own is None else {**DEFAULT_HEADERS, **request.headers},
            allow_redirects=False,
            timeout=client_timeout(limit),
            raise_for_status=False,
        )

    async def _read(self, answer: aiohttp.ClientResponse, request: Request) -> bytes:
        """Read a body that may be of any size: a compressed one can be a thousand times what its length says."""
        if answer.content_length is not None and answer.content_length > self._max_body:
            self._refuse(answer, request)
        if answer.status == 101:
            # Another protocol, which nobody asked for: there is no end to read to.
            answer.close()
            return b""
        chunks: list[bytes] = []
        size = 0
        async for chunk in answer.content.iter_any():
            size += len(chunk)
            if size > self._max_body:
                # The error may be kept or reported, and its frames with it: not these.
                chunks.clear()
                del chunk
                self._refuse(answer, request)
            chunks.append(chunk)
        return b"".join(chunks)

    def _refuse(self, answer: aiohttp.ClientResponse, request: Request) -> NoReturn:
        msg = (
            f"{request.operation.id}: the answer is larger than {self._max_body} bytes and was not read;"
            " is base_url the address of the API?"
        )
        raise ResponseDecodeError(
            msg,
            operation=request.operation.id,
            status=answer.status,
            request_id=_request_id(answer),
            client_request_id=request.stats.client_request_id,
        )

    async def _open(self) -> LoopSession:
        """Return what the running loop has, or make it and close what ended loops had."""
        loop = get_running_loop()
        if loop in self._sessions:
            # The request names another loop, by the mistake of a layer.
            return self._sessions[loop]
        session = self._own or aiohttp.ClientSession(
            # How many may be in flight is the rate limit's to say; a second, hidden queue here would spend an attempt's
            # time on waiting.
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=DEFAULT_HEADERS,
            timeout=client_timeout(self._timeout),
        )
        line = self._sessions[loop] = LoopSession(session, TimeoutGroup(self._clock, loop), time_on(loop, self._clock))
        await self._close_lines(loop for loop in self._sessions if loop.is_closed())
        return line

    async def close(self) -> None:
        """Close the running loop's session and refuse further requests; closing twice is fine."""
        self.closed = True
        running = get_running_loop()
        await self._close_lines(loop for loop in self._sessions if loop is running or loop.is_closed())

    async def _close_lines(self, loops: Iterable[asyncio.AbstractEventLoop]) -> None:
        for line in [self._sessions.pop(loop) for loop in tuple(loops)]:
            # A caller's session stays open, and what is under way on it goes on, with nothing else to end it in time.
            if line.session is not self._own or not line.timeouts.pending:
                line.timeouts.stop()
            if line.session is not self._own:
                await line.session.close()


def _name(request: Request) -> str:
    return f"{request.operation.id} ({request.operation.method} {request.operation.path})"


def _request_id(answer: aiohttp.ClientResponse) -> str | None:
    return sanitize(answer.headers.get("X-Request-Id", "")) or None


def _timed_out(request: Request, why: str, *, maybe_sent: bool) -> RequestTimeoutError:
    return RequestTimeoutError(
        f"{_name(request)}: {why}",
        maybe_sent=maybe_sent,
        attempts=request.stats.attempts,
        client_request_id=request.stats.client_request_id,
    )


def timeout_error(request: Request, error: TimeoutError, limit: float) -> RequestTimeoutError:
    if isinstance(error, _NOT_SENT):
        why = f"no connection to {request.url.origin()} within {_connect_limit(limit):g} seconds; is base_url right?"
        return _timed_out(request, why, maybe_sent=False)
    return _timed_out(request, f"no answer within {limit:g} seconds", maybe_sent=True)


def connection_error(request: Request, error: Exception, answer: aiohttp.ClientResponse | None) -> TransportError:
    maybe_sent = not isinstance(error, _NOT_SENT)
    status = request_id = None
    if not maybe_sent:
        what = f"cannot connect to {request.url.origin()} ({error_text(error)}); is base_url right?"
    elif answer is not None:
        status, request_id = answer.status, _request_id(answer)
        named = f", request {request_id}" if request_id else ""
        what = f"the answer ({status}{named}) broke off or cannot be read ({error_text(error)})"
    elif isinstance(error, aiohttp.ClientResponseError):
        what = f"the answer cannot be read ({error_text(error)}); is base_url the address of the API?"
    else:
        what = f"the connection was lost before the answer ({error_text(error)})"
    return TransportError(
        f"{_name(request)}: {what}",
        maybe_sent=maybe_sent,
        attempts=request.stats.attempts,
        client_request_id=request.stats.client_request_id,
        status=status,
        request_id=request_id,
    )


def configuration_error(request: Request, error: Exception) -> ConfigurationError:
    msg = (
        f"{_name(request)} could not be sent: {error_text(error)}; look at base_url and the session that was passed in"
    )
    return ConfigurationError(msg)


def error_text(error: Exception) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        # Its text may be the half of an answer that did come.
        return "the server closed it"
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return sanitize(text) or type(error).__name__


def without_frames(error: Exception) -> Exception | None:
    """Return *error* without the frames that it went through and without what caused it.

    aiohttp's frames hold the headers, the key among them, and what reports errors likes to print frames. So does one of
    its errors itself, of which nothing is kept but what our own says.
    """
    if isinstance(error, aiohttp.ClientResponseError):
        return None
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
