"""Tests of the default middleware chain."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.limited_server import LimitedServer
from tests.support.requests import Script, answer, request
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import BearerAuth, RateLimit, RequestLog, Retry, compose, default_middleware

pytestmark = pytest.mark.virtual_time


def test_the_order_is_log_retry_limit_auth() -> None:
    """RequestLog and Retry run once per call, the rest once per attempt, and the secret is innermost."""
    assert [RequestLog, Retry, RateLimit, BearerAuth] == [type(layer) for layer in default_middleware("sk_test_1")]


async def test_the_default_chain_works_as_a_whole() -> None:
    """Two attempts have the same id, and each has the key."""
    handler = Script([answer(503), answer(200)])
    assert (await compose(default_middleware("sk_test_1"), handler)(request())).status == 200
    first, second = (sent.headers for sent in handler.seen)
    assert first == second
    assert first["Authorization"] == "Bearer sk_test_1"
    assert first["X-Client-Request-Id"].startswith("creq_")


@pytest.mark.parametrize("seed", range(5))
async def test_three_hundred_sends_at_once_pass_an_unknown_limit(seed: int) -> None:
    """300 sends at 60 per rolling 2 s need hardly more requests or time than the minimum; rejected ones count.

    The backoff after a rejection must not add to the wait for the limit.
    """
    server = LimitedServer(limit=60, window=2.0, seed=seed)
    chain = compose(default_middleware("sk_test_1"), server)
    answers = await asyncio.gather(*(chain(request("POST")) for _ in range(300)))
    assert {response.status for response in answers} == {200}
    assert len(server.accepted) + len(server.refused) <= 315
    assert asyncio.get_running_loop().time() <= 1.15 * 8


def test_two_clients_share_nothing() -> None:
    """Each call of the function creates new middleware."""
    assert not set(map(id, default_middleware("sk_test_1"))) & set(map(id, default_middleware("sk_test_1")))


def test_an_invalid_key_is_rejected() -> None:
    """The error is raised before a client exists."""
    with pytest.raises(ConfigurationError):
        default_middleware("pk_live_1")
