"""A sample of the fuzzing; ``python -m tests.fuzz`` does more."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .targets import TARGETS

EXAMPLES = {
    "files of journals": 15,
    "cursors": 25,
    "replies of Redis to a rate limit": 12,
    "replies of Redis to a journal": 12,
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_raises_only_documented_exceptions(name: str) -> None:
    """For any bytes, and for valid data that was damaged."""

    @settings(max_examples=EXAMPLES.get(name, 60), derandomize=True)
    @given(st.binary(max_size=80))
    @example(b"")
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()
