"""Visitor fingerprints: devices identified across sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._generated.models.fingerprints import VisitorFingerprintSort
from tripwire_async._generated.operations import fingerprints as operations
from tripwire_async._http.api_calls import ApiRequest

from .arguments import check_page_size, enum_value
from .base import Resource
from .pagination import Listing
from .raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tripwire_async._generated.models.fingerprints import (
        VisitorFingerprintDetail,
        VisitorFingerprintSortValue,
        VisitorFingerprintSummary,
    )
    from tripwire_async._http.api_calls import Caller


@final
class Fingerprints(Resource):
    """The visitor fingerprints that the key may see.

    Each method names the scope that the secret key needs. An invalid argument raises ValueError before anything is
    sent. An error response raises `APIError`, and a missing response raises `TransportError`.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        search: str | None = None,
        sort: VisitorFingerprintSort | VisitorFingerprintSortValue | None = None,
        prefetch: int = 0,
    ) -> Listing[VisitorFingerprintSummary]:
        """List visitor fingerprints: await one page, or iterate over all with ``async for``.

        Scope ``fingerprints:list``.

        Args:
            limit: Largest number of items on a page, from 1 to 200; the service's default is 50.
            cursor: Start of the page: the `next_cursor` of an earlier page, which may be stored.
            search: Only fingerprints that contain this text.
            sort: ``seen_count`` or ``first_seen``; None means the service's default order.
            prefetch: Number of pages that an iteration reads ahead, 0 or 1.
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
        sort: VisitorFingerprintSort | VisitorFingerprintSortValue | None = None,
        prefetch: int = 0,
    ) -> AsyncGenerator[VisitorFingerprintSummary]:
        """Iterate over the fingerprints of every page; takes the arguments of `list`, with *limit* per page."""
        return aiter(self.list(limit=limit, cursor=cursor, search=search, sort=sort, prefetch=prefetch))

    async def get(self, visitor_id: str) -> VisitorFingerprintDetail:
        """Read one visitor fingerprint with its activity. Scope ``fingerprints:read``."""
        response = await self._call(ApiRequest(operations.GET_VISITOR_FINGERPRINT, (visitor_id,)))
        return response.value.data


@final
class RawFingerprints(RawResource[Fingerprints]):
    """The methods of `Fingerprints`, each returning a `RawResponse`."""

    list = raw(Fingerprints.list)
    get = raw(Fingerprints.get)
