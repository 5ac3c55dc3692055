"""Seeded sessions and their visitors; the same seed gives the same data."""

from __future__ import annotations

from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Final, final

from tripwire_async.testing._service.ids import Ids

from .visits import Visit, Visitor, make_visit, make_visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Seeds", "Visit", "Visitor"]

VISITORS: Final = 120
SESSIONS: Final = 320


@final
class Seeds:
    """The initial sessions and visitors, created from *seed* on first use."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    @cached_property
    def _data(self) -> tuple[dict[str, Visitor], dict[str, Visit]]:
        random = Random(self._seed)  # noqa: S311 - test data
        ids = Ids(random)
        visitors = [make_visitor(random, ids) for _ in range(VISITORS)]
        visits: list[Visit] = []
        for number in range(SESSIONS):
            # Every visitor has one session; a third of them have more.
            visitor = visitors[number] if number < VISITORS else random.choice(visitors[: VISITORS // 3])
            visits.append(make_visit(random, ids, visitor))
        visits.sort(key=lambda each: each.started, reverse=True)
        for number, each in enumerate(visits):
            # Only Foil shows these two.
            each.client_user_id = f"user_{number}" if number % 4 == 1 else None
            each.has_behavior = number == 1
        return {each.id: each for each in visitors}, {each.id: each for each in visits}

    @property
    def visitors(self) -> Mapping[str, Visitor]:
        """The visitors by fingerprint id."""
        return self._data[0]

    @property
    def visits(self) -> Mapping[str, Visit]:
        """The sessions by id, newest first."""
        return self._data[1]
