"""The operations: where each is found, what opens it and who answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import unquote

import attrs

from .errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .messages import ServiceRequest, ServiceResponse

    Handler: TypeAlias = Callable[["Service", ServiceRequest], ServiceResponse]
    from .service import Service

Authority: TypeAlias = Literal["public", "secret", "poll_token", "agent_token"]

_ARGUMENT: Final = ""


@attrs.frozen
class Route:
    """One operation: *scope* is what its secret key must grant."""

    operation: str
    method: str
    path: str
    authority: Authority
    scope: str
    answer: Handler

    @property
    def names(self) -> list[str]:
        """The names of the arguments in the path, in their order."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]


@attrs.define
class _Node:
    routes: dict[str, tuple[Route, list[str]]] = attrs.field(factory=dict[str, "tuple[Route, list[str]]"])
    children: dict[str, _Node] = attrs.field(factory=dict[str, "_Node"])


class Routes:
    """The operations by method and path, found without trying one after the other."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            node = self._root
            for part in route.path.split("/")[1:]:
                node = node.children.setdefault(_ARGUMENT if part.startswith("{") else part, _Node())
            node.routes[route.method] = (route, route.names)

    def find(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
        """Return the operation at *raw_path*, still quoted, and its arguments; raise 404 or 405."""
        node = self._root
        arguments: list[str] = []
        for part in raw_path.split("/")[1:]:
            child = node.children.get(part) if part else None
            if child is None:
                child = node.children.get(_ARGUMENT) if part else None
                if child is None:
                    raise ServiceError(404, "request.unknown_route", f"Nothing is served at {raw_path}.")
                arguments.append(unquote(part) if "%" in part else part)
            node = child
        if not node.routes:
            raise ServiceError(404, "request.unknown_route", f"Nothing is served at {raw_path}.")
        found = node.routes.get(method)
        if found is None:
            allowed = ", ".join(sorted(node.routes))
            raise ServiceError(
                405, "request.method_not_allowed", f"{raw_path} takes {allowed}.", headers={"Allow": allowed}
            )
        return found[0], dict(zip(found[1], arguments, strict=True))
