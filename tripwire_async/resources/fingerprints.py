"""Visitor fingerprints: devices that come back, by whatever name."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._generated.models.fingerprints import VisitorFingerprintSort
from tripwire_async._generated.operations import fingerprints as operations
from tripwire_async._http.api_calls import ApiRequest

from .arguments import check_page_size, enum_value
from .pagination import Listing
from .raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tripwire_async._generated.models.fingerprints import VisitorFingerprintDetail, VisitorFingerprintSummary
    from tripwire_async._http.api_calls import Caller


@final
class Fingerprints:
    """The visitor fingerprints that the key may see.

    Each method names the scope that a secret key needs for it. An argument that cannot be right is a ValueError before
    anything is sent; a refusal of the service is an `APIError`, and no answer a `TransportError`.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        search: str | None = None,
        sort: VisitorFingerprintSort | str | None = None,
        prefetch: int = 0,
    ) -> Listing[VisitorFingerprintSummary]:
        """List visitor fingerprints: await one page, or walk through all with ``async for``.

        Scope ``fingerprints:list``.

        Args:
            limit: How many a page holds at the most, from 1 to 200; the service's own choice is 50.
            cursor: Where to begin: the `next_cursor` of a page that was read before, perhaps by another process.
            search: Only fingerprints in which this text is found.
            sort: ``seen_count`` or ``first_seen``; the service's own order otherwise.
            prefetch: How many pages a walk reads ahead, 0 or 1.
        """
        query = {
            "limit": check_page_size(limit),
            "cursor": cursor,
            "search": search,
            "sort": None if sort is None else enum_value(VisitorFingerprintSort, sort),
        }
        return Listing(self._call, ApiRequest(operations.LIST_VISITOR_FINGERPRINTS, query=query), prefetch=prefetch)

    def iter(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        search: str | None = None,
        sort: VisitorFingerprintSort | str | None = None,
        prefetch: int = 0,
    ) -> AsyncGenerator[VisitorFingerprintSummary]:
        """Walk through the fingerprints of every page; takes what `list` takes, *limit* being that of a page."""
        return aiter(self.list(limit=limit, cursor=cursor, search=search, sort=sort, prefetch=prefetch))

    async def get(self, visitor_id: str) -> VisitorFingerprintDetail:
        """Read one visitor fingerprint with its activity. Scope ``fingerprints:read``."""
        response = await self._call(ApiRequest(operations.GET_VISITOR_FINGERPRINT, (visitor_id,)))
        return response.value.data


@final
class RawFingerprints(RawResource[Fingerprints]):
    """The methods of `Fingerprints`, each of which gives a `RawResponse`."""

    list = raw(Fingerprints.list)
    get = raw(Fingerprints.get)
