"""Pages of a list, with cursors that mean nothing to anybody else."""

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
    """Answer the part of *items* that *query* asks for by limit and cursor.

    A cursor remembers its list, the filters and the last item, and goes on behind that one, so that what is added
    meanwhile disturbs nothing. A cursor of another list, or of other filters, is a 422.
    """
    limit = page_limit(query)
    filters = sorted((name, value) for name, value in query.items() if name not in {"limit", "cursor"})
    of_list = [request.operation, *request.ids.values(), *(f"{name}={value}" for name, value in filters)]
    begin = 0
    if "cursor" in query:
        begin = _behind(query["cursor"], of_list, items)
    found = items[begin : begin + limit]
    has_more = begin + limit < len(items)
    cursor = _cursor(of_list, found[-1]["id"]) if has_more else None
    return list_response(request, found, limit=limit, has_more=has_more, cursor=cursor)


def _cursor(of_list: list[str], last: str) -> str:
    return base64.urlsafe_b64encode(encode([of_list, last])).rstrip(b"=").decode()


def _behind(cursor: str, of_list: list[str], items: Sequence[JsonObject]) -> int:
    try:
        meant, last = decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, msgspec.DecodeError):
        meant, last = None, None
    if meant == of_list:
        for index, item in enumerate(items):
            if item["id"] == last:
                return index + 1
    raise validation_error(
        FieldIssue("cursor", "is not a cursor of this list", "next_cursor of an earlier page", cursor)
    )
