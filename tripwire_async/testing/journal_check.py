"""Contract test for implementations of `Journal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._journal_rules import begin, claims, exchange, leases, log, pages
from ._journal_rules.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async.journal import Journal

    Rule = Callable[[Bench], Awaitable[None]]

_RULES: Final[tuple[Rule, ...]] = (
    *begin.RULES,
    *claims.RULES,
    *log.RULES,
    *exchange.RULES,
    *leases.RULES,
    *pages.RULES,
)


async def check_journal(make_journal: Callable[[str], Journal]) -> None:
    """Check that a journal follows the protocol of `Journal`, so that a run can rely on it.

    ::

        async def test_my_journal() -> None:
            await check_journal(lambda run: MyJournal(database, run=run))

    Each rule uses its own runs, with random names. The check takes a few seconds, because leases run out in it. If
    the journals have `aclose` they are closed; if they have ``drop`` the runs are dropped.

    Args:
        make_journal: Returns a new journal for the run of the given name. All journals of one name share their data, as
            if each belonged to another process.

    Raises:
        AssertionError: The journal breaks a rule; the message names it.
    """
    for rule in _RULES:
        bench = Bench(make_journal, (rule.__doc__ or "").strip())
        try:
            await rule(bench)
        except AssertionError:
            raise
        except Exception as error:
            error.add_note(f"Rule that was checked: {bench.rule}")
            raise
        finally:
            await bench.close()
