"""One attempt over real sockets, against servers that do what no server should."""

from __future__ import annotations

import asyncio
import gc
import gzip
import math
import resource
import socket
import ssl
import time
import warnings
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from tests.support.raw_server import Connection, http, listening, saying, silence
from tripwire_async._http.messages import Request, Response
from tripwire_async._http.transport import MAX_BODY_BYTES, AiohttpTransport
from tripwire_async._operation import Operation
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, ResponseDecodeError, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.raw_server import Talk

OPERATIONS = {
    method: Operation[object](
        id="doThing", method=method, path="/v1/things", authority="secret", success=200, returns=object
    )
    for method in ("GET", "POST")
}
OK = http("200 OK", b"{}", "X-Request-Id: req_1")
LOST = "the connection was lost before the response (closed by the server)"


def ask(url: str, method: str = "GET", *, timeout: float = 5.0, deadline: float = math.inf, **more: Any) -> Request:
    return Request(
        operation=OPERATIONS[method],
        url=URL(url) / "v1/things",
        headers={"Authorization": "Bearer sk_test_canary"},
        body=b'{"name": "a thing"}' if method == "POST" else None,
        timeout=timeout,
        deadline=deadline,
        **more,
    )


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    """Closed at the end, when no connection may be in use any more."""
    transport = AiohttpTransport(timeout=5.0)
    yield transport
    assert [] == connections_in_use(transport)
    await transport.close()


def connections_in_use(transport: AiohttpTransport) -> list[object]:
    return [
        connection
        for session in (local.session for local in transport._sessions)
        if session.connector is not None
        for connection in session.connector._acquired
    ]


async def failure(transport: AiohttpTransport, talk: Talk, method: str = "GET", **more: Any) -> Exception:
    async with listening(talk) as server:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each test says which
            await transport(ask(server.url, method, **more))
    return caught.value


# -- what goes well -----------------------------------------------------------------------------------------------


async def test_an_answer_is_read_to_its_end_and_the_connection_used_again(transport: AiohttpTransport) -> None:
    """Status, headers in any case, body; two requests, one connection."""
    async with listening(saying(OK, OK, close=False)) as server:
        answers = [await transport(ask(server.url)) for _ in range(2)]
    assert [(200, b"{}", "req_1")] * 2 == [(a.status, a.body, a.headers["x-request-id"]) for a in answers]
    assert 1 == server.connections


async def test_what_a_session_sends_with_is_its_request_without_an_object_around_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Aiohttp's `request` hands everything to `_request` as it is: what the transport calls does not do less."""
    asked: list[object] = []

    async def send(_: aiohttp.ClientSession, *arguments: object, **more: object) -> str:
        asked.append((arguments, more))
        return "the answer"

    monkeypatch.setattr(aiohttp.ClientSession, "_request", send)
    async with aiohttp.ClientSession() as session:
        assert "the answer" == await session.request("POST", "http://a.example/", data=b"1", allow_redirects=False)
    assert [(("POST", "http://a.example/"), {"data": b"1", "allow_redirects": False})] == asked


@pytest.mark.parametrize("timeout", [5.0, 4.0])
async def test_a_request_says_who_sends_it_whatever_its_timeout(transport: AiohttpTransport, timeout: float) -> None:
    """The usual timeout leaves the headers to the session, another one does not: the same goes over the wire."""
    async with listening(saying(OK, close=False)) as server:
        await transport(ask(server.url, "POST", timeout=timeout))
    (sent,) = server.requests
    head, _, body = sent.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert b'{"name": "a thing"}' == body
    assert b"accept: application/json" in lines
    assert b"authorization: bearer sk_test_canary" in lines
    assert 1 == sum(line.startswith(b"x-tripwire-client: tripwire-async/") for line in lines)
    assert 1 == sum(line.startswith(b"user-agent: tripwire-async/") for line in lines)


@pytest.mark.parametrize("body", [b"{}", b"{}" * 40_000], ids=["small", "large"])
@pytest.mark.parametrize("form", ["length", "chunked", "until closed", "gzip"])
async def test_a_body_arrives_whole_in_every_form_that_http_has(
    transport: AiohttpTransport, form: str, body: bytes
) -> None:
    """With a length, in chunks, until the connection closes, compressed."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:1], body[1:])) + b"0\r\n\r\n"
    talks = {
        "length": saying(http("200 OK", body)),
        "chunked": saying(http("200 OK", b"", "Transfer-Encoding: chunked", length=False) + chunks),
        "until closed": saying(http("200 OK", body, length=False)),
        "gzip": saying(http("200 OK", gzip.compress(body), "Content-Encoding: gzip")),
    }
    async with listening(talks[form]) as server:
        assert body == (await transport(ask(server.url))).body


async def test_an_interim_answer_is_passed_over(transport: AiohttpTransport) -> None:
    """100 Continue is no answer."""
    async with listening(saying(http("100 Continue", length=False) + OK)) as server:
        assert 200 == (await transport(ask(server.url))).status


# -- answers that are none ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (saying(b""), "the connection was lost before the response (closed by the server)"),
        (
            saying(b"HTTP/1.1 200 OK\r\nContent-Le"),
            "the connection was lost before the response (closed by the server)",
        ),
        (saying(b"SSH-2.0-OpenSSH_9.0\r\n\r\n"), "the response is malformed (Bad status line"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n{}"), "the response is malformed ("),
        (saying(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"), "the response is malformed (Got more than"),
        (
            saying(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 20_000 + b"\r\n"),
            "the response is malformed (Too many headers",
        ),
    ],
    ids=["nothing", "half a head", "ssh", "a length that is no number", "an endless header", "endless headers"],
)
async def test_what_is_no_answer_ends_in_one_line_that_says_so(
    transport: AiohttpTransport, talk: Talk, reason: str
) -> None:
    """The request may have been worked on; nothing is known of the answer."""
    error = await failure(transport, talk, "POST")
    assert isinstance(error, TransportError)
    assert not isinstance(error, RequestTimeoutError)
    assert f"doThing (POST /v1/things): {reason}" in str(error)
    assert 1 == len(str(error).splitlines())
    assert (True, None, None) == (error.maybe_sent, error.status, error.request_id)


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"Content-Length: 2", b"Content-Length: 20"),
        http("200 OK", b"", "X-Request-Id: req_1", "Transfer-Encoding: chunked", length=False) + b"10\r\n01234",
        http("200 OK", b"this is not gzip", "X-Request-Id: req_1", "Content-Encoding: gzip"),
    ],
    ids=["short of its length", "chunks cut off", "not the compression it claims"],
)
async def test_an_answer_that_breaks_off_keeps_its_status_and_request_id(
    transport: AiohttpTransport, answer: bytes
) -> None:
    """Support can find the request by what came of the answer."""
    error = await failure(transport, saying(answer), "POST")
    assert isinstance(error, TransportError)
    assert (True, 200, "req_1") == (error.maybe_sent, error.status, error.request_id)
    assert "the response (200, request req_1) is incomplete or malformed" in str(error)


async def test_a_broken_answer_without_a_request_id_says_its_status(transport: AiohttpTransport) -> None:
    """A proxy's answer has none."""
    error = await failure(transport, saying(b"HTTP/1.1 502 Bad\r\nContent-Length: 9\r\n\r\nhalf"))
    assert "the response (502) is incomplete or malformed" in str(error)


async def test_another_protocol_is_an_answer_without_a_body(transport: AiohttpTransport) -> None:
    """101 hands the connection to something that nobody here speaks: it is closed."""
    # Only in this mode does aiohttp tell of an answer that nobody closed.
    asyncio.get_running_loop().set_debug(True)
    upgrade = http("101 Switching Protocols", b"xx", "Upgrade: websocket", "Connection: Upgrade", length=False)
    async with listening(saying(upgrade, close=False)) as server:
        assert (101, b"") == ((answer := await transport(ask(server.url))).status, answer.body)


# -- answers that are too much ------------------------------------------------------------------------------------


async def endless(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 200 OK\r\nX-Request-Id: req_1\r\n\r\n")
    while True:
        await connection.say(b" " * 65536)


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * 2**20
    return b"".join([*(packer.compress(block) for _ in range(size // len(block))), packer.flush()])


async def test_a_gzip_bomb_is_refused_in_little_memory(transport: AiohttpTransport) -> None:
    """522 KB that would become 512 MiB."""
    packed = bomb(512 * 2**20)
    assert len(packed) < 530_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = await failure(transport, saying(http("200 OK", packed, "Content-Encoding: gzip"), close=False))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert isinstance(error, ResponseDecodeError)
    assert grown < 4 * MAX_BODY_BYTES


@pytest.mark.parametrize(
    "talk",
    [endless, saying(b"HTTP/1.1 200 OK\r\nX-Request-Id: req_1\r\nContent-Length: 16777217\r\n\r\n", close=False)],
    ids=["without an end", "one byte too long by its own account"],
)
async def test_a_body_beyond_the_limit_is_refused(transport: AiohttpTransport, talk: Talk) -> None:
    """Counted while it is read; what says that it is too large is not read at all."""
    error = await failure(transport, talk)
    assert isinstance(error, ResponseDecodeError)
    assert ("doThing", 200, "req_1") == (error.operation, error.status, error.request_id)
    assert "larger than 16777216 bytes" in str(error)
    assert "check that base_url is the URL of the API" in str(error)


async def test_a_refused_body_is_not_kept_by_the_errors_traceback(transport: AiohttpTransport) -> None:
    """Errors are kept, and their frames with them."""
    error = await failure(transport, endless)
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    assert [] == [chunk for frame in frames for chunk in frame.f_locals.get("chunks", ())]


@pytest.mark.parametrize("form", ["length", "until closed"])
async def test_a_body_of_exactly_the_limit_is_read(form: str) -> None:
    """The limit is the largest body that is read."""
    transport = AiohttpTransport(max_body=1000)
    async with listening(saying(http("200 OK", b" " * 1000, length=form == "length"))) as server:
        assert 1000 == len((await transport(ask(server.url))).body)
    await transport.close()


async def test_one_byte_more_is_refused_also_if_it_came_at_once() -> None:
    """A small answer is here before it is looked at; the limit holds all the same, and no frame keeps the body."""
    transport = AiohttpTransport(max_body=1000)
    async with listening(saying(http("200 OK", b" " * 1001))) as server:
        with pytest.raises(ResponseDecodeError, match="larger than 1000 bytes") as caught:
            await transport(ask(server.url))
    await transport.close()
    frames = [frame.frame.f_locals for frame in caught.traceback]
    assert not any(isinstance(value, bytes) and len(value) > 1000 for held in frames for value in held.values())


# -- redirects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("target", ["elsewhere", "same origin"])
async def test_no_redirect_is_followed_and_nothing_sent_twice(
    transport: AiohttpTransport, status: int, method: str, target: str
) -> None:
    """Followed, a redirect would hand the key and the body to whoever it names."""
    async with listening(saying(OK)) as thief:
        location = thief.url if target == "elsewhere" else "/v1/other"
        async with listening(saying(http(f"{status} Moved", b"", f"Location: {location}"), OK, close=False)) as server:
            answer = await transport(ask(server.url, method))
    assert status == answer.status
    assert 1 == len(server.requests)
    assert 0 == thief.connections


# -- time ---------------------------------------------------------------------------------------------------------


async def test_a_server_that_accepts_and_never_answers_runs_into_the_attempts_timeout(
    transport: AiohttpTransport,
) -> None:
    """It may have worked on what it was sent."""
    error = await failure(transport, silence, "POST", timeout=0.05)
    assert isinstance(error, RequestTimeoutError)
    assert isinstance(error, TimeoutError)
    assert error.maybe_sent
    assert "doThing (POST /v1/things): no response within 0.05 seconds" == str(error)


async def test_half_a_body_and_then_silence_runs_into_the_timeout(transport: AiohttpTransport) -> None:
    """The limit covers reading, too."""

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.say(OK[:-1])
        await connection.gone()

    assert isinstance(await failure(transport, talk, timeout=0.05), RequestTimeoutError)


async def test_a_body_that_drips_runs_into_the_timeout(transport: AiohttpTransport) -> None:
    """Every byte on time does not make an answer on time."""

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await connection.say(b" ")
            await asyncio.sleep(0.005)

    assert isinstance(await failure(transport, talk, timeout=0.05), RequestTimeoutError)


async def test_the_calls_deadline_cuts_an_attempt_short(transport: AiohttpTransport) -> None:
    """A timeout of five seconds does not outlast a deadline in fifty milliseconds."""
    soon = asyncio.get_running_loop().time() + 0.05
    error = await failure(transport, silence, deadline=soon)
    assert isinstance(error, RequestTimeoutError)
    assert asyncio.get_running_loop().time() < soon + 1


async def test_a_clock_that_is_replaced_after_the_first_call_is_the_limits_as_well(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries that hold the time in tests replace Python's; the loop's timers go by that, and so must the limit."""
    async with listening(saying(OK)) as server:
        await transport(ask(server.url))
        monotonic = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 1e6)
        assert 200 == (await transport(ask(server.url))).status


async def test_nothing_is_sent_once_the_deadline_has_passed(transport: AiohttpTransport) -> None:
    """Provably not sent, and no attempt."""
    async with listening(saying(OK)) as server:
        request = ask(server.url, "POST", deadline=asyncio.get_running_loop().time())
        with pytest.raises(
            RequestTimeoutError, match="the deadline of the call passed before the request was sent"
        ) as caught:
            await transport(request)
    assert not caught.value.maybe_sent
    assert 0 == request.stats.attempts == server.connections


# -- what was provably not sent -----------------------------------------------------------------------------------


async def test_a_refused_connection_was_not_sent(transport: AiohttpTransport) -> None:
    """The message names the address, as base_url is the usual culprit."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TransportError) as caught:
            await transport(ask(url, "POST"))
    assert not caught.value.maybe_sent
    assert f"cannot connect to {url} (" in str(caught.value)
    assert "check base_url" in str(caught.value)


async def test_a_connection_that_is_never_accepted_was_not_sent(transport: AiohttpTransport) -> None:
    """The backlog is full, so the handshake never ends: a connect timeout, before the attempt's own."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(RequestTimeoutError) as caught:
            await transport(ask(f"http://127.0.0.1:{full.getsockname()[1]}", "POST", timeout=0.2))
        for one in waiting:
            one.close()
    assert not caught.value.maybe_sent
    assert "within 0.18 seconds" in str(caught.value)


async def test_a_name_that_is_not_known_was_not_sent(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No address, no connection."""

    async def unknown(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(TransportError, match=r"cannot connect to https://api\.example") as caught:
        await transport(ask("https://api.example", "POST"))
    assert not caught.value.maybe_sent


async def test_a_name_server_that_hangs_was_not_sent(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking the name up is part of connecting, and under its limit."""

    async def hang(*_: object, **__: object) -> list[Any]:
        return await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    with pytest.raises(RequestTimeoutError, match=r"no connection to https://api\.example within") as caught:
        await transport(ask("https://api.example", "POST", timeout=0.5))
    assert not caught.value.maybe_sent


async def test_waiting_for_a_place_in_a_callers_pool_was_not_sent() -> None:
    """A session that was passed in may have a pool of one, and that one in use."""
    async with listening(silence) as server, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        transport = AiohttpTransport(session)
        first = asyncio.create_task(transport(ask(server.url)))
        await server.came(1)
        with pytest.raises(RequestTimeoutError, match="no connection") as caught:
            await transport(ask(server.url, "POST", timeout=0.5))
        assert not caught.value.maybe_sent
        first.cancel()
        await asyncio.wait([first])


async def test_a_failed_tls_handshake_was_not_sent(transport: AiohttpTransport) -> None:
    """The server speaks no TLS; nothing in the clear is tried."""
    error = await failure_over_tls(transport)
    assert isinstance(error, TransportError)
    assert not error.maybe_sent


async def failure_over_tls(transport: AiohttpTransport) -> Exception:
    async def talk(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listening(talk) as server:
        with pytest.raises(TransportError) as caught:
            await transport(ask(server.url.replace("http:", "https:"), "POST"))
        assert [] == server.requests
    return caught.value


async def test_an_untrusted_certificate_is_refused_before_anything_is_sent(
    transport: AiohttpTransport, tmp_path: Path
) -> None:
    """Whoever stands in between signs for himself."""
    async with listening(saying(OK), tls=self_signed(tmp_path)) as server:
        with pytest.raises(TransportError, match="certificate") as caught:
            await transport(ask(server.url, "POST"))
    assert not caught.value.maybe_sent
    assert [] == server.requests


def self_signed(directory: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = directory / "pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


async def test_a_lost_answer_may_have_been_sent(transport: AiohttpTransport) -> None:
    """The server took the whole request and hung up."""
    error = await failure(transport, saying(b""), "POST")
    assert isinstance(error, TransportError)
    assert error.maybe_sent


async def test_a_post_on_a_stale_connection_is_not_sent_again_by_itself(transport: AiohttpTransport) -> None:
    """The server closes a connection that was kept, just as it is used; aiohttp repeats GETs on its own."""
    async with listening(saying(OK, b"")) as server:
        await transport(ask(server.url))
        with pytest.raises(TransportError) as caught:
            await transport(ask(server.url, "POST"))
        assert caught.value.maybe_sent
        assert 2 == len(server.requests)


# -- sessions -----------------------------------------------------------------------------------------------------


async def test_there_is_one_session_a_loop_made_on_first_use(transport: AiohttpTransport) -> None:
    """Twenty calls at once make one session."""
    assert 0 == transport.statistics().sessions
    async with listening(saying(OK, close=False)) as server:
        await asyncio.gather(*(transport(ask(server.url)) for _ in range(20)))
    assert 1 == transport.statistics().sessions


@pytest.mark.parametrize("closing", [True, False])
def test_a_transport_outlives_its_loop(closing: bool) -> None:
    """Two runs, one after the other; what the first left open is let go of in the second."""
    transport = AiohttpTransport()

    async def main(*, close: bool) -> int:
        async with listening(saying(OK, close=False)) as server:
            answer = await transport(ask(server.url))
        if close:
            await transport.close()
            transport.closed = False
        return answer.status

    assert 200 == asyncio.run(main(close=closing))
    assert (0 if closing else 1) == transport.statistics().sessions
    with warnings.catch_warnings():
        # Who leaves connections open in a loop that ends is told so by Python.
        warnings.simplefilter("ignore", ResourceWarning)
        assert 200 == asyncio.run(main(close=True))
        gc.collect()
    assert 0 == transport.statistics().sessions


async def test_a_closed_transport_says_what_to_do(transport: AiohttpTransport) -> None:
    """Closing twice is fine; using it afterwards is an error of ours."""
    await transport.close()
    await transport.close()
    with pytest.raises(ConfigurationError, match="the client is closed: create a new one"):
        await transport(ask("http://127.0.0.1:1"))


async def test_closing_ends_what_is_in_flight_in_an_error_of_ours(transport: AiohttpTransport) -> None:
    """On new connections and on those that aiohttp would try again by itself."""
    async with listening(saying(OK, b"", close=False)) as server:
        await asyncio.gather(*(transport(ask(server.url)) for _ in range(3)))
        calls = [asyncio.create_task(transport(ask(server.url))) for _ in range(6)]
        await server.came(9)
        await transport.close()
        ends = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(end, (TransportError, ConfigurationError)) for end in ends), ends


async def test_a_session_that_was_passed_in_is_used_as_it_is_and_left_open() -> None:
    """Its odd settings do not reach us: neither its address, its errors, its cookies nor its time."""
    answer = http("200 OK", b"{}", "Set-Cookie: a=b")
    error = http("404 Not Found", b"{}")
    async with (
        listening(saying(answer, error, close=False)) as server,
        aiohttp.ClientSession(
            base_url="https://elsewhere.example/",
            raise_for_status=True,
            timeout=aiohttp.ClientTimeout(total=1e-6),
            headers={"X-Theirs": "1", "accept": "text/html"},
        ) as session,
    ):
        transport = AiohttpTransport(session)
        assert 200 == (await transport(ask(server.url))).status
        assert 404 == (await transport(ask(server.url))).status
        await transport.close()
        assert not session.closed
    assert b"X-Theirs: 1" in server.requests[0]
    assert b"text/html" not in server.requests[0]


async def test_what_is_under_way_on_a_session_that_was_passed_in_keeps_its_limit() -> None:
    """Closing the client does not close that session, and so ends nothing; the limit does."""
    async with aiohttp.ClientSession() as session, listening(silence) as server:
        transport = AiohttpTransport(session)
        call = asyncio.create_task(transport(ask(server.url, timeout=0.1)))
        await server.came(1)
        await transport.close()
        done, _ = await asyncio.wait([call], timeout=5.0)
        call.cancel()
    assert {call} == done
    assert isinstance(call.exception(), RequestTimeoutError)


async def test_a_closed_session_that_was_passed_in_is_named_as_the_trouble() -> None:
    """The RuntimeError of aiohttp would not say whose session it is."""
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(
        ConfigurationError, match=r"could not be sent \(Session is closed\): check base_url and the session"
    ):
        await AiohttpTransport(session)(ask("http://127.0.0.1:1"))


async def test_credentials_from_a_netrc_are_a_configuration_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two Authorizations are refused by aiohttp with a ValueError that tells nobody where the other came from."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with aiohttp.ClientSession(trust_env=True) as session:
        with pytest.raises(ConfigurationError, match="could not be sent") as caught:
            await AiohttpTransport(session)(ask("http://127.0.0.1:1"))
    assert "hunter2" not in str(caught.value)


# -- cancelling ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["length", "chunked"])
async def test_cancelling_after_any_step_leaves_nothing_behind(transport: AiohttpTransport, form: str) -> None:
    """After each turn of the loop in its time: no task, no connection in use, and the next call works."""

    async def talk(connection: Connection) -> None:
        while True:
            await connection.request()
            if form == "length":
                await connection.say(OK)
            else:
                await connection.say(http("200 OK", b"", "Transfer-Encoding: chunked", length=False) + b"1\r\n{\r\n")
                await asyncio.sleep(0)
                await connection.say(b"1\r\n}\r\n0\r\n\r\n")

    async with listening(talk) as server:
        for steps in range(200):
            call = asyncio.create_task(transport(ask(server.url, "POST")))
            for _ in range(steps):
                await asyncio.sleep(0)
            finished = call.done()
            call.cancel()
            await asyncio.wait([call])
            assert call.cancelled() is not finished
            assert [] == connections_in_use(transport)
            if finished:
                break
        else:
            pytest.fail("the call never ended by itself")
        assert steps > 3
        assert b"{}" == (await transport(ask(server.url))).body
        await transport.close()
        transport.closed = False
        # Only this test and the server's own connections are left.
        for _ in range(5):
            await asyncio.sleep(0)
        ours = [task for task in asyncio.all_tasks() if "aiohttp" in repr(task.get_coro())]
        assert [] == ours


async def test_a_thousand_calls_with_random_cancels_leave_nothing(transport: AiohttpTransport) -> None:
    """Half of them are cancelled, at some point of their life; the others are answered."""

    async def talk(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.say(OK)

    async with listening(talk) as server:
        calls = [asyncio.create_task(transport(ask(server.url, timeout=30.0))) for _ in range(1000)]
        for number, call in enumerate(calls):
            if number % 2:
                call.cancel()
            if number % 7 == 0:
                await asyncio.sleep(0)
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert [] == connections_in_use(transport)
    assert all(isinstance(end, (Response, asyncio.CancelledError)) for end in ends)
    assert all(isinstance(end, Response) for end in ends[::2])
