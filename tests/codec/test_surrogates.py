"""Lone surrogates in JSON, which some languages write when they cut a string in two."""

from __future__ import annotations

import json

import pytest

from tests.support.webhook_bodies import body_of
from tripwire_async._codec.converter import DecodeError, decode
from tripwire_async.receiver import parse_event


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (rb'["caf\ud83d"]', ["caf\N{REPLACEMENT CHARACTER}"]),
        (rb'["\ude00caf"]', ["\N{REPLACEMENT CHARACTER}caf"]),
        (rb'["\uD83D and \ud83d\ude00"]', ["\N{REPLACEMENT CHARACTER} and \N{GRINNING FACE}"]),
        (rb'["\\ud83d", "\ud83d"]', [r"\ud83d", "\N{REPLACEMENT CHARACTER}"]),
    ],
)
def test_a_lone_surrogate_is_read_as_a_replacement_character(data: bytes, expected: list[str]) -> None:
    """One name must not make a whole page of events unreadable."""
    assert expected == decode(data, list)


@pytest.mark.parametrize("data", [rb'["caf\ud83d', rb'["\\ud83d"', b"[" * 100_000 + rb'"\ud83d"', rb"\ud83d"])
def test_json_that_is_also_cut_off_is_an_error(data: bytes) -> None:
    """The repair is for surrogates alone."""
    with pytest.raises(DecodeError):
        decode(data, list)


def test_a_webhook_with_a_lone_surrogate_is_an_event() -> None:
    """The receiver reads it as well."""
    body = body_of("webhook.test", note="caf").replace(b'"caf"', rb'"caf\ud83d"')
    assert json.loads(body)["id"] == parse_event(body).id
