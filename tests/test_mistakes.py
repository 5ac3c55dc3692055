"""Mistakes in programs: each ends at once with one line that names the wrong value and the remedy."""

from __future__ import annotations

import asyncio
import inspect
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

from tripwire_async import AsyncTripwire
from tripwire_async.errors import ConfigurationError, SignatureError
from tripwire_async.gate_delivery import generate_key_pair
from tripwire_async.journal import RedisJournal, SqliteJournal
from tripwire_async.middleware import BearerAuth, RedisStore, Retry, default_middleware
from tripwire_async.receiver import Router, WebhookReceiver, sign_webhook, verify_signature
from tripwire_async.testing import DeliveryOutcome, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async.middleware import Handler, Request, Response
    from tripwire_async.testing import TripwireServer

CANARY: Final = "canary7351"
ENDPOINT: Final = "we_" + "0" * 32


async def forgets(request: Request, call_next: Handler) -> Response:
    await call_next(request)
    return None  # type: ignore[return-value] - the mistake


def forgets_all(request: Request, call_next: Handler) -> None:
    """Return nothing, like a function that is not a coroutine function."""


class Forgetful:
    async def __call__(self, request: Request, call_next: Handler) -> None:
        await call_next(request)


def client(*arguments: Any, **options: Any) -> AsyncTripwire:
    """Return a client; the arguments are wrong, so they have no types."""
    return AsyncTripwire(*arguments, **options)


async def listed(server: TripwireServer, middleware: object) -> object:
    """Read a list with *middleware* around the default one."""
    async with client(
        server.secret_key, base_url=server.base_url, middleware=[middleware, *default_middleware()]
    ) as tripwire:
        return await tripwire.sessions.list()


async def endpoint_of(tripwire: AsyncTripwire, server: TripwireServer) -> Any:
    """Return the model of an endpoint."""
    server.add_endpoint("http://127.0.0.1:9/")
    return (await tripwire.webhooks.list_endpoints(server.organization_id)).items[0]


async def send_to_model(tripwire: AsyncTripwire, server: TripwireServer) -> object:
    return await tripwire.webhooks.send_test(server.organization_id, await endpoint_of(tripwire, server))


async def send_to_models(tripwire: AsyncTripwire, server: TripwireServer) -> object:
    return await tripwire.webhooks.send_tests(server.organization_id, [await endpoint_of(tripwire, server)])


async def items_of_a_list(tripwire: AsyncTripwire, server: TripwireServer) -> object:
    listing: Any = tripwire.sessions.list()
    try:
        return listing.items
    finally:
        await listing


def webhooks(method: str, *arguments: object, **options: object) -> Callable[[AsyncTripwire, TripwireServer], object]:
    """Return a mistake in a call of a method of webhooks, whose first argument is the organization."""
    return lambda tripwire, server: getattr(tripwire.webhooks, method)(server.organization_id, *arguments, **options)


MISTAKES: Final[dict[str, tuple[Any, type[Exception], str]]] = {
    "a signing secret as the key": (
        lambda t, s: client(f"whsec_{CANARY}"),
        ConfigurationError,
        "is a webhook signing secret (whsec_…), which only verifies webhooks: pass a key that begins with sk_",
    ),
    "a publishable key": (lambda t, s: client(f"pk_live_{CANARY}"), ConfigurationError, "publishable key (pk_…)"),
    "a poll token as the key": (lambda t, s: client(f"gtpoll_{CANARY}"), ConfigurationError, "poll token of a Gate"),
    "an agent token as the key": (
        lambda t, s: client(f"agt_{CANARY}"),
        ConfigurationError,
        "a Gate agent token (agt_…)",
    ),
    "a new key of a wrong kind": (
        lambda t, s: t.use_key(f"whsec_{CANARY}"),
        ConfigurationError,
        "signing secret (whsec_…)",
    ),
    "an empty key": (lambda t, s: client(""), ConfigurationError, "the secret key is empty: pass a key"),
    "a key as bytes": (lambda t, s: client(b"sk_live_canary7351"), ConfigurationError, "not bytes: decode it first"),
    "a key with a line break": (lambda t, s: client(f"sk_live_{CANARY}\n"), ConfigurationError, "a line break"),
    "a URL without a scheme": (
        lambda t, s: client("sk_1", base_url="api.example.com"),
        ConfigurationError,
        "'api.example.com' is not a valid URL: pass one like https://",
    ),
    "a URL with a password": (
        lambda t, s: client("sk_1", base_url=f"https://user:{CANARY}@example.com"),
        ConfigurationError,
        "must not have a user",
    ),
    "a timeout as text": (lambda t, s: client("sk_1", timeout="5"), ConfigurationError, "timeout must be"),
    "a session of another library": (
        lambda t, s: client("sk_1", session=object()),
        ConfigurationError,
        "session must be an aiohttp.ClientSession, not object",
    ),
    "a middleware by its name": (lambda t, s: client("sk_1", middleware=["x"]), ConfigurationError, "not str"),
    "a middleware that is not in a list": (
        lambda t, s: client("sk_1", middleware=Retry()),
        ConfigurationError,
        "middleware must be a list of middleware, not Retry: put it in a list",
    ),
    "the class of a middleware": (
        lambda t, s: client("sk_1", middleware=[Retry, BearerAuth()]),
        ConfigurationError,
        "the middleware Retry is a class: pass an instance, Retry()",
    ),
    "a middleware that returns None": (
        lambda t, s: listed(s, forgets),
        TypeError,
        "the middleware forgets returned NoneType where a response is expected: define it with async def",
    ),
    "a middleware that returns None at once": (
        lambda t, s: listed(s, forgets_all),
        TypeError,
        "the middleware forgets_all returned NoneType",
    ),
    "an object that returns None": (
        lambda t, s: listed(s, Forgetful()),
        TypeError,
        "middleware Forgetful returned",
    ),
    "a model in place of an id": (send_to_model, TypeError, "not WebhookEndpoint: pass the attribute id of the"),
    "models in place of ids": (send_to_models, ValueError, "not of WebhookEndpoint: pass the attribute id of each"),
    "an id of another kind": (
        webhooks("send_test", "wevt_" + "0" * 32),
        ValueError,
        "it is an event id; pass an id that begins with 'we_'",
    ),
    "an id that is a number": (webhooks("send_test", 5), TypeError, "endpoint_id must be a string, not int"),
    "a path in place of an id": (webhooks("send_test", "../x"), ValueError, "'../x' is not a valid id"),
    "a single id for many": (webhooks("send_tests", ENDPOINT), ValueError, "put it in a list"),
    "an endpoint that is named twice": (
        webhooks("send_tests", [ENDPOINT, ENDPOINT]),
        ValueError,
        f"names '{ENDPOINT}' twice",
    ),
    "an unknown end of a run": (
        webhooks("send_tests", until="done"),
        ValueError,
        "until must be 'settled' or 'sent', not 'done'",
    ),
    "the name of a journal": (
        webhooks("send_tests", journal="run.db"),
        ValueError,
        "journal must be a journal, such as SqliteJournal(path), not str",
    ),
    "an unknown enum value": (lambda t, s: t.sessions.list(verdict="robot"), ValueError, "choose from 'bot', 'human'"),
    "a page that is too large": (lambda t, s: t.sessions.list(limit=500), ValueError, "from 1 to 200, not 500"),
    "the items of a list that was not awaited": (
        items_of_a_list,
        AttributeError,
        "await the list for a page, for example (await client.sessions.list()).items",
    ),
    "a number in place of text": (
        webhooks("create_endpoint", name=5, url="https://example.com", event_types=["session.result.persisted"]),
        ValueError,
        "createWebhookEndpoint: name cannot be sent",
    ),
    "a body as text": (
        lambda t, s: verify_signature("{}", {}, "whsec_1"),
        TypeError,
        "the body must be bytes, not str",
    ),  # type: ignore[arg-type] - the mistake
    "no headers": (
        lambda t, s: verify_signature(b"{}", None, "whsec_1"),
        TypeError,
        "a mapping such as request.headers",
    ),  # type: ignore[arg-type] - the mistake
    "an empty signing secret": (lambda t, s: verify_signature(b"{}", {}, ""), ConfigurationError, "check the variable"),
    "a secret key as the signing secret": (
        lambda t, s: verify_signature(b"{}", {}, ["whsec_1", f"sk_live_{CANARY}"]),
        ConfigurationError,
        "an API key (sk_… or pk_…) was given as a webhook signing secret: pass the endpoint's own whsec_… text",
    ),
    "a publishable key as the signing secret of a receiver": (
        lambda t, s: WebhookReceiver(Router(), f"pk_live_{CANARY}"),
        ConfigurationError,
        "was given as a webhook signing secret",
    ),
    "a receiver without a signing secret": (
        lambda t, s: WebhookReceiver(Router(), None),  # type: ignore[arg-type] - the mistake
        TypeError,
        "a webhook signing secret must be text or a Secret, not NoneType",
    ),
    "an outcome as text": (
        lambda t, s: s.set_outcome("failed"),  # type: ignore[arg-type] - the mistake
        TypeError,
        "outcome must be a DeliveryOutcome or None, not str",
    ),
    "another signing secret": (
        lambda t, s: verify_signature(b"{}", sign_webhook(b"{}", "whsec_1"), "whsec_2"),
        SignatureError,
        "signature",
    ),
    "a handler without a type": (lambda t, s: Router().on(None), TypeError, "on"),  # type: ignore[arg-type] - the mistake
    "a URL of another store": (
        lambda t, s: RedisStore("http://example.com"),
        ConfigurationError,
        "must look like redis://",
    ),
    "a run with a space in Redis": (
        lambda t, s: RedisJournal("redis://127.0.0.1:1", run="a b"),
        ConfigurationError,
        "not 'a b'",
    ),
    "a run without a name": (lambda t, s: SqliteJournal("run.db", run=""), ValueError, "run must be the name of a run"),
    "an unknown operation of the test server": (
        lambda t, s: s.fail("send_test", Fault.status(503)),
        ValueError,
        "sendTestWebhook",
    ),
    "an unknown state of a delivery": (lambda t, s: DeliveryOutcome("succeded"), ValueError, "succeeded"),  # type: ignore[arg-type] - the mistake
}


async def commit(act: Any, tripwire: AsyncTripwire, server: TripwireServer) -> None:
    """Make a mistake; fail if it takes longer than 5 seconds."""
    async with asyncio.timeout(5):
        result = act(tripwire, server)
        if inspect.isawaitable(result):
            await result


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_has_one_line_with_the_remedy(
    mistake: str, tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Within 5 seconds, in printable text, and without a secret."""
    act, kind, words = MISTAKES[mistake]
    with pytest.raises(kind) as caught:
        await commit(act, tripwire, tripwire_server)
    message = str(caught.value)
    assert words in message
    assert message.isprintable()
    assert CANARY not in message


@pytest.mark.parametrize(
    ("package", "act", "words"),
    [
        ("cryptography", generate_key_pair, "crypto"),
        ("redis", lambda: RedisStore("redis://127.0.0.1:1"), "redis"),
        ("redis", lambda: RedisJournal("redis://127.0.0.1:1"), "redis"),
    ],
)
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, act: Callable[[], object], words: str
) -> None:
    """With the command that installs it."""
    for module in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises((ConfigurationError, ImportError), match=rf"tripwire-async\[{words}\]") as caught:
        act()
    assert str(caught.value).isprintable()
