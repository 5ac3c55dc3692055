"""Tests of the requests and replies of stores that share pages."""

from __future__ import annotations

from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, PageReply


def test_a_reply_with_the_time_alone_grants_nothing() -> None:
    """A store passes only what it has: no page, no lease and no other processes are the defaults."""
    reply = PageReply(time=1.0, page=None, is_reader=False, others=0, awaited=0, overdue=0.0)
    assert PageReply(time=1.0) == reply


def test_a_request_asks_for_the_lease_unless_it_says_otherwise() -> None:
    """It holds none, and awaits nothing."""
    ask = PageAsk(worker="a", after=0.0, scope="", is_due=True, is_reading=False, awaited=0, overdue=0.0, publish=None)
    assert PageAsk(worker="a", after=0.0) == ask
