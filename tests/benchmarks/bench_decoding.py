"""Cost of decoding bytes into models: ``python -m tests.benchmarks.bench_decoding [ROUNDS]``.

Five decoders read two bodies, a full session and a page of 200 events. They take turns, so that other load on the
machine affects all of them. A row shows the median time of one read and the median of its ratio to `orjson.loads` in
the same round. `orjson.loads` returns dicts and checks only that the bytes are JSON.
"""

from __future__ import annotations

import functools
import gc
import statistics
import sys
import time
import types
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, Union, get_args, get_origin

import attrs
import cattrs
import msgspec
import orjson
import pydantic

from tests.benchmarks.decoding_samples import event_page, session_detail
from tripwire_async._codec.converter import decode
from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import Timestamp
from tripwire_async.models import EventListResponse, ObservationHash, SessionDetailResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIMIT = 1.3
"""Highest acceptable cost of typed and strict decoding, relative to `orjson.loads`."""

READS = {SessionDetailResponse: 40, EventListResponse: 4}
"""Reads per round and decoder, which take about a millisecond."""


Make: TypeAlias = "Callable[[str, dict[str, tuple[Any, Any]]], type[Any]]"
"""Creates a class from a name and the type and default of each field; `attrs.NOTHING` means no default."""


def counterpart(model: type[Any], make: Make, timestamp: object) -> type[Any]:
    """Return the counterpart of *model* in another library, created by *make* with *timestamp* for time stamps."""

    @functools.cache
    def translated(annotation: Any) -> Any:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return timestamp
        if origin in (Union, types.UnionType):
            return Union[tuple(translated(each) for each in arguments)]  # noqa: UP007 - the number of members varies
        if origin in (tuple, dict):
            return origin[tuple(translated(each) if each is not ... else each for each in arguments)]
        if isinstance(annotation, type) and attrs.has(annotation):
            fields = attrs.fields(annotation)
            return make(annotation.__name__, {each.name: (translated(each.type), each.default) for each in fields})
        return annotation

    translated_model: type[Any] = translated(model)
    return translated_model


def with_structs(model: type[Any]) -> Callable[[bytes], object]:
    """Return a msgspec decoder for its own structs."""

    def make(name: str, fields: dict[str, tuple[Any, Any]]) -> type[Any]:
        described = [
            (field, type_) if default is attrs.NOTHING else (field, type_, default)
            for field, (type_, default) in fields.items()
        ]
        return msgspec.defstruct(name, described, frozen=True, kw_only=True)

    return msgspec.json.Decoder(counterpart(model, make, Timestamp)).decode


def with_pydantic(model: type[Any]) -> Callable[[bytes], object]:
    """Return a strict pydantic decoder for its own models."""

    def make(name: str, fields: dict[str, tuple[Any, Any]]) -> type[Any]:
        described: dict[str, Any] = {
            field: (type_, ... if default is attrs.NOTHING else default) for field, (type_, default) in fields.items()
        }
        return pydantic.create_model(name, __config__=pydantic.ConfigDict(strict=True, frozen=True), **described)

    read: Callable[[bytes], object] = counterpart(model, make, datetime).model_validate_json
    return read


def with_cattrs(model: type[Any]) -> Callable[[bytes], object]:
    """Return a lenient cattrs decoder for the models of this package, from the dicts of orjson."""
    converter = cattrs.Converter(detailed_validation=False)
    converter.register_structure_hook_func(
        lambda type_: type_ == Timestamp, lambda text, _: datetime.fromisoformat(text)
    )
    converter.register_structure_hook_func(
        lambda type_: isinstance(type_, type) and issubclass(type_, OpenEnum), lambda text, enum: enum(text)
    )
    converter.register_structure_hook_func(lambda type_: type_ == ObservationHash, lambda value, _: value)
    return lambda body: converter.structure(orjson.loads(body), model)


def readers(model: type[Any]) -> dict[str, Callable[[bytes], object]]:
    """Return the decoders to compare; the first is the baseline."""
    return {
        "orjson.loads, bare dicts": orjson.loads,
        "msgspec, its own Structs": with_structs(model),
        "tripwire_async, typed and strict": lambda body: decode(body, model),
        "pydantic v2, strict": with_pydantic(model),
        "cattrs alone, lenient": with_cattrs(model),
    }


def measure(
    compared: Mapping[str, Callable[[bytes], object]], body: bytes, *, rounds: int, reads: int
) -> dict[str, list[float]]:
    """Return the microseconds of one read, for each decoder and round."""
    taken: dict[str, list[float]] = {name: [] for name in compared}
    for read in compared.values():
        read(body)
    # Exclude all objects created so far from garbage collection, which would scan them on each full run.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, read in compared.items():
            read(body)  # warm the caches after the previous decoder
            started = time.perf_counter()
            for _ in range(reads):
                read(body)
            taken[name].append((time.perf_counter() - started) / reads * 1e6)
    return taken


def report(title: str, taken: Mapping[str, list[float]]) -> str:
    """Return the table for one body."""
    base, *_ = taken.values()
    lines = [title, f"  {'decoder':<34}{'µs':>10}{'x orjson':>10}"]
    for name, times in taken.items():
        ratio = statistics.median(own / of for own, of in zip(times, base, strict=True))
        lines.append(f"  {name:<34}{statistics.median(times):>10.1f}{ratio:>10.2f}")
    return "\n".join(lines)


def main(rounds: int = 200) -> None:
    """Measure both bodies and print a table for each."""
    bodies = {
        SessionDetailResponse: ("A session with every field", session_detail(SessionDetailResponse)),
        EventListResponse: ("A page of 200 events", event_page()),
    }
    for model, (title, body) in bodies.items():
        taken = measure(readers(model), body, rounds=rounds, reads=READS[model])
        sys.stdout.write(f"{report(f'{title}, {len(body):,} bytes, {rounds} rounds', taken)}\n\n")
    sys.stdout.write(f"Limit for typed and strict decoding: {LIMIT} times orjson.loads.\n")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
