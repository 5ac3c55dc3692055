"""Sessions, read only: those that were seeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import LIMIT, checked_query, one_of, text
from tripwire_async.testing._service.errors import not_found
from tripwire_async.testing._service.messages import ServiceResponse, data_response
from tripwire_async.testing._service.pages import page
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

_QUERY: Final = {
    "limit": LIMIT,
    "cursor": text(1),
    "verdict": one_of(("bot", "human", "inconclusive")),
    "search": text(),
}


def list_sessions(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Answer a page of the sessions, newest first; *search* looks into ids, addresses and user agents."""
    query = checked_query(request, _QUERY)
    verdict, search = query.get("verdict"), query.get("search", "").lower()
    found = [
        visit.summary()
        for visit in service.state.seeds.visits.values()
        if verdict in {None, visit.verdict} and search in visit.searchable
    ]
    return page(request, query, found)


def get_session(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Answer all that is known of one session."""
    visit = service.state.seeds.visits.get(request.ids["sessionId"])
    if visit is None:
        raise not_found("session", request.ids["sessionId"])
    return data_response(request, visit.detail())


ROUTES: Final = (
    Route("listSessions", "GET", "/v1/sessions", "secret", "sessions:list", list_sessions),
    Route("getSession", "GET", "/v1/sessions/{sessionId}", "secret", "sessions:read", get_session),
)
