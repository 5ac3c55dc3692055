"""JSON values drawn from the schemas of our API description."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.testing.document import document_of
from tripwire_async.testing.clock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tripwire_async import Profile

Schema: TypeAlias = "dict[str, Any]"
Path: TypeAlias = "tuple[str | int, ...]"

_ID = re.compile(r"\^(\w+_)\[.*\]\{(\d+)\}\$")
_TEXTS = ("", "a", "é \u2028", "\U0001f600", "<&>", "null", "x" * 40)
_MATCHING = ("#fff", "#0a84ff80", "acme", "a-1-b", "acme_prod-1")


def resolve(schema: Schema, profile: Profile) -> Schema:
    """Follow the reference in *schema*, if any."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return resolve(document_of(profile)["components"]["schemas"][name], profile)
    return schema


def draw(schema: Schema, profile: Profile, random: Random) -> Any:
    """Return a value that *schema* allows.

    A strategy of Hypothesis per schema would take seconds for one session, so only the seed comes from Hypothesis.
    """
    schema = resolve(schema, profile)
    if "anyOf" in schema:
        return draw(random.choice(schema["anyOf"]), profile, random)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return random.choice(schema["enum"])
    kind = random.choice(schema["type"]) if isinstance(schema["type"], list) else schema["type"]
    low, high = schema.get("minimum"), schema.get("maximum")
    match kind:
        case "null":
            return None
        case "boolean":
            return random.random() < 0.5
        case "integer":
            return random.randint(-9 if low is None else low, 2**53 if high is None else high)
        case "number":
            return random.choice([0.5, 1, random.random()]) if low is not None or random.random() < 0.9 else -1e300
        case "array":
            least = schema.get("minItems", 0)
            size = random.randint(least, schema.get("maxItems", least + 2))
            return [draw(schema["items"], profile, random) for _ in range(size)]
        case "object":
            return _draw_object(schema, profile, random)
        case _:
            return _draw_text(schema, random)


def _draw_object(schema: Schema, profile: Profile, random: Random) -> Any:
    if "properties" not in schema:
        more = schema["additionalProperties"]
        each = {"type": ["null", "boolean", "string"]} if more is True else more
        return {random.choice(_TEXTS): draw(each, profile, random) for _ in range(random.randint(0, 2))}
    required = set(schema.get("required", []))
    return {
        name: draw(each, profile, random)
        for name, each in schema["properties"].items()
        if name in required or random.random() < 0.5
    }


def _draw_text(schema: Schema, random: Random) -> str:
    if "pattern" in schema:
        if prefixed := _ID.fullmatch(schema["pattern"]):
            return prefixed[1] + "".join(random.choices("0123456789abcdef", k=int(prefixed[2])))
        return random.choice([text for text in _MATCHING if re.fullmatch(schema["pattern"], text)])
    if schema.get("format") == "date-time":
        return rfc3339(random.randrange(2**31 * 1000) / 1000)
    if schema.get("format") == "uri":
        return f"https://example.com/{random.randrange(99)}"
    return random.choice(_TEXTS)


def normalize(value: Any, schema: Schema, profile: Profile) -> Any:
    """Return *value* without the nulls that mean the same as an absent field.

    Those are optional fields, and fields that only one profile has.
    """
    schema = _option(value, resolve(schema, profile), profile)
    if isinstance(value, list):
        return [normalize(item, schema["items"], profile) for item in value]
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    required = set(schema.get("required", []))
    return {
        name: normalize(content, schema["properties"][name], profile)
        for name, content in value.items()
        if content is not None or (name in required and "x-profiles" not in schema["properties"][name])
    }


def leaves(value: Any, schema: Schema, profile: Profile, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Yield the path and the schema of each value without parts, except null."""
    schema = resolve(schema, profile)
    chosen = _option(value, schema, profile)
    if isinstance(value, list) and "items" in chosen:
        for index, item in enumerate(value):
            yield from leaves(item, chosen["items"], profile, (*path, index))
    elif isinstance(value, dict):
        for name, each in chosen.get("properties", {}).items():
            if name in value:
                yield from leaves(value[name], each, profile, (*path, name))
    elif value is not None:
        yield path, chosen


def _option(value: Any, schema: Schema, profile: Profile) -> Schema:
    """Return the option of a union that matches *value*."""
    if "anyOf" not in schema:
        return schema
    options = [resolve(option, profile) for option in schema["anyOf"]]
    return next(option for option in options if (option.get("type") == "null") == (value is None))


def replace(value: Any, path: Path, new: Any) -> Any:
    """Return a copy of *value* with *new* at *path*."""
    if not path:
        return new
    first, *rest = path
    copied = list(value) if isinstance(value, list) else dict(value)
    copied[first] = replace(value[first], tuple(rest), new)
    return copied


def pointer(path: Path) -> str:
    """Return *path* in the form of decode errors, for example ``$.data[0].id``."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
