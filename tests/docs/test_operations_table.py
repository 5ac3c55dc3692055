"""The table of operations and methods in the reference."""

from __future__ import annotations

import re
from operator import attrgetter
from pathlib import Path

from tripwire_async import FOIL, TRIPWIRE, AsyncTripwire

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "operations.md"


def test_every_operation_is_listed_with_its_methods() -> None:
    """Each operation of either profile, and only methods that exist."""
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(TRIPWIRE.operations | FOIL.operations) == sorted(operation for operation, _ in rows)
    client = AsyncTripwire("sk_test_key")
    methods = [method for _, cell in rows for method in re.findall(r"`([\w.]+)`", cell)]
    assert [] == [method for method in methods if not callable(attrgetter(method)(client))]
