"""Command that writes the tables of ``docs/reference/faults.md``: ``python -m tests.faults``."""

from __future__ import annotations

import asyncio

from tests.support.fast_time import FastLoop

from .catalog import FAULTS
from .table import PAGE, render


def main() -> None:
    """Meet all faults and write the page."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        page = runner.run(render(PAGE.read_text(encoding="utf-8")))
    PAGE.write_text(page, encoding="utf-8")
    print(f"{PAGE}: {len(FAULTS)} faults")


main()
