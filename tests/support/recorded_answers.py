"""Recorded responses of the service, found by the method and the path of a request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import attrs

from tests.support.operations import OPERATIONS

_FOLDER: Final = Path(__file__).parents[1] / "contract" / "answers"


@attrs.frozen
class RecordedAnswer:
    """Response of one operation."""

    operation: str
    status: int
    body: Any

    @property
    def content(self) -> bytes:
        """The body as bytes, without a next page, so that an iteration over it ends."""
        if self.body is None:
            return b""
        last = {"pagination": {"limit": 50, "has_more": False}} if "pagination" in self.body else {}
        return json.dumps({**self.body, **last}).encode()


class RecordedAnswers:
    """Recorded responses of both profiles; the path of a request begins with the name of the profile."""

    def __init__(self) -> None:
        self._routes = [
            (
                operation.method,
                re.compile(f"/{profile}" + re.sub(r"\\{.*?\\}", "[^/]+", re.escape(operation.path))),
                self._read(profile, name),
            )
            # A path without placeholders is more specific.
            for name, operation in sorted(OPERATIONS.items(), key=lambda pair: pair[1].path.count("{"))
            for profile in operation.profiles
        ]

    def find(self, method: str, path: str) -> RecordedAnswer:
        """Return the response to *method* and *path*; LookupError without one."""
        for verb, pattern, answer in self._routes:
            if verb == method and pattern.fullmatch(path):
                return answer
        raise LookupError(path)

    @staticmethod
    def _read(profile: str, name: str) -> RecordedAnswer:
        recorded = json.loads((_FOLDER / profile / f"{name}.json").read_text(encoding="utf-8"))
        return RecordedAnswer(name, recorded["status"], recorded["body"])
