"""Route table: the path, credential and handler of each operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import unquote

import attrs

from .errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .messages import ServiceRequest, ServiceResponse
    from .service import Service

    Handler: TypeAlias = Callable[[Service, ServiceRequest], ServiceResponse]

Credential: TypeAlias = Literal["public", "secret", "poll_token", "agent_token"]

_PLACEHOLDER: Final = ""


@attrs.frozen
class Route:
    """One operation; *scope* is the scope that a secret key needs."""

    operation: str
    method: str
    path: str
    credential: Credential
    scope: str
    handler: Handler

    @property
    def placeholders(self) -> list[str]:
        """The names of the path arguments in order."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def resource(self) -> str:
        """The last fixed segment of the path, for example ``sessions``."""
        return [part for part in self.path.split("/") if not part.startswith("{")][-1]


@attrs.define
class _Node:
    routes: dict[str, Route] = attrs.field(factory=dict[str, Route])
    children: dict[str, _Node] = attrs.field(factory=dict[str, "_Node"])


class Routes:
    """Routes by method and path, as a tree of path segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._by_operation: dict[str, Route] = {}
        for route in routes:
            self._by_operation[route.operation] = route
            node = self._root
            for part in route.path.split("/")[1:]:
                node = node.children.setdefault(_PLACEHOLDER if part.startswith("{") else part, _Node())
            node.routes[route.method] = route

    def placeholders(self, operation: str) -> list[str]:
        """Return the names of the path arguments of *operation*."""
        return self._by_operation[operation].placeholders

    def find(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
        """Return the route for the percent-encoded *raw_path* and its path arguments; raise 404 or 405."""
        node = self._root
        arguments: list[str] = []
        for part in raw_path.split("/")[1:]:
            child = node.children.get(part) if part else None
            if child is None:
                child = node.children.get(_PLACEHOLDER) if part else None
                if child is None:
                    raise _unknown(raw_path)
                arguments.append(unquote(part) if "%" in part else part)
            node = child
        if not node.routes:
            raise _unknown(raw_path)
        route = node.routes.get(method)
        if route is None:
            allowed = ", ".join(sorted(node.routes))
            message = f"{raw_path} supports {allowed}."
            raise ServiceError(405, "request.method_not_allowed", message, headers={"Allow": allowed})
        return route, dict(zip(route.placeholders, arguments, strict=True))


def _unknown(raw_path: str) -> ServiceError:
    return ServiceError(404, "request.not_found", f"There is no operation at {raw_path}.")
