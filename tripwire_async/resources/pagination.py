"""Paginated lists: await one page, or iterate over the items of all pages."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar, cast, final, overload

import attrs
import msgspec

from tripwire_async.errors import ResponseDecodeError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator

    from tripwire_async._generated.models.shared import CursorPagination
    from tripwire_async._http.api_calls import ApiRequest, Caller

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@attrs.frozen(kw_only=True, repr=False)
class Page(Generic[T]):
    """Page of a list: a sequence of its items.

    Attributes:
        items: The items, in the service's order.
        limit: Largest number of items on a page; the number of items if the list has only one page.
        has_more: Whether there is another page.
        next_cursor: The *cursor* of the next page; may be stored. None at the end of the list, and in lists without a
            cursor.
        request_id: The service's id of the request; None if the response had none.
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

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.items[index]

    def __repr__(self) -> str:
        more = f"next_cursor={self.next_cursor!r}" if self.has_more else "the last page"
        return f"<Page of {len(self.items)} items, limit={self.limit}, {more}, request_id={self.request_id!r}>"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Yield the fields for `rich`."""
        for name in ("items", "limit", "has_more", "next_cursor", "request_id"):
            yield name, getattr(self, name)

    if not TYPE_CHECKING:  # pragma: no branch - a type checker reports unknown attributes by itself

        def __getattr__(self, name: str) -> object:
            advice = ": use page.items, or page itself, which is a sequence" if name in {"data", "results"} else ""
            msg = f"'Page' object has no attribute {name!r}{advice}"
            raise AttributeError(msg, name=name, obj=self)


class ListResponse(Protocol[T_co]):
    """Response with a list of items, and optionally ``pagination``."""

    @property
    def data(self) -> tuple[T_co, ...]:
        """The items."""
        ...


_OF_A_PAGE: Final = frozenset({"data", "has_more", "items", "limit", "next_cursor", "request_id"})


@final
class Listing(Generic[T]):
    """Result of a ``list`` method: ``await`` it for one `Page`, or ``async for`` over every item of every page.

    Nothing is requested before that, and a listing that is never used is reported with a RuntimeWarning. Each iteration
    starts at the cursor that was passed to ``list``.

    Args:
        call: The caller of the operation.
        request: The operation with its arguments; an operation without a ``cursor`` returns a single page.
        prefetch: Number of pages to read ahead while the items of a page are processed: 0 or 1.
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
        self._is_used = False

    if not TYPE_CHECKING:  # pragma: no branch - a type checker would accept every attribute

        def __getattr__(self, name: str) -> object:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            if name in _OF_A_PAGE:
                msg += f": await the list for a page, for example (await client.sessions.list()).{name}"
            raise AttributeError(msg)

    def __await__(self) -> Generator[Any, None, Page[T]]:
        """Read one page."""
        return self.page().__await__()

    async def page(self) -> Page[T]:
        """Read one page: a coroutine, for `asyncio.create_task` and `asyncio.TaskGroup`."""
        self._is_used = True
        return await self._page(self._cursor)

    def __aiter__(self) -> AsyncGenerator[T]:
        """Iterate over every item of every page."""
        self._is_used = True
        return self._items()

    def __repr__(self) -> str:
        arguments = [repr(value) for value in self._request.path]
        arguments += [f"{name}={value!r}" for name, value in self._query.items() if value is not None]
        call = f"{self._operation.id}({', '.join(arguments)})"
        return f"<Listing {call}: await it for one page, or use async for to read all items>"

    def __del__(self) -> None:
        if not getattr(self, "_is_used", True):
            msg = f"nothing was requested by {self!r}"
            warnings.warn(msg, RuntimeWarning, stacklevel=2, source=self)

    async def _items(self) -> AsyncGenerator[T]:
        # Closing the iteration early also closes the generator of the pages.
        async with contextlib.aclosing(self.pages()) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    def pages(self) -> AsyncGenerator[Page[T]]:
        """Iterate over the pages.

        Raises:
            ResponseDecodeError: A page has more pages after it, but its cursor is missing or was used before.
        """
        self._is_used = True
        return self._pages()

    async def _pages(self) -> AsyncGenerator[Page[T]]:
        seen = {self._cursor}
        page = await self._page(self._cursor)
        while page.has_more and "cursor" in self._operation.query:
            cursor = page.next_cursor
            if not cursor or cursor in seen:
                # The page itself is valid, so it is yielded before the error.
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
                # An iteration that ends early must not leave the request behind; its result is not needed.
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
            reason = "returned a cursor that was used before, so the iteration would not end"
        else:
            reason = "reported another page, but returned no cursor for it"
        return ResponseDecodeError(
            f"{self._operation.id}: the service {reason}",
            operation=self._operation.id,
            status=self._operation.success,
            path="$.pagination.next_cursor",
            request_id=page.request_id,
        )
