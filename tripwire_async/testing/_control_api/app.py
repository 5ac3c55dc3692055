"""HTTP side of the control API: the guard against other websites, the page, and the dispatch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from aiohttp import web

from tripwire_async.testing._service.errors import ServiceError, forbidden
from tripwire_async.testing._service.messages import encode

from .commands import Nothing, read_command
from .description import describe
from .live import LiveStreams
from .page import load_page
from .routes import find

if TYPE_CHECKING:
    from tripwire_async.testing._server.controls import ServerControls

_PREFIX: Final = "/_test/"
_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")


@final
class ControlApi:
    """Responds to requests to ``/`` and ``/_test/…``, which are not recorded and do not count against the limit."""

    def __init__(self, server: ServerControls) -> None:
        self._server = server
        self.live = LiveStreams(server)

    @staticmethod
    def handles(path: str) -> bool:
        """Return whether *path* belongs to the control API."""
        return path == "/" or path.startswith(_PREFIX)

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to *request*."""
        try:
            self._check_origin(request)
            if request.method == "GET" and request.path == "/":
                return _page()
            if request.method == "GET" and request.path == "/_test/events":
                return await self.live.stream(request)
            if request.method == "GET" and request.path == "/_test/openapi.json":
                return _json(200, encode(describe(self._server)))
            route, values = find(request.method, request.path)
            command = read_command(route.command or Nothing, await request.read())
            arguments = [*values, command] if route.command is not None else values
            try:
                result = await route.action(self._server, *arguments)
            except ValueError as error:
                raise ServiceError(422, "request.validation_failed", f"{error}.".replace("?.", "?")) from None
            self.live.notify()
        except ServiceError as error:
            response = self._server.service.error(error, self._server.state.ids.hex_id("req"))
            return _json(response.status, response.body, response.headers)
        return _json(route.status, b"" if result is None else encode(result))

    def _check_origin(self, request: web.BaseRequest) -> None:
        """Raise 403 for a request that another website sent through the user's browser."""
        port = self._server.base_url.rpartition(":")[2]
        hosts = {f"{host}:{port}" for host in _HOSTS}
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if host not in hosts:
            message = f"The host {host!r} is not this server: use {self._server.base_url}."
            raise forbidden(message)
        if origin is not None and origin.removeprefix("http://") not in hosts:
            message = f"Requests of other websites, here {origin!r}, are not accepted."
            raise forbidden(message)
        if origin is None and request.path != "/" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            message = "Requests of other websites are not accepted."
            raise forbidden(message)


def _page() -> web.Response:
    page = load_page()
    headers = {
        "Content-Security-Policy": page.policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=page.body, headers=headers, content_type="text/html", charset="utf-8")


def _json(status: int, body: bytes, headers: dict[str, str] | None = None) -> web.Response:
    fixed = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if body:
        fixed["Content-Type"] = "application/json"
    return web.Response(body=body, status=status, headers={**fixed, **(headers or {})})
