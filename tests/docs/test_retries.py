"""The table of the guide to retries agrees with what `Retry` does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.requests import Script, answer, request
from tripwire_async.errors import TransportError
from tripwire_async.middleware import Retry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tripwire_async.middleware import Response

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "retries.md").read_text(encoding="utf-8")
BODIES = {
    "": b"",
    "retryable: true": json.dumps({"error": {"retryable": True}}).encode(),
    "retryable: false": json.dumps({"error": {"retryable": False}}).encode(),
    "next_action: retry": json.dumps({"error": {"details": {"next_action": "retry"}}}).encode(),
}
MAYBE_SENT = {"nothing was sent": False, "no response, but the request may have been sent": True}


def failures(cell: str) -> Iterator[Response | TransportError]:
    """Yield what the cell of the table stands for."""
    if cell in MAYBE_SENT:
        yield TransportError("no response", maybe_sent=MAYBE_SENT[cell])
        return
    statuses, _, stated = cell.partition(" with ")
    for status in statuses.split(", "):
        yield answer(int(status), body=BODIES[stated.strip("`")])


def rows() -> Iterator[tuple[str, str, bool]]:
    """Yield the failure, the method and whether it is retried, for each cell of the table."""
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:1] == "|"]
    [_, *columns], _, *lines = table
    for cell, *answers in lines:
        for methods, text in zip(columns, answers, strict=True):
            for method in re.findall(r"[A-Z]+", methods):
                yield cell, method, {"yes": True, "no": False}[text]


@pytest.mark.virtual_time
@pytest.mark.parametrize(("failure", "method", "retried"), list(rows()))
async def test_a_row_is_what_happens(failure: str, method: str, retried: bool) -> None:
    """Each failure is followed by a success, which only a retry sees."""
    for first in failures(failure):
        script = Script([first, answer()])
        try:
            response = await Retry()(request(method), script)
        except TransportError:
            assert not retried
        else:
            assert retried == (response.status == 200)
        assert len(script.seen) == 1 + retried


def test_the_table_covers_every_method() -> None:
    """A table that is not found would leave nothing to test."""
    assert {"GET", "PUT", "DELETE", "POST", "PATCH"} == {method for _, method, _ in rows()}
