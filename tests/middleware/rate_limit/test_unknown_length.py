"""A limit that is known while the length of its window is not: only a rejection shows when there is room."""

from __future__ import annotations

from tripwire_async.middleware.rate_limit._admission import LimitModel


def test_a_rejection_is_provoked_again_after_another_cooldown() -> None:
    """If the first probe was accepted and fills the window, and there was no Retry-After."""
    known = LimitModel(lambda: 0.0)
    for permit in [known.window.send(100.0) for _ in range(10)]:
        known.accept(permit, 100.0, 10, 0)
    known.reject(known.take(100.0, "interactive"), 100.0, None, 10, 0)
    until = known.cooldown.until
    known.accept(known.take(until, "interactive"), until, 10, 0)
    again = until + (until - 100.0)
    assert not known.allows(again - 0.01, "interactive")
    assert known.allows(again, "interactive")
