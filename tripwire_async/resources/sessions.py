"""Sessions and their verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._generated.models.sessions import UpdateSessionRequest
from tripwire_async._generated.models.shared import Verdict
from tripwire_async._generated.operations import sessions as operations
from tripwire_async._http.api_calls import ApiRequest

from .arguments import check_page_size, enum_value
from .base import Resource
from .pagination import Listing
from .raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tripwire_async._generated.models.sessions import SessionDetail, SessionSummary
    from tripwire_async._generated.models.shared import VerdictValue
    from tripwire_async._http.api_calls import Caller


@final
class Sessions(Resource):
    """The sessions that the key may see.

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
        verdict: Verdict | VerdictValue | None = None,
        search: str | None = None,
        prefetch: int = 0,
    ) -> Listing[SessionSummary]:
        """List sessions, newest first: await one page, or iterate over all with ``async for``.

        Scope ``sessions:list``.

        Args:
            limit: Largest number of items on a page, from 1 to 200; the service's default is 50.
            cursor: Start of the page: the `next_cursor` of an earlier page, which may be stored.
            verdict: Only sessions with this verdict.
            search: Only sessions that contain this text.
            prefetch: Number of pages that an iteration reads ahead, 0 or 1.
        """
        query = {
            "limit": check_page_size(limit),
            "cursor": cursor,
            "verdict": None if verdict is None else enum_value(Verdict, verdict),
            "search": search,
        }
        return Listing(self._call, ApiRequest(operations.LIST_SESSIONS, query=query), prefetch=prefetch)

    def iter(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        verdict: Verdict | VerdictValue | None = None,
        search: str | None = None,
        prefetch: int = 0,
    ) -> AsyncGenerator[SessionSummary]:
        """Iterate over the sessions of every page; takes the arguments of `list`, with *limit* per page."""
        return aiter(self.list(limit=limit, cursor=cursor, verdict=verdict, search=search, prefetch=prefetch))

    async def get(self, session_id: str) -> SessionDetail:
        """Read one session with all of its evidence. Scope ``sessions:read``."""
        response = await self._call(ApiRequest(operations.GET_SESSION, (session_id,)))
        return response.value.data

    async def attach_client_user(self, session_id: str, client_user_id: str) -> SessionDetail:
        """Attach your own id of the user behind a session, in place of a previous one; return the session.

        The id has at most 256 characters. Foil only; scope ``sessions:update``.
        """
        return await self._update(session_id, client_user_id)

    async def clear_client_user(self, session_id: str) -> SessionDetail:
        """Remove your own user id from a session; return the session. Foil only; scope ``sessions:update``."""
        return await self._update(session_id, None)

    async def _update(self, session_id: str, client_user_id: str | None) -> SessionDetail:
        body = UpdateSessionRequest(client_user_id=client_user_id)
        response = await self._call(ApiRequest(operations.UPDATE_SESSION, (session_id,), body=body))
        return response.value.data


@final
class RawSessions(RawResource[Sessions]):
    """The methods of `Sessions`, each returning a `RawResponse`."""

    list = raw(Sessions.list)
    get = raw(Sessions.get)
    attach_client_user = raw(Sessions.attach_client_user)
    clear_client_user = raw(Sessions.clear_client_user)
