"""Pages: one by await, all items by a walk, and never a walk without an end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tripwire_async._generated.models.shared import CursorPagination
from tripwire_async._http.api_calls import ApiRequest, ApiResponse
from tripwire_async._http.messages import CallStats
from tripwire_async._operation import Operation
from tripwire_async.errors import ResponseDecodeError, ServerError
from tripwire_async.resources.pagination import Listing, Page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


@attrs.frozen
class Things:
    data: tuple[str, ...]
    pagination: CursorPagination


LIST: Operation[Any] = Operation(
    id="listThings",
    method="GET",
    path="/v1/things",
    query=("cursor", "limit"),
    authority="secret",
    success=200,
    returns=Things,
)
LIST_ALL: Operation[Any] = attrs.evolve(LIST, id="listAllThings", query=())


def things(items: str, next_cursor: str | None, *, has_more: bool | None = None) -> Things:
    more = next_cursor is not None if has_more is None else has_more
    return Things(tuple(items), CursorPagination(limit=2, has_more=more, next_cursor=next_cursor))


ABC = {None: things("ab", "1"), "1": things("cd", "2"), "2": things("e", None)}


class Service:
    """Returns pages by cursor and records the requests; an exception in place of a page is raised."""

    def __init__(self, pages: Mapping[str | None, Things | Exception] = ABC) -> None:
        self.pages = pages
        self.asked: list[str | None] = []
        self.queries: list[Mapping[str, object]] = []
        self.cancelled: list[str | None] = []
        self.slow: set[str | None] = set()

    async def __call__(self, request: ApiRequest[Any], /) -> Any:
        query: Any = request.query
        assert query is not None
        cursor = query["cursor"]
        self.asked.append(cursor)
        self.queries.append(query)
        try:
            await asyncio.sleep(3600 if cursor in self.slow else 0)
        except asyncio.CancelledError:
            self.cancelled.append(cursor)
            raise
        page = self.pages[cursor]
        if isinstance(page, Exception):
            raise page
        return ApiResponse(value=page, status=200, headers={}, body=b"", request_id=f"req_{cursor}", stats=CallStats())


def listing(service: Service, operation: Operation[Any] = LIST, *, prefetch: int = 0, **query: object) -> Listing[str]:
    return Listing(service, ApiRequest(operation, query={"limit": 2, **query}), prefetch=prefetch)


async def walk(items: AsyncIterator[str] | Listing[str], into: list[str]) -> None:
    async for item in items:
        into.append(item)  # noqa: PERF401 - what came before an error must be in it


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def leftovers() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def test_awaiting_reads_one_page() -> None:
    """Nothing is requested before."""
    service = Service()
    pending = listing(service)
    assert [] == service.asked
    page = await pending
    assert Page(items=("a", "b"), limit=2, has_more=True, next_cursor="1", request_id="req_None") == page
    assert ["a", "b"] == list(page)
    assert 2 == len(page)
    assert [None] == service.asked


@pytest.mark.parametrize("prefetch", [0, 1])
async def test_walking_gives_every_item_of_every_page_in_order(prefetch: int) -> None:
    """Each page once, with the other arguments; a second iteration starts again."""
    service = Service()
    pages = listing(service, prefetch=prefetch)
    for _ in range(2):
        assert list("abcde") == [item async for item in pages]
    assert [None, "1", "2"] * 2 == service.asked
    assert {2} == {query["limit"] for query in service.queries}


@pytest.mark.parametrize("prefetch", [0, 1])
async def test_pages_can_be_walked_through_themselves(prefetch: int) -> None:
    """With their request ids."""
    pages = [page async for page in listing(Service(), prefetch=prefetch).pages()]
    assert ["req_None", "req_1", "req_2"] == [page.request_id for page in pages]
    assert [True, True, False] == [page.has_more for page in pages]


async def test_a_walk_goes_on_at_a_cursor_that_was_stored() -> None:
    """Perhaps by another process."""
    stored = (await listing(Service())).next_cursor
    assert list("cde") == [item async for item in listing(Service(), cursor=stored)]


async def test_empty_pages_end_nothing() -> None:
    """A page without items may have another after it."""
    service = Service({None: things("", "1"), "1": things("", "2"), "2": things("a", None)})
    assert ["a"] == [item async for item in listing(service)]


async def test_an_empty_list_has_one_page() -> None:
    """And no items."""
    service = Service({None: things("", None)})
    assert [] == [item async for item in listing(service)]
    assert [None] == service.asked


async def test_a_list_without_cursors_ends_after_one_page() -> None:
    """Whatever it says about there being more."""
    service = Service({None: things("ab", None, has_more=True)})
    assert ["a", "b"] == [item async for item in listing(service, LIST_ALL)]
    assert [None] == service.asked


async def test_a_cursor_after_the_last_page_is_not_followed() -> None:
    """``has_more`` decides."""
    service = Service({None: things("a", "1", has_more=False)})
    assert ["a"] == [item async for item in listing(service)]


ASTRAY: list[tuple[dict[str | None, Things], str, str]] = [
    ({None: things("ab", None, has_more=True)}, "ab", "returned no cursor"),
    ({None: things("ab", "", has_more=True)}, "ab", "returned no cursor"),
    ({None: things("ab", "1"), "1": things("cd", "1")}, "abcd", "used before"),
    ({None: things("a", "1"), "1": things("b", "2"), "2": things("c", "1")}, "abc", "used before"),
]


@pytest.mark.parametrize("prefetch", [0, 1])
@pytest.mark.parametrize(("pages", "items", "error"), ASTRAY, ids=["none", "empty", "the same", "a circle"])
async def test_a_walk_that_cannot_go_on_ends_in_an_error_after_all_it_has(
    pages: dict[str | None, Things], items: str, error: str, prefetch: int
) -> None:
    """Never in a loop, and the items that came are given first."""
    got: list[str] = []
    service = Service(pages)
    with pytest.raises(ResponseDecodeError, match=error) as caught:
        await walk(listing(service, prefetch=prefetch), got)
    assert list(items) == got
    assert len(pages) == len(service.asked)
    assert ("listThings", 200, "$.pagination.next_cursor") == (
        caught.value.operation,
        caught.value.status,
        caught.value.path,
    )
    assert f"req_{service.asked[-1]}" == caught.value.request_id


async def test_a_cursor_that_was_passed_in_counts_as_used() -> None:
    """A page that points at itself."""
    with pytest.raises(ResponseDecodeError, match="used before"):
        await walk(listing(Service({"1": things("a", "1")}), cursor="1"), [])


@pytest.mark.parametrize("prefetch", [2, -1, 0.5, None])
def test_how_much_to_prefetch_is_zero_or_one(prefetch: Any) -> None:
    """An invalid number is rejected before anything is sent."""
    with pytest.raises(ValueError, match="prefetch must be 0 or 1"):
        listing(Service(), prefetch=prefetch)


async def test_without_prefetching_a_page_is_asked_for_when_it_is_needed() -> None:
    """The default reads no page in advance."""
    service = Service()
    walking = listing(service).pages()
    await anext(walking)
    await settle()
    assert [None] == service.asked
    await walking.aclose()


async def test_prefetching_reads_only_one_page_ahead() -> None:
    """While the first is processed, the second is read, and the third is not."""
    service = Service()
    walking = listing(service, prefetch=1).pages()
    assert ("a", "b") == (await anext(walking)).items
    await settle()
    assert [None, "1"] == service.asked
    await walking.aclose()
    assert set() == leftovers()


async def test_leaving_early_cancels_what_was_asked_for_in_advance() -> None:
    """The walk's end is the end of its requests."""
    service = Service()
    service.slow.add("1")
    async for item in listing(service, prefetch=1):
        assert item == "a"
        await settle()
        break
    await settle()
    assert ["1"] == service.cancelled
    assert set() == leftovers()


async def test_cancelling_a_walk_cancels_what_it_waits_for() -> None:
    """In the middle of a prefetched page."""
    service = Service()
    service.slow.add("1")
    task = asyncio.create_task(walk(listing(service, prefetch=1), got := []))
    await settle()
    task.cancel()
    await asyncio.wait([task])
    await settle()
    assert task.cancelled()
    assert ["a", "b"] == got
    assert ["1"] == service.cancelled
    assert set() == leftovers()


def refusal() -> ServerError:
    return ServerError("no", status=500)


@pytest.mark.parametrize("prefetch", [0, 1])
async def test_the_error_of_a_page_comes_when_that_page_is_reached_and_once(prefetch: int) -> None:
    """The items before it are not lost."""
    got: list[str] = []
    service = Service({None: things("ab", "1"), "1": refusal()})
    with pytest.raises(ServerError):
        await walk(listing(service, prefetch=prefetch), got)
    assert ["a", "b"] == got
    assert [None, "1"] == service.asked


async def test_the_error_of_a_page_that_was_not_reached_is_ignored() -> None:
    """Asyncio reports no exception that was never retrieved."""
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    walking = listing(Service({None: things("ab", "1"), "1": refusal()}), prefetch=1).pages()
    await anext(walking)
    await settle()
    await walking.aclose()
    await settle()
    del walking
    assert [] == reported
    assert set() == leftovers()
