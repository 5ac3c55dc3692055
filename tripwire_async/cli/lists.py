"""Output of lists: one page, or all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tripwire_async._codec.converter import unstructure
from tripwire_async.errors import ConfigurationError

from .options import LARGEST_PAGE
from .output import warn
from .tables import Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from tripwire_async.resources.pagination import Listing

    from .output import Output

T = TypeVar("T")


def page_size(arguments: argparse.Namespace) -> int | None:
    """Return the number of items to request per page; raise `ConfigurationError` if ``--limit`` is too large."""
    limit: int | None = arguments.limit
    if limit is None or limit <= LARGEST_PAGE:
        return limit
    if arguments.all:
        return LARGEST_PAGE
    msg = f"--limit: a page has at most {LARGEST_PAGE} items; pass --all to read more than one page"
    raise ConfigurationError(msg)


async def print_list(
    output: Output,
    listing: Listing[T],
    arguments: argparse.Namespace,
    titles: Sequence[str],
    row: Callable[[T], Sequence[object]],
    *,
    none: str,
    numbers: frozenset[str] = frozenset(),
) -> None:
    """Print a page of *listing*, or all of it with ``--all``, with one *row* per item.

    *none* is the message for an empty list.
    """
    if arguments.jsonl:
        await _stream(output, listing, arguments)
        return
    if arguments.all:
        items, pagination = await _all_pages(listing, arguments.limit)
    else:
        page = await listing
        # A list without pages has no limit at the API.
        items = list(page.items[: arguments.limit])
        has_more = page.has_more or len(items) < len(page.items)
        pagination = {"limit": page.limit, "has_more": has_more, "next_cursor": page.next_cursor}
    document = {"data": [unstructure(item) for item in items], "pagination": pagination}
    output.emit(document, Table(titles, [row(item) for item in items], numbers), none=none)
    if pagination["next_cursor"] is not None and not output.as_json:
        warn(f"there are more items: pass --cursor {pagination['next_cursor']}, or --all")


async def _all_pages(listing: Listing[T], limit: int | None) -> tuple[list[T], dict[str, Any]]:
    items: list[T] = []
    async for item in listing:
        if len(items) == limit:
            return items, {"limit": limit, "has_more": True, "next_cursor": None}
        items.append(item)
    return items, {"limit": limit or len(items), "has_more": False, "next_cursor": None}


async def _stream(output: Output, listing: Listing[T], arguments: argparse.Namespace) -> None:
    if not arguments.all:
        for item in (await listing).items[: arguments.limit]:
            output.json_line(unstructure(item))
        return
    count = 0
    async for item in listing:
        if count == arguments.limit:
            return
        output.json_line(unstructure(item))
        count += 1
