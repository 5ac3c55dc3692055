"""The chain that a client has when it is given none."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.limited_server import LimitedServer
from tests.support.requests import Script, answer, request
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import BearerAuth, RateLimit, RequestLog, Retry, compose, default_middleware

pytestmark = pytest.mark.virtual_time


def test_the_order_is_log_retry_limit_auth() -> None:
    """Before the retry once a call, after it once an attempt, and the secret innermost."""
    assert [RequestLog, Retry, RateLimit, BearerAuth] == [type(layer) for layer in default_middleware("sk_test_1")]


async def test_the_layers_work_together() -> None:
    """One id over two attempts, each with the key."""
    handler = Script([answer(503), answer(200)])
    assert (await compose(default_middleware("sk_test_1"), handler)(request())).status == 200
    first, second = (sent.headers for sent in handler.seen)
    assert first == second
    assert first["Authorization"] == "Bearer sk_test_1"
    assert first["X-Client-Request-Id"].startswith("creq_")


@pytest.mark.parametrize("seed", range(5))
async def test_a_crowd_of_sends_gets_through_an_unknown_limit(seed: int) -> None:
    """300 sends, 60 in a rolling 2 s, refused ones counted: hardly a request too many, and hardly a second.

    The retry's own wait after a refusal must not add to what the limit makes everybody wait.
    """
    server = LimitedServer(limit=60, window=2.0, seed=seed)
    chain = compose(default_middleware("sk_test_1"), server)
    answers = await asyncio.gather(*(chain(request("POST")) for _ in range(300)))
    assert {response.status for response in answers} == {200}
    assert len(server.accepted) + len(server.refused) <= 315
    assert asyncio.get_running_loop().time() <= 1.15 * 8


def test_two_clients_share_nothing() -> None:
    """Each call makes layers of its own."""
    assert not set(map(id, default_middleware("sk_test_1"))) & set(map(id, default_middleware("sk_test_1")))


def test_a_key_that_is_none_is_refused() -> None:
    """Before any client is made."""
    with pytest.raises(ConfigurationError):
        default_middleware("pk_live_1")
