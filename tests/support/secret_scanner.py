"""Search for secrets in all that an exception holds: texts, attributes, and the locals of every frame."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import multidict
from rich.pretty import pretty_repr

from tripwire_async import Secret
from tripwire_async._redis.guard import GuardedClient
from tripwire_async._secrets.redaction import HiddenBytes, RedactedStruct
from tripwire_async.middleware import BearerAuth
from tripwire_async.resources.raw import _BoundCall

# These hold a secret by design, and hide it from whatever prints them.
_HIDING: Final = (Secret, RedactedStruct, HiddenBytes, BearerAuth, GuardedClient, _BoundCall, aiohttp.ClientSession)
_OPAQUE: Final = (
    *_HIDING,
    type,
    types.ModuleType,
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.FrameType,
    types.TracebackType,
    asyncio.AbstractEventLoop,
    asyncio.Future,
)
_DEPTH: Final = 6
_TESTS: Final = str(Path(__file__).parents[1])


def exposed(error: BaseException, *secrets: str, attributes: bool = True) -> list[str]:
    """Return the places at which *error* shows one of *secrets*; the frames of the tests themselves do not count.

    With *attributes*, the attributes of objects are searched too, in addition to what they print.
    """
    return [
        f"{type(link).__name__}: {place}"
        for link in chain(error)
        for place, value in _parts(link)
        if any(_holds(value, secret, attributes, _DEPTH, set()) for secret in secrets)
    ]


def chain(error: BaseException) -> list[BaseException]:
    """Return *error* with its causes, contexts and members of groups, including suppressed contexts."""
    links: dict[int, BaseException] = {}
    pending = [error]
    while pending:
        link = pending.pop()
        if id(link) not in links:
            links[id(link)] = link
            members = link.exceptions if isinstance(link, BaseExceptionGroup) else ()
            pending += [each for each in (link.__cause__, link.__context__, *members) if each is not None]
    return list(links.values())


def frames(error: BaseException) -> Iterator[types.FrameType]:
    """Yield the frames of the traceback of *error*, without those of the tests."""
    traceback = error.__traceback__
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(_TESTS):
            yield traceback.tb_frame
        traceback = traceback.tb_next


def _parts(error: BaseException) -> Iterator[tuple[str, object]]:
    yield "text", f"{error!s} {error!r}"
    yield "arguments", error.args
    yield "attributes", {name: value for name, value in vars(error).items() if name != "exceptions"}
    for frame in frames(error):
        for name, value in frame.f_locals.items():
            yield f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}: {name}", value


def _holds(value: object, secret: str, attributes: bool, depth: int, seen: set[int]) -> bool:
    if isinstance(value, str):
        return secret in value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return secret.encode() in bytes(value)
    if id(value) in seen or depth < 0 or isinstance(value, _OPAQUE[len(_HIDING) :]):
        return False
    seen.add(id(value))
    if secret in (_printed(value) if depth == _DEPTH else _repr(value)):
        return True
    return any(_holds(part, secret, attributes, depth - 1, seen) for part in _contents(value, attributes))


def _printed(value: object) -> str:
    """Return what reporters print of a local: its repr, and the output of rich."""
    return f"{_repr(value)} {pretty_repr(value)}"


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - reporters survive a broken repr as well
        return repr(error)


def _contents(value: object, attributes: bool) -> Iterator[object]:
    if isinstance(value, (Mapping, multidict.MultiMapping)):
        for key, content in list(value.items()):
            yield key
            yield content
    elif isinstance(value, Collection):
        yield from list(value)
    if attributes and not isinstance(value, _OPAQUE):
        yield from getattr(value, "__dict__", {}).values()
        for cls in type(value).__mro__:
            slots: Any = cls.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                name = (
                    f"_{cls.__name__.lstrip('_')}{slot}" if slot.startswith("__") and not slot.endswith("__") else slot
                )
                if name not in {"__dict__", "__weakref__"}:
                    yield getattr(value, name, None)
