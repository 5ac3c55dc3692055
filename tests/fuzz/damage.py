"""Damaged copies of valid data, chosen by bytes, so that any source of bytes can drive them."""

from __future__ import annotations

import copy
import json
import random
from typing import Any, Final

_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, 1e999, float("nan")),
    *("", " ", "\0", "\x1b[31m", "\ud83d", "caf\u00e9", "a" * 5000, "2026-03-24T20:00:00.000Z", "9999-99-99", "1e999"),
    *([], {}, [[]], [None], {"": None}, {"id": {}}, [1, "a", None], {"data": []}, "https://", "we_", "\uffff"),
)
_TOKENS: Final = (
    b"",
    b"\0",
    b'"',
    b"{",
    b"}",
    b"[" * 2000,
    b"\xff\xfe",
    b"\xed\xa0\xbd",
    b"null",
    b"1e9999",
    b"\\ud83d",
    b",",
    b"-",
)


def damaged(sample: Any, data: bytes) -> bytes:
    """Return the JSON of *sample*, damaged as *data* says: other values, missing or additional keys, other bytes."""
    generator = random.Random(data)  # noqa: S311 - a choice, not a secret
    document = json.loads(json.dumps(sample))
    for _ in range(generator.choice((0, 1, 1, 1, 2, 5))):
        document = _replaced(document, generator)
    try:
        encoded = json.dumps(document, ensure_ascii=generator.random() < 0.5).encode(errors="surrogatepass")
    except ValueError:
        # An integer with more digits than Python prints.
        encoded = data
    return _cut(encoded, generator) if generator.random() < 0.3 else encoded


def damaged_text(sample: str, data: bytes) -> str:
    """Return *sample* with other characters, as *data* says."""
    return _cut(sample.encode(), random.Random(data)).decode("utf-8", "replace")  # noqa: S311 - a choice, not a secret


def _replaced(document: Any, generator: random.Random) -> Any:
    """Return *document* with one change at a random place."""
    if not isinstance(document, dict | list) or not document or generator.random() < 0.1:
        return copy.deepcopy(generator.choice(_VALUES))
    keys: list[Any] = list(document) if isinstance(document, dict) else list(range(len(document)))
    key = generator.choice(keys)
    action = generator.random()
    if action < 0.15:
        del document[key]
    elif action < 0.25 and isinstance(document, dict):
        document[generator.choice(("id", "object", "", "extra", "status"))] = copy.deepcopy(generator.choice(_VALUES))
    elif action < 0.3 and isinstance(document, list):
        document.extend(document * generator.randrange(3))
    else:
        document[key] = _replaced(document[key], generator)
    return document


def _cut(encoded: bytes, generator: random.Random) -> bytes:
    """Return *encoded* with some bytes replaced, inserted or left out."""
    for _ in range(generator.choice((1, 1, 2, 4))):
        start = generator.randint(0, len(encoded))
        end = min(len(encoded), start + generator.choice((0, 1, 1, 4, 1000)))
        encoded = encoded[:start] + generator.choice((*_TOKENS, generator.randbytes(3))) + encoded[end:]
    return encoded
