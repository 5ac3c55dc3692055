"""Clients as values, the mistakes in a chain that are named, and a class of time that is replaced."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.ids import ENDPOINT_ID, EVENT_ID, ORGANIZATION_ID
from tripwire_async import AsyncTripwire
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import BearerAuth, Retry, default_middleware

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request, Response


def test_a_copy_of_a_client_is_the_client_itself() -> None:
    """Connections and the rate limit cannot be copied; `dataclasses.asdict` and settings objects copy deeply."""

    @dataclasses.dataclass
    class Settings:
        client: AsyncTripwire

    client = AsyncTripwire("sk_test_1")
    assert client is copy.copy(client)
    assert client is copy.deepcopy({"client": client})["client"]
    assert client is dataclasses.asdict(Settings(client))["client"]


def test_a_client_cannot_be_pickled() -> None:
    """The error says what to do instead."""
    with pytest.raises(TypeError, match="a client cannot be pickled: create one in each process"):
        pickle.dumps(AsyncTripwire("sk_test_1"))


def test_a_pending_delivery_cannot_be_pickled() -> None:
    """The error names the token for another process."""
    token = DeliveryReference(ORGANIZATION_ID, ENDPOINT_ID, EVENT_ID).to_token()
    pending = AsyncTripwire("sk_test_1").webhooks.resume(token)
    with pytest.raises(TypeError, match=r"send to_token\(\), and continue with webhooks.resume"):
        pickle.dumps(pending)


async def returns_nothing(request: Request, call_next: Handler) -> Any:
    await call_next(request)


async def returns_a_status(request: Request, call_next: Handler) -> Any:
    return (await call_next(request)).status


def is_not_async(request: Request, call_next: Handler) -> Any:
    return answer(request)


class Layer:
    """A middleware that forgets its result."""

    async def __call__(self, request: Request, call_next: Handler) -> Any:
        await call_next(request)


def answer(_: Request) -> Response:
    from tests.support.requests import answer as response

    return response(200)


@pytest.mark.parametrize(
    ("middleware", "reason"),
    [
        (returns_nothing, "the middleware returns_nothing returned NoneType"),
        (returns_a_status, "the middleware returns_a_status returned int"),
        (is_not_async, "the middleware is_not_async returned Response"),
        (Layer(), "the middleware Layer returned NoneType"),
    ],
)
@pytest.mark.parametrize("position", [0, 2])
async def test_a_middleware_that_returns_no_response_is_named(middleware: Any, reason: str, position: int) -> None:
    """Otherwise the next layer outside fails with an AttributeError that names neither."""

    async def last(request: Request, _: Handler) -> Response:
        return answer(request)

    chain = [Retry(), BearerAuth("sk_test_1")]
    client = AsyncTripwire(middleware=[*chain[:position], middleware, *chain[position:], last])
    with pytest.raises(TypeError, match=rf"^listSessions: {reason} where a response is expected: .*async def"):
        await client.sessions.list()


def test_an_object_that_is_not_a_middleware_is_named_before_a_missing_bearer_auth() -> None:
    """A key and a list of names: the names are the mistake."""
    with pytest.raises(ConfigurationError, match=r"a middleware must be callable .*, not str"):
        AsyncTripwire("sk_test_1", middleware=["retry"])  # type: ignore[list-item] - the mistake under test
    AsyncTripwire("sk_test_1", middleware=default_middleware())


WHILE_TIME_IS_STOPPED = """
import datetime
real = datetime.datetime
class Meta(type):
    def __instancecheck__(self, value): return isinstance(value, real)
class Stopped(real, metaclass=Meta): pass
if {early}: datetime.datetime = Stopped
from tripwire_async import AsyncTripwire
datetime.datetime = Stopped
import asyncio
from tripwire_async.testing import TripwireServer
async def main():
    async with TripwireServer() as server:
        async with AsyncTripwire(server.secret_key, base_url=server.base_url) as client:
            endpoint = server.add_endpoint("http://127.0.0.1:9/").id
            await client.webhooks.list_endpoints(server.organization_id)
            key = await client.organizations.api_keys.create(
                server.organization_id, name="ci", type="secret", scopes=["*"],
                expires_at=real(2030, 1, 1, tzinfo=datetime.UTC),
            ) if {dates} else None
            print("ok")
asyncio.run(main())
"""


@pytest.mark.parametrize("early", [True, False])
def test_libraries_that_stop_time_do_not_break_the_models(early: bool) -> None:
    """They replace `datetime.datetime` by a subclass, before or after the client is imported."""
    program = WHILE_TIME_IS_STOPPED.format(early=early, dates=False)
    done = subprocess.run(  # noqa: S603 - a command of constants
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert "ok\n" == done.stdout, done.stderr
