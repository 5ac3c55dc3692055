"""Events with their deliveries."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import ENDPOINT_ID, LIMIT, checked_query, one_of, page_limit
from tripwire_async.testing._service.errors import not_found
from tripwire_async.testing._service.messages import ServiceResponse, data_response, list_response
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service


def list_events(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return the newest events; the list has no cursor."""
    organization = service.state.organization(request, missing=403)
    types = one_of(sorted(service.profile.event_types))
    query = checked_query(request, {"endpoint_id": ENDPOINT_ID, "type": types, "limit": LIMIT})
    limit = page_limit(query)
    kind, endpoint_id = query.get("type"), query.get("endpoint_id")
    matches = (
        event
        for event in reversed(service.state.events.values())
        if event.organization_id == organization.id
        and kind in {None, event.type}
        and (endpoint_id is None or any(sent.endpoint.id == endpoint_id for sent in event.deliveries))
    )
    found = list(islice(matches, limit + 1))
    page = [event.to_json() for event in found[:limit]]
    return list_response(request, page, limit=limit, has_more=len(found) > limit)


def retrieve_event(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return one event."""
    organization = service.state.organization(request, missing=403)
    event = service.state.events.get(request.ids["eventId"])
    if event is None or event.organization_id != organization.id:
        raise not_found("event", request.ids["eventId"])
    return data_response(request, event.to_json())


_LIST: Final = "/v1/organizations/{organizationId}/events"

ROUTES: Final = (
    Route("listEvents", "GET", _LIST, "secret", "webhooks:read", list_events),
    Route("retrieveEvent", "GET", _LIST + "/{eventId}", "secret", "webhooks:read", retrieve_event),
)
