"""Sessions, read only: those that were seeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import LIMIT, one_of, query_of, text
from tripwire_async.testing._service.messages import Reply, success
from tripwire_async.testing._service.pages import page
from tripwire_async.testing._service.problems import not_found
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import Call
    from tripwire_async.testing._service.service import Service

_QUERY: Final = {
    "limit": LIMIT,
    "cursor": text(1),
    "verdict": one_of(("bot", "human", "inconclusive")),
    "search": text(),
}


def list_sessions(service: Service, call: Call) -> Reply:
    """Answer a page of the sessions, newest first; *search* looks into ids, addresses and user agents."""
    query = query_of(call, _QUERY)
    verdict, search = query.get("verdict"), query.get("search", "").lower()
    found = [
        visit.summary()
        for visit in service.state.seeds.visits.values()
        if verdict in {None, visit.verdict} and search in visit.searchable
    ]
    return page(call, query, found)


def get_session(service: Service, call: Call) -> Reply:
    """Answer all that is known of one session."""
    visit = service.state.seeds.visits.get(call.ids["sessionId"])
    if visit is None:
        raise not_found("session", call.ids["sessionId"])
    return success(call, visit.detail())


ROUTES: Final = (
    Route("listSessions", "GET", "/v1/sessions", "secret", "sessions:list", list_sessions),
    Route("getSession", "GET", "/v1/sessions/{sessionId}", "secret", "sessions:read", get_session),
)
