"""Tools that print or send the locals of frames show no secret: the standard library, rich and Sentry."""

from __future__ import annotations

import asyncio
import io
import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from rich.console import Console
from rich.traceback import Traceback
from sentry_sdk.transport import Transport

from tests.support.ids import ENDPOINT_ID, ORGANIZATION_ID
from tests.support.raw_server import listening, silence
from tests.support.webhook_bodies import NOW
from tripwire_async import AsyncTripwire
from tripwire_async.errors import SignatureError, TokenVerificationError, TransportError
from tripwire_async.receiver import sign_webhook, verify_signature
from tripwire_async.sealed_tokens import verify_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sentry_sdk.envelope import Envelope

    from tests.support.raw_server import RawServer

CANARY = "canary0123456789abcdef0123456789abcdef"


def secret(prefix: str) -> str:
    """Return a secret that is a constant of no frame, because reporters show the source lines too."""
    return prefix + CANARY


def standard_library(error: BaseException) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def rich(error: BaseException) -> str:
    output = Console(file=io.StringIO(), width=10_000)
    shown = Traceback.from_exception(
        type(error), error, error.__traceback__, show_locals=True, locals_max_string=None, locals_max_length=None
    )
    output.print(shown)
    return output.file.getvalue()  # type: ignore[attr-defined] - a StringIO


@pytest.fixture
def sent() -> Iterator[list[Envelope]]:
    """Set up Sentry with its default settings and a transport that keeps its events."""
    envelopes: list[Envelope] = []

    class Kept(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            envelopes.append(envelope)

    # The integrations with other packages would patch these for all later tests of the process.
    sentry_sdk.init(dsn="https://public@sentry.example/1", transport=Kept, auto_enabling_integrations=False)
    yield envelopes
    sentry_sdk.init(auto_enabling_integrations=False)


async def time_out(server: RawServer, work: Awaitable[object]) -> None:
    """Await *work* with a timeout that expires when the request has arrived."""
    async with asyncio.timeout(None) as limit:

        async def expire() -> None:
            await server.came(1)
            limit.reschedule(asyncio.get_running_loop().time())

        task = asyncio.create_task(expire())
        try:
            await work
        finally:
            await task


async def cancelled_call() -> None:
    async with listening(silence) as server, AsyncTripwire(secret("sk_test_"), base_url=server.url) as client:
        await time_out(server, client.webhooks.send_test(ORGANIZATION_ID, ENDPOINT_ID))


async def cancelled_poll() -> None:
    async with listening(silence) as server, AsyncTripwire("sk_test_1", base_url=server.url) as client:
        await time_out(server, client.gate.sessions.poll("gates_0123456789abcdefghjkmnpqrs", secret("gtpoll_")))


async def refused_call() -> None:
    async with AsyncTripwire(secret("sk_test_"), base_url="http://127.0.0.1:1") as client:
        await client.with_options(max_attempts=1).sessions.list()


async def forged_webhook() -> None:
    verify_signature(b"{}", sign_webhook(b"x", "whsec_other", NOW), secret("whsec_"), now=NOW)


async def invalid_token() -> None:
    verify_token("bm90IGEgdG9rZW4=", secret("sk_test_"))


@pytest.mark.parametrize("fail", [cancelled_call, cancelled_poll, refused_call, forged_webhook, invalid_token])
async def test_reporters_show_no_secret(fail: Callable[[], Any], sent: list[Envelope]) -> None:
    """The locals of all frames are shown, those of this library and of the libraries below it included."""
    with pytest.raises((TimeoutError, TransportError, SignatureError, TokenVerificationError)) as caught:
        await fail()
    sentry_sdk.capture_exception(caught.value)
    reports = [standard_library(caught.value), rich(caught.value), *(event_of(envelope) for envelope in sent)]
    assert len(reports) == 3
    for report in reports:
        # The report has locals, so that their absence is not the reason.
        assert fail.__name__ in report
        assert "tripwire_async" in report
        assert CANARY not in report.replace(f"CANARY = '{CANARY}'", "")


async def test_sentry_shows_where_a_call_was_cancelled(sent: list[Envelope]) -> None:
    """The frames of aiohttp remain, without their locals."""
    with pytest.raises(TimeoutError) as caught:
        await cancelled_call()
    sentry_sdk.capture_exception(caught.value)
    frames = [
        frame
        for each in json.loads(event_of(sent[0]))["exception"]["values"]
        for frame in each["stacktrace"]["frames"]
        if frame["module"] == "aiohttp.client"
    ]
    assert frames
    assert all(frame["lineno"] and not frame.get("vars") for frame in frames)


def event_of(envelope: Envelope) -> str:
    return json.dumps(envelope.get_event())
