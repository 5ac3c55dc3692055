"""The tables of the documentation: what each kind of call ends with, for each fault."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .calls import meet
from .catalog import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .calls import Result
    from .fault import Fault

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"

_TITLES: Final = {
    "connection": "Connections",
    "certificate": "Certificates",
    "incomplete": "Incomplete responses",
    "malformed": "Malformed responses",
    "content": "Responses with other content",
    "harmless": "Unusual responses that are accepted",
    "status": "Statuses",
    "redirect": "Redirects",
}
_CALLS_HEAD: Final = ("fault", "`GET`, `DELETE`", "`POST`, `PATCH`", "retried", "`GET`, if it occurs once")
_TESTS_HEAD: Final = ("fault", "`send_test(reconcile=True)`", "state in `send_tests`", "`pending.wait()`")

IN_TESTS: Final = (
    "connection refused",
    "closed after the request",
    "no response",
    "closed in the body",
    "HTML",
    "JSON of another shape",
    "400",
    "401",
    "404",
    "429 with Retry-After: 2",
    "500",
    "502 with HTML",
    "503",
    "503 with retryable: true",
    "302 to another server",
)
"""Faults that are shown for tests and waits."""


async def row_of_calls(fault: Fault) -> tuple[str, ...]:
    """Return the row of *fault* in the table of calls."""
    get, post = await meet(fault, "GET"), await meet(fault, "POST")
    once = await meet(fault, "GET", times=1)
    return fault.name, _cell(get), _cell(post), _retried(get, post), _cell(once)


async def row_of_tests(fault: Fault) -> tuple[str, ...]:
    """Return the row of *fault* in the table of tests and waits."""
    results = [await meet(fault, call) for call in ("send_test(reconcile=True)", "send_tests", "wait")]
    return fault.name, *(_ending(result) for result in results)


def _retried(get: Result, post: Result) -> str:
    tries = [result.attempts or result.requests for result in (get, post)]
    return {(False, False): "no", (True, False): "`GET`, `DELETE`", (True, True): "all methods"}[
        tries[0] > 1, tries[1] > 1
    ]


def _ending(result: Result) -> str:
    name = result.ending if result.ending.startswith("`") else f"`{result.ending}`"
    if result.ending == "success":
        name = "success"
    return name + {None: "", True: ", maybe sent", False: ", not sent"}[result.maybe_sent]


def _cell(result: Result) -> str:
    return f"{_ending(result)}; {result.requests}"


def table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [tuple(head), tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def rows_of(page: str) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return the rows of all tables in *page* by the name of the fault and the number of columns."""
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in page.splitlines() if line[:1] == "|"]
    return {(row[0], len(row)): row for row in rows if row[0] not in {"fault", "---"}}


async def render(page: str) -> str:
    """Return *page* with new tables."""
    for group, title in _TITLES.items():
        rows = [await row_of_calls(fault) for fault in FAULTS if fault.group == group]
        page = _replace(page, f"### {title}", table(_CALLS_HEAD, rows))
    rows = [await row_of_tests(fault) for fault in FAULTS if fault.name in IN_TESTS]
    return _replace(page, "## Tests and waits", table(_TESTS_HEAD, rows))


def _replace(page: str, heading: str, text: str) -> str:
    """Return *page* with *text* as the table of the section with *heading*."""
    sections = re.split(r"^(?=#)", page, flags=re.MULTILINE)
    (index,) = (index for index, section in enumerate(sections) if section.startswith(f"{heading}\n"))
    kept = "\n".join(line for line in sections[index].splitlines() if not line.startswith("|"))
    sections[index] = f"{kept.strip()}\n\n{text}\n\n"
    return "".join(sections).rstrip("\n") + "\n"
