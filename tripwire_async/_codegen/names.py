"""Conversion of names in the description to Python names."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .document import Node

_WORD_BOUNDARY: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_RESERVED: Final = frozenset({"Any", "attrs", "bool", "dict", "float", "int", "str", "tuple"})


def snake_case(name: str) -> str:
    """Convert *name* from ``organizationId`` to ``organization_id``."""
    return _WORD_BOUNDARY.sub("_", name).lower()


def constant_case(name: str) -> str:
    """Convert *name* from ``sendTestWebhook`` to ``SEND_TEST_WEBHOOK``."""
    return snake_case(name).upper()


def pascal_case(name: str) -> str:
    """Convert *name* from ``response_status`` to ``ResponseStatus``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def member(value: Node) -> str:
    """Return the enum member name for *value*."""
    text = value.text()
    name = "ALL" if text == "*" else re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_").upper()
    if not name.isidentifier() or name == "MRO":
        value.error(f"{text!r} cannot be converted to a Python name")
    return name


def field(name: str, node: Node) -> str:
    """Return the field name *name* unchanged; raise at *node* if Python cannot use it."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_") or name in _RESERVED:
        node.error(f"{name!r} is not a valid Python field name")
    return name


def class_(name: str, node: Node) -> str:
    """Return the class name *name* unchanged; raise at *node* if it is not one."""
    if not re.fullmatch("[A-Z][A-Za-z0-9]*", name):
        node.error(f"{name!r} is not a valid class name")
    return name
