"""Base of resources."""

from __future__ import annotations


class Resource:
    """Base of resources, whose repr lists their methods and the resources below them."""

    def __repr__(self) -> str:
        names = [name for name in dir(type(self)) if not name.startswith("_")]
        return f"<{type(self).__name__}: {', '.join(names)}>"
