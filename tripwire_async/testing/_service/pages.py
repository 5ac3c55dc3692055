"""Pages of a list, with cursors that mean nothing to anybody else."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from .checks import limit_of
from .messages import Reply, decode, encode, listing
from .problems import FieldIssue, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .messages import Call
    from .records import Wire


def page(call: Call, query: Mapping[str, str], items: Sequence[Wire]) -> Reply:
    """Answer the part of *items* that *query* asks for by limit and cursor.

    A cursor remembers its list, the filters and the last item, and goes on behind that one, so that what is added
    meanwhile disturbs nothing. A cursor of another list, or of other filters, is a 422.
    """
    limit = limit_of(query)
    filters = sorted((name, value) for name, value in query.items() if name not in {"limit", "cursor"})
    of_list = [call.operation, *call.ids.values(), *(f"{name}={value}" for name, value in filters)]
    begin = 0
    if "cursor" in query:
        begin = _behind(query["cursor"], of_list, items)
    found = items[begin : begin + limit]
    has_more = begin + limit < len(items)
    cursor = _cursor(of_list, found[-1]["id"]) if has_more else None
    return listing(call, found, limit=limit, has_more=has_more, cursor=cursor)


def _cursor(of_list: list[str], last: str) -> str:
    return base64.urlsafe_b64encode(encode([of_list, last])).rstrip(b"=").decode()


def _behind(cursor: str, of_list: list[str], items: Sequence[Wire]) -> int:
    try:
        meant, last = decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, msgspec.DecodeError):
        meant, last = None, None
    if meant == of_list:
        for index, item in enumerate(items):
            if item["id"] == last:
                return index + 1
    raise invalid(FieldIssue("cursor", "is not a cursor of this list", "next_cursor of an earlier page", cursor))
