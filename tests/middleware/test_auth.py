"""Tests of `BearerAuth`: which credentials an operation gets, and that nothing prints them."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.support.requests import Script, answer, request
from tripwire_async import AsyncTripwire
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, NotFoundError, TransportError
from tripwire_async.middleware.auth import BearerAuth
from tripwire_async.profiles import FOIL, TRIPWIRE

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler
    from tripwire_async._operation import Authority

KEY = "sk_test_0123456789"


@pytest.fixture(autouse=True)
def _no_key_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIPWIRE_SECRET_KEY", raising=False)


async def sent_with(auth: BearerAuth, wanted: Request) -> str | None:
    """Return the Authorization header that reaches the handler."""
    handler = Script([answer()])
    await auth(wanted, handler)
    return handler.seen[0].headers.get("Authorization")


@pytest.mark.parametrize("key", [KEY, Secret(KEY)])
async def test_a_secret_operation_gets_the_key(key: str | Secret) -> None:
    """The key can be a str or a Secret."""
    assert await sent_with(BearerAuth(key), request()) == f"Bearer {KEY}"


@pytest.mark.parametrize("key", [KEY.encode(), 7])
def test_a_key_that_is_not_text_is_rejected_at_once(key: object) -> None:
    """For example bytes from a file. The message names accepted types and does not contain the key."""
    for give in (BearerAuth, BearerAuth(KEY).replace):
        with pytest.raises(ConfigurationError, match="a string that begins with sk_") as caught:
            give(key)  # type: ignore[operator] - callers without a type checker
        assert KEY not in str(caught.value)


async def test_the_other_headers_stay() -> None:
    """The header is added, and the original request is unchanged."""
    handler = Script([answer()])
    before = request()
    await BearerAuth(KEY)(before, handler)
    assert handler.seen[0].headers == {"Accept": "application/json", "Authorization": f"Bearer {KEY}"}
    assert before.headers == {"Accept": "application/json"}
    assert handler.seen[0].stats is before.stats


async def test_the_key_goes_to_the_url_that_a_middleware_chooses() -> None:
    """It is code of the same process, and the documentation says what its change of the URL means."""

    async def choose_another_host(request: Request, call_next: Handler) -> Response:
        return await call_next(msgspec.structs.replace(request, url=request.url.with_host("eu.api.example")))

    handler = Script([answer(404)])

    async def respond(request: Request, _: Handler) -> Response:
        return await handler(request)

    chain = [choose_another_host, BearerAuth(KEY), respond]
    async with AsyncTripwire(base_url="https://api.example", middleware=chain) as tripwire:
        with pytest.raises(NotFoundError):
            await tripwire.sessions.get("sid_" + 26 * "0")
    [seen] = handler.seen
    assert ("eu.api.example", f"Bearer {KEY}") == (seen.url.host, seen.headers["Authorization"])


@pytest.mark.parametrize("bearer", [None, Secret("gtpoll_1")])
async def test_a_public_operation_gets_nothing(bearer: Secret | None) -> None:
    """Credentials are sent only where they are required."""
    assert await sent_with(BearerAuth(KEY), request(authority="public", bearer=bearer)) is None


@pytest.mark.parametrize("authority", ["secret", "poll_token", "agent_token"])
async def test_the_token_of_a_call_takes_precedence_over_the_key(authority: Authority) -> None:
    """A call with its own token is sent with that token."""
    wanted = request(authority=authority, bearer=Secret("gtpoll_1"))
    assert await sent_with(BearerAuth(KEY), wanted) == "Bearer gtpoll_1"


@pytest.mark.parametrize(
    ("authority", "names"),
    [("poll_token", "gtpoll_"), ("agent_token", "agt_"), ("secret", "secret_key=, or set TRIPWIRE_SECRET_KEY")],
)
async def test_missing_credentials_are_an_error_before_anything_is_sent(authority: Authority, names: str) -> None:
    """The message names the operation and the argument; the key never replaces a token."""
    auth = BearerAuth(None if authority == "secret" else KEY)
    handler = Script([answer()])
    with pytest.raises(ConfigurationError, match=f"retrieveThing needs .*{names}"):
        await auth(request(authority=authority), handler)
    assert handler.seen == []


async def test_the_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument takes precedence over TRIPWIRE_SECRET_KEY; an empty variable is ignored."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_test_environment")
    assert await sent_with(BearerAuth(), request()) == "Bearer sk_test_environment"
    assert await sent_with(BearerAuth(KEY), request()) == f"Bearer {KEY}"
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "")
    assert repr(BearerAuth()) == "BearerAuth(no key)"


@pytest.mark.parametrize(
    "key",
    ["", " ", f"{KEY}\n", f"\t{KEY}", f"{KEY} {KEY}", f"{KEY}\r\nX-Evil: 1", f"{KEY}é", "\x7f", "pk_live_0123456789"],
)
async def test_an_invalid_key_is_rejected_and_not_shown(key: str) -> None:
    """A key is checked when it is passed, a token with each call; a rejected key replaces nothing."""
    auth = BearerAuth(KEY)
    with pytest.raises(ConfigurationError) as at_first:
        BearerAuth(key)
    with pytest.raises(ConfigurationError) as later:
        auth.replace(key)
    with pytest.raises(ConfigurationError) as per_call:
        await sent_with(auth, request(bearer=Secret(key)))
    for refusal in (at_first, later, per_call):
        assert "0123456789" not in str(refusal.value)
    assert await sent_with(auth, request()) == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("authority", "bearer", "wanted"),
    [
        ("poll_token", "", "the token of this call is empty: pass the poll token"),
        ("agent_token", "pk_live_1", "the token of this call is a publishable key .* pass a Gate agent token"),
        ("secret", "", "the token of this call is empty: pass a secret key"),
    ],
)
async def test_the_message_tells_an_invalid_token_from_an_invalid_key(
    authority: Authority, bearer: str, wanted: str
) -> None:
    """Polling a Gate session needs no secret key, so the message does not mention one."""
    with pytest.raises(ConfigurationError, match=wanted):
        await sent_with(BearerAuth(), request(authority=authority, bearer=Secret(bearer)))


async def test_a_key_can_be_replaced_on_a_running_client() -> None:
    """The next attempt uses the new key."""
    auth = BearerAuth(KEY)
    assert await sent_with(auth, request()) == f"Bearer {KEY}"
    auth.replace(Secret("sk_test_new"))
    assert await sent_with(auth, request()) == "Bearer sk_test_new"


async def test_a_middleware_without_a_key_takes_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key from the environment can be overridden; a key that was passed is kept."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_test_environment")
    without, own = BearerAuth(), BearerAuth("sk_test_own")
    assert await sent_with(without.or_with(KEY), request()) == f"Bearer {KEY}"
    assert await sent_with(without, request()) == "Bearer sk_test_environment"
    assert own.or_with(KEY) is own


async def test_a_middleware_without_a_key_takes_the_profile_of_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is then that of the other variable; a key that was passed is kept."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_test_environment")
    monkeypatch.setenv("FOIL_SECRET_KEY", "sk_test_foil")
    without, own = BearerAuth(profile=TRIPWIRE), BearerAuth("sk_test_own", profile=TRIPWIRE)
    assert await sent_with(without.for_profile(FOIL), request()) == "Bearer sk_test_foil"
    assert without.for_profile(TRIPWIRE) is without
    assert own.for_profile(FOIL) is own


async def test_nothing_prints_the_key() -> None:
    """Not the middleware, not its request, and not the locals in the traceback of a failed call."""
    auth = BearerAuth(KEY)
    handler = Script([TransportError("lost", maybe_sent=True)])
    with pytest.raises(TransportError) as lost:
        await auth(request(), handler)
    printed = "".join(traceback.TracebackException.from_exception(lost.value, capture_locals=True).format())
    assert "0123456789" not in printed + repr(auth) + repr(handler.seen[0])
    assert "'Authorization': '…'" in repr(handler.seen[0])
