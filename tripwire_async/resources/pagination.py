"""Lists that come in pages: await one page, or walk through the items of all."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast, final

import attrs
import msgspec

from tripwire_async.errors import ResponseDecodeError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator

    from tripwire_async._generated.models.shared import CursorPagination
    from tripwire_async._http.api_calls import ApiRequest, Caller

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """A part of a list.

    Attributes:
        items: The items, in the service's order.
        limit: How many a page holds at the most; in a list that comes whole, how many it holds.
        has_more: Whether the list goes on.
        next_cursor: What to pass as *cursor* for the next page; may be stored. None at the end of the list, and in
            lists that take no cursor.
        request_id: The service's id of the request that this page answers; None when it had none.
    """

    items: tuple[T, ...]
    limit: int
    has_more: bool
    next_cursor: str | None
    request_id: str | None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class ListResponse(Protocol[T_co]):
    """An answer that lists things; it may say in ``pagination`` where the list goes on."""

    @property
    def data(self) -> tuple[T_co, ...]:
        """The items."""
        ...


@final
class Listing(Generic[T]):
    """What a ``list`` method returns: ``await`` it for one `Page`, or ``async for`` over every item of every page.

    Nothing is requested before that. Each walk begins anew at the cursor that the listing was made with.

    Args:
        call: What calls the operation.
        request: The operation with its arguments; an operation without a ``cursor`` returns a single page.
        prefetch: How many pages to read ahead while the items of one are worked on: 0 or 1.
    """

    def __init__(
        self,
        call: Caller,
        request: ApiRequest[ListResponse[T]],
        *,
        prefetch: int = 0,
    ) -> None:
        if prefetch not in {0, 1}:
            msg = f"prefetch must be 0 or 1, not {prefetch!r}"
            raise ValueError(msg)
        self._call = call
        self._request = request
        self._operation = request.operation
        self._query = {} if request.query is None else dict(request.query)
        self._cursor = cast("str | None", self._query.get("cursor"))
        self._prefetch = prefetch

    def __await__(self) -> Generator[Any, None, Page[T]]:
        """Read one page."""
        return self._page(self._cursor).__await__()

    async def __aiter__(self) -> AsyncGenerator[T]:
        """Walk through every item of every page."""
        # Whoever closes the walk in the middle closes what reads the pages with it.
        async with contextlib.aclosing(self.pages()) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def pages(self) -> AsyncGenerator[Page[T]]:
        """Walk through the pages.

        Raises:
            ResponseDecodeError: The list says that it goes on, but gives no cursor or one that it gave before.
        """
        seen = {self._cursor}
        page = await self._page(self._cursor)
        while page.has_more and "cursor" in self._operation.query:
            cursor = page.next_cursor
            if not cursor or cursor in seen:
                # The page itself is good, so it comes before the bad news.
                yield page
                raise self._pagination_error(page)
            seen.add(cursor)
            if not self._prefetch:
                yield page
                page = await self._page(cursor)
                continue
            ahead = asyncio.create_task(self._page(cursor))
            try:
                yield page
                page = await ahead
            finally:
                # The walk may be left in the middle: what was asked for in advance must not outlive it, and how it
                # ended is nobody's concern any more.
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)
        yield page

    async def _page(self, cursor: str | None) -> Page[T]:
        response = await self._call(msgspec.structs.replace(self._request, query={**self._query, "cursor": cursor}))
        items = response.value.data
        pagination: CursorPagination | None = getattr(response.value, "pagination", None)
        return Page(
            items=items,
            limit=len(items) if pagination is None else pagination.limit,
            has_more=pagination is not None and pagination.has_more,
            next_cursor=None if pagination is None else pagination.next_cursor,
            request_id=response.request_id,
        )

    def _pagination_error(self, page: Page[T]) -> ResponseDecodeError:
        if page.next_cursor:
            trouble = "gives a cursor that was used before, so the walk would go round in a circle"
        else:
            trouble = "says that the list goes on, but gives no cursor to go on with"
        return ResponseDecodeError(
            f"{self._operation.id}: the service {trouble}",
            operation=self._operation.id,
            status=self._operation.success,
            path="$.pagination.next_cursor",
            request_id=page.request_id,
        )
