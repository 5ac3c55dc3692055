"""Encoding of arguments: URL, query and body of a request."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from tripwire_async._codec.converter import DecodeError, encode, structure, unstructure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from tripwire_async._operation import Operation, PathArgument

_ID_KINDS: Final = {
    "org_": "an organization id",
    "key_": "an API key id",
    "we_": "an endpoint id",
    "wevt_": "an event id",
    "wdlv_": "a delivery id",
    "sid_": "a session id",
    "vid_": "a visitor id",
}


def build_url(base_url: URL, operation: Operation[Any], values: tuple[str, ...]) -> URL:
    """Return the URL of *operation*, its path with *values* in place of the placeholders.

    Raises `ValueError` for a value that is not a valid id, and `TypeError` for one that is not a string.
    """
    try:
        return _cached_url(base_url, operation, values)
    except (TypeError, AttributeError):
        for argument, value in zip(operation.path_arguments, values, strict=False):
            if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
                msg = f"{argument.argument} must be a string, not {type(value).__name__}"
                if isinstance(getattr(value, "id", None), str):
                    msg += f": pass the attribute id of the {type(value).__name__}"
                raise TypeError(msg) from None
        raise


# Tests are sent to the same endpoints again and again. A URL keeps its parts once aiohttp has asked for them.
@functools.lru_cache(maxsize=1024)
def _cached_url(base_url: URL, operation: Operation[Any], values: tuple[str, ...]) -> URL:
    path = operation.template % tuple(map(quote_segment, operation.path_arguments, values))
    return base_url.with_path(base_url.raw_path.rstrip("/") + path, encoded=True)


# Ids recur, the organization's in every call: the cache saves checking and quoting them again.
@functools.lru_cache(maxsize=1024)
def quote_segment(argument: PathArgument, value: str) -> str:
    """Return *value* quoted as one segment of a path; it cannot reach another path."""
    if argument.pattern is not None and not argument.pattern.fullmatch(value):
        raise ValueError(_invalid_id(argument, value))
    if value in {"", ".", ".."} or not value.isprintable():
        msg = f"{argument.argument} {_shorten(value)!r} cannot be part of a URL"
        raise ValueError(msg)
    return quote(value, safe="")


def _invalid_id(argument: PathArgument, value: str) -> str:
    msg = f"{argument.argument} {_shorten(value)!r} is not a valid id"
    expected = argument.prefix
    if not expected:
        return msg
    other = next((kind for prefix, kind in _ID_KINDS.items() if prefix != expected and value.startswith(prefix)), None)
    if other is not None:
        return f"{msg}: it is {other}; pass an id that begins with {expected!r}"
    if value.startswith(expected):
        return f"{msg}: it begins with {expected!r}, but the rest is malformed or has the wrong length"
    return f"{msg}: it must begin with {expected!r}"


def _shorten(value: str) -> str:
    return value if len(value) <= 80 else value[:80] + "…"


def build_query(arguments: Mapping[str, object]) -> dict[str, str]:
    """Return *arguments* as text, without arguments that are None."""
    return {name: _query_text(name, value) for name, value in arguments.items() if value is not None}


def _query_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        msg = f"{name} cannot be sent: it contains a lone surrogate, which cannot be encoded as UTF-8"
        raise ValueError(msg)
    return text


def encode_body(operation: Operation[Any], body: object) -> bytes:
    """Return *body* as JSON, after checking that its fields have the types that the API accepts.

    The models check nothing on construction. A None where null is not allowed, or a number in place of text, is a
    `ValueError` here.
    """
    try:
        # Not decode(encode(body)): in JSON, bytes have become text.
        structure(unstructure(body), type(body))
    except DecodeError as error:
        argument = (error.path or "").removeprefix("$.") or "the body"
        msg = f"{operation.id}: {argument} cannot be sent: {error.message}"
    else:
        return encode(body)
    # Not chained: the frames of the cause hold the text, which may be a secret.
    raise ValueError(msg)
