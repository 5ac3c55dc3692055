"""A few hundred sessions and the visitors behind them, the same for the same seed."""

from __future__ import annotations

from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Final, final

from tripwire_async.testing._service.ids import Ids

from .visits import Visit, Visitor, make_visitor, visit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Seeds", "Visit", "Visitor"]

VISITORS: Final = 120
SESSIONS: Final = 320


@final
class Seeds:
    """What the server has seen before it was started, drawn from *seed* when it is first asked for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    @cached_property
    def _drawn(self) -> tuple[dict[str, Visitor], dict[str, Visit]]:
        random = Random(self._seed)  # noqa: S311 - test data
        ids = Ids(random)
        visitors = [make_visitor(random, ids) for _ in range(VISITORS)]
        visits: list[Visit] = []
        for number in range(SESSIONS):
            # Everybody comes once; some, as in life, keep coming.
            visitor = visitors[number] if number < VISITORS else random.choice(visitors[: VISITORS // 3])
            visits.append(visit(random, ids, visitor))
        visits.sort(key=lambda each: each.at, reverse=True)
        return {each.id: each for each in visitors}, {each.id: each for each in visits}

    @property
    def visitors(self) -> Mapping[str, Visitor]:
        """The visitors by the ids of their fingerprints."""
        return self._drawn[0]

    @property
    def visits(self) -> Mapping[str, Visit]:
        """The sessions by their ids, newest first."""
        return self._drawn[1]
