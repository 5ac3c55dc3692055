"""Redaction: headers, bodies, frames and text from other parties are made safe to log and to print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, final

import msgspec

from .secret import SECRET_PREFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXCERPT_CHARACTERS: Final = 500
_SENSITIVE_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

# Text that another party wrote can contain a key with its prefix, the credentials after an authentication scheme, and
# the fields of the service's responses that hold secrets. The last field may be cut off.
_KEY: Final = re.compile(rf"({'|'.join(SECRET_PREFIXES)})[\w.~+/=-]+", re.ASCII)
_CREDENTIALS: Final = re.compile(r"\b(bearer|basic)(\s+)[\w.~+/=-]+", re.IGNORECASE | re.ASCII)
_FIELD: Final = re.compile(r'("\w*(?:secret|token|password|revealed_key|private_key)"\s*:\s*")(?:[^"\\]|\\.)*')


def redact(text: str) -> str:
    """Return *text* with likely secrets replaced by ``…``.

    A proxy's error page may repeat the request headers, and a truncated response may contain a new secret.
    """
    return _KEY.sub(r"\1…", _CREDENTIALS.sub(r"\1\2…", _FIELD.sub(r"\1…", text)))


def redact_headers(headers: Mapping[str, str]) -> str:
    """Return the ``repr`` of *headers* as a dict, without credentials."""
    shown = {name: "…" if name.lower() in _SENSITIVE_HEADERS else redact(value) for name, value in headers.items()}
    return repr(shown)


def sanitize(text: str) -> str:
    """Return the beginning of *text* on one line, printable and redacted."""
    line = " ".join(redact(text[: 4 * _EXCERPT_CHARACTERS]).split())
    if not line.isprintable():
        line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return _shorten(line)


def excerpt(body: bytes) -> str:
    """Return the beginning of *body* as text, redacted."""
    return _shorten(redact(body[: 4 * _EXCERPT_CHARACTERS].decode(errors="replace")))


def _shorten(text: str) -> str:
    return text if len(text) <= _EXCERPT_CHARACTERS else text[:_EXCERPT_CHARACTERS] + "…"


# A struct, unlike the models: a call makes six of these, and making a frozen attrs class takes five times as long.
class RedactedStruct(msgspec.Struct, frozen=True):
    """A struct whose ``repr`` hides the credentials in its *headers* and the contents of its *body*."""

    # rich prints the locals of frames in tracebacks. The default of msgspec would show it every field.
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        for name, show in (("headers", redact_headers), ("body", _describe_body)):
            if name in fields:
                fields[name] = _RawRepr(show(fields[name]))
        return list(fields.items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


def _describe_body(body: object) -> str:
    if isinstance(body, bytes):
        return f"<{len(body)} bytes>"
    return "None" if body is None else f"<{type(body).__name__}>"


@final
class HiddenBytes:
    """Bytes that print as their length, also inside other objects."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __repr__(self) -> str:
        return _describe_body(self.content)


class _RawRepr(str):
    """Text whose ``repr`` is the text itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
