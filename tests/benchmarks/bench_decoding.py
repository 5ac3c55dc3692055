"""What it costs to turn bytes into models: `python -m tests.benchmarks.bench_decoding [ROUNDS]`.

Two bodies, a full session and a page of 200 events, are read by five readers in turn, so that whatever else the machine
does meets all of them alike. A row shows the median time of one read, and the median over the rounds of its ratio to
`orjson.loads`, which only makes dicts and checks nothing but that the bytes are JSON.
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
"""What typed and strict reading may cost, in times of `orjson.loads`."""

READS = {SessionDetailResponse: 40, EventListResponse: 4}
"""How often a reader reads in one round: about a millisecond's worth."""


Make: TypeAlias = "Callable[[str, dict[str, tuple[Any, Any]]], type[Any]]"
"""Makes a class of a name and, for each field, its type and its default, which is `attrs.NOTHING` for none."""


def twin(model: type[Any], make: Make, moment: object) -> type[Any]:
    """Return *model* as another library has it: made by *make*, with *moment* for time stamps."""

    @functools.cache
    def translated(annotation: Any) -> Any:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return moment
        if origin in (Union, types.UnionType):
            return Union[tuple(translated(each) for each in arguments)]  # noqa: UP007 - of as many as there are
        if origin in (tuple, dict):
            return origin[tuple(translated(each) if each is not ... else each for each in arguments)]
        if isinstance(annotation, type) and attrs.has(annotation):
            fields = attrs.fields(annotation)
            return make(annotation.__name__, {each.name: (translated(each.type), each.default) for each in fields})
        return annotation

    twin_: type[Any] = translated(model)
    return twin_


def with_structs(model: type[Any]) -> Callable[[bytes], object]:
    """Return msgspec reading classes of its own."""

    def make(name: str, fields: dict[str, tuple[Any, Any]]) -> type[Any]:
        described = [
            (field, type_) if default is attrs.NOTHING else (field, type_, default)
            for field, (type_, default) in fields.items()
        ]
        return msgspec.defstruct(name, described, frozen=True)

    return msgspec.json.Decoder(twin(model, make, Timestamp)).decode


def with_pydantic(model: type[Any]) -> Callable[[bytes], object]:
    """Return pydantic reading models of its own, strictly."""

    def make(name: str, fields: dict[str, tuple[Any, Any]]) -> type[Any]:
        described: dict[str, Any] = {
            field: (type_, ... if default is attrs.NOTHING else default) for field, (type_, default) in fields.items()
        }
        return pydantic.create_model(name, __config__=pydantic.ConfigDict(strict=True, frozen=True), **described)

    read: Callable[[bytes], object] = twin(model, make, datetime).model_validate_json
    return read


def with_cattrs(model: type[Any]) -> Callable[[bytes], object]:
    """Return cattrs making our models of orjson's dicts, as lenient as it is."""
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
    """Return the readers to compare; the first is what the others are measured by."""
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
    """Return the microseconds of one read, for each reader and round."""
    taken: dict[str, list[float]] = {name: [] for name in compared}
    for read in compared.values():
        read(body)
    # What was imported and made for the comparison would be walked through by each full collection of garbage.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, read in compared.items():
            read(body)  # so that nobody pays for what the one before left in the caches
            began = time.perf_counter()
            for _ in range(reads):
                read(body)
            taken[name].append((time.perf_counter() - began) / reads * 1e6)
    return taken


def report(title: str, taken: Mapping[str, list[float]]) -> str:
    """Return the table of one body."""
    base, *_ = taken.values()
    lines = [title, f"  {'reader':<34}{'µs':>10}{'x orjson':>10}"]
    for name, times in taken.items():
        ratio = statistics.median(own / of for own, of in zip(times, base, strict=True))
        lines.append(f"  {name:<34}{statistics.median(times):>10.1f}{ratio:>10.2f}")
    return "\n".join(lines)


def main(rounds: int = 200) -> None:
    """Measure both bodies and print a table of each."""
    bodies = {
        SessionDetailResponse: ("A session with every field", session_detail(SessionDetailResponse)),
        EventListResponse: ("A page of 200 events", event_page()),
    }
    for model, (title, body) in bodies.items():
        taken = measure(readers(model), body, rounds=rounds, reads=READS[model])
        sys.stdout.write(f"{report(f'{title}, {len(body):,} bytes, {rounds} rounds', taken)}\n\n")
    sys.stdout.write(f"Typed and strict may cost {LIMIT} times what orjson.loads costs.\n")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
