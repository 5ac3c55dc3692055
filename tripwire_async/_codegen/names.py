"""How the description's names read in Python."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .document import Node

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TAKEN: Final = frozenset({"Any", "attrs", "bool", "dict", "float", "int", "str", "tuple"})


def snake(name: str) -> str:
    """Return *name*, as ``organizationId``, in the manner of ``organization_id``."""
    return _HUMP.sub("_", name).lower()


def shout(name: str) -> str:
    """Return *name*, as ``sendTestWebhook``, in the manner of ``SEND_TEST_WEBHOOK``."""
    return snake(name).upper()


def pascal(name: str) -> str:
    """Return *name*, as ``response_status``, in the manner of ``ResponseStatus``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def member(value: Node) -> str:
    """Return the name of an enumeration's member for the text *value*."""
    text = value.text()
    name = "ALL" if text == "*" else re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_").upper()
    if not name.isidentifier() or name == "MRO":
        value.refuse(f"no name in Python can be made of {text!r}")
    return name


def field(name: str, node: Node) -> str:
    """Return *name*, which the field *node* has on the wire and keeps in Python, where that is possible."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_") or name in _TAKEN:
        node.refuse(f"{name!r} cannot be a field's name in Python")
    return name


def class_(name: str, node: Node) -> str:
    """Return *name*, which is to be a class; *node* is what gives it."""
    if not re.fullmatch("[A-Z][A-Za-z0-9]*", name):
        node.refuse(f"{name!r} cannot be a class's name")
    return name
