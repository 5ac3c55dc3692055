"""The seeded sessions: list, read and, under Foil, attach a user id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.profiles import FOIL
from tripwire_async.testing._service.checks import (
    LIMIT,
    checked_body,
    checked_query,
    nullable,
    one_of,
    required,
    text,
)
from tripwire_async.testing._service.errors import not_found
from tripwire_async.testing._service.messages import ServiceResponse, data_response
from tripwire_async.testing._service.pages import page
from tripwire_async.testing._service.routes import Route
from tripwire_async.testing._service.seeds.foil import foil_detail, foil_summary
from tripwire_async.testing._service.seeds.sessions import session_detail

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.records import JsonObject
    from tripwire_async.testing._service.seeds import Visit
    from tripwire_async.testing._service.service import Service

_QUERY: Final = {
    "limit": LIMIT,
    "cursor": text(1),
    "verdict": one_of(("bot", "human", "inconclusive")),
    "search": text(),
}
_UPDATE: Final = {"client_user_id": required(nullable(text(0, 256)))}


def list_sessions(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return a page of sessions, newest first; *search* matches ids, URLs, IP addresses and user agents."""
    query = checked_query(request, _QUERY)
    verdict, search = query.get("verdict"), query.get("search", "").lower()
    found = [
        foil_summary(visit) if service.profile == FOIL else visit.summary()
        for visit in service.state.seeds.visits.values()
        if verdict in {None, visit.verdict} and search in visit.searchable
    ]
    return page(request, query, found)


def get_session(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return one session in full."""
    return data_response(request, _detail(service, _visit(service, request)))


def update_session(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Attach the customer's user id to a session, or remove it; return the whole session."""
    visit = _visit(service, request)
    visit.client_user_id = checked_body(request, _UPDATE)["client_user_id"]
    return data_response(request, _detail(service, visit))


def _visit(service: Service, request: ServiceRequest) -> Visit:
    id_ = request.ids["sessionId"]
    visit = service.state.seeds.visits.get(id_)
    if visit is None:
        raise not_found("session", id_, docs_page="sessions")
    return visit


def _detail(service: Service, visit: Visit) -> JsonObject:
    return foil_detail(visit) if service.profile == FOIL else session_detail(visit)


_LIST: Final = "/v1/sessions"
_ONE: Final = _LIST + "/{sessionId}"

ROUTES: Final = (
    Route("listSessions", "GET", _LIST, "secret", "sessions:list", list_sessions),
    Route("getSession", "GET", _ONE, "secret", "sessions:read", get_session),
    Route("updateSession", "PATCH", _ONE, "secret", "sessions:update", update_session),
)
