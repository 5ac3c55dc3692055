"""Visitor fingerprints of the seeded sessions, read-only."""

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
    "search": text(),
    "sort": one_of(("seen_count", "first_seen")),
}


def list_fingerprints(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return a page of fingerprints, by default the most recently seen first."""
    query = checked_query(request, _QUERY)
    search = query.get("search", "").lower()
    found = [visitor for visitor in service.state.seeds.visitors.values() if search in visitor.searchable]
    match query.get("sort"):
        case "seen_count":
            found.sort(key=lambda visitor: visitor.seen_count, reverse=True)
        case "first_seen":
            found.sort(key=lambda visitor: visitor.first_seen, reverse=True)
        case _:
            found.sort(key=lambda visitor: visitor.last_seen, reverse=True)
    return page(request, query, [visitor.summary() for visitor in found])


def get_fingerprint(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return one fingerprint with its activity."""
    visitor = service.state.seeds.visitors.get(request.ids["visitorId"])
    if visitor is None:
        raise not_found("visitor fingerprint", request.ids["visitorId"])
    return data_response(request, visitor.detail())


_LIST: Final = "/v1/fingerprints"

ROUTES: Final = (
    Route("listVisitorFingerprints", "GET", _LIST, "secret", "fingerprints:list", list_fingerprints),
    Route("getVisitorFingerprint", "GET", _LIST + "/{visitorId}", "secret", "fingerprints:read", get_fingerprint),
)
