"""Pages of a list, with opaque cursors."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from .checks import page_limit
from .errors import FieldIssue, validation_error
from .messages import ServiceResponse, decode, encode, list_response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .messages import ServiceRequest
    from .records import JsonObject


def page(request: ServiceRequest, query: Mapping[str, str], items: Sequence[JsonObject]) -> ServiceResponse:
    """Return the page of *items* that the limit and cursor in *query* select.

    A cursor contains its list, the filters and the id of the last item, so items that are added later do not
    shift the pages. A cursor of another list or of other filters is a 422.
    """
    limit = page_limit(query)
    filters = sorted((name, value) for name, value in query.items() if name not in {"limit", "cursor"})
    list_key = [request.operation, *request.ids.values(), *(f"{name}={value}" for name, value in filters)]
    start = _start_index(request, query["cursor"], list_key, items) if "cursor" in query else 0
    found = items[start : start + limit]
    has_more = start + limit < len(items)
    cursor = _cursor(list_key, found[-1]["id"]) if has_more else None
    return list_response(request, found, limit=limit, has_more=has_more, cursor=cursor)


def _cursor(list_key: list[str], last_id: str) -> str:
    return base64.urlsafe_b64encode(encode([list_key, last_id])).rstrip(b"=").decode()


def _start_index(request: ServiceRequest, cursor: str, list_key: list[str], items: Sequence[JsonObject]) -> int:
    try:
        cursor_key, last_id = decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, msgspec.DecodeError):
        cursor_key, last_id = None, None
    if cursor_key == list_key:
        for index, item in enumerate(items):
            if item["id"] == last_id:
                return index + 1
    issue = FieldIssue("cursor", "invalid_cursor", "next_cursor of an earlier page of this list", cursor)
    raise validation_error(issue, parameter_set=request.resource)
