# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Operations of the tag sessions."""

import re
from typing import Final

from tripwire_async._generated.models.sessions import SessionDetailResponse, SessionListResponse, UpdateSessionRequest
from tripwire_async._operation import Operation, PathArgument

_SESSION_ID: Final = re.compile(r"^sid_[0123456789abcdefghjkmnpqrstvwxyz]{26}$")

LIST_SESSIONS: Final[Operation[SessionListResponse]] = Operation(
    id="listSessions",
    method="GET",
    path="/v1/sessions",
    query=("limit", "cursor", "verdict", "search"),
    authority="secret",
    scope="sessions:list",
    success=200,
    returns=SessionListResponse,
)
"""List sessions, one page at a time."""

GET_SESSION: Final[Operation[SessionDetailResponse]] = Operation(
    id="getSession",
    method="GET",
    path="/v1/sessions/{sessionId}",
    path_arguments=(PathArgument(name="sessionId", argument="session_id", pattern=_SESSION_ID),),
    authority="secret",
    scope="sessions:read",
    success=200,
    returns=SessionDetailResponse,
)
"""Read one session with all of its evidence."""

UPDATE_SESSION: Final[Operation[SessionDetailResponse]] = Operation(
    id="updateSession",
    method="PATCH",
    path="/v1/sessions/{sessionId}",
    path_arguments=(PathArgument(name="sessionId", argument="session_id", pattern=_SESSION_ID),),
    authority="secret",
    profiles=("foil",),
    scope="sessions:update",
    body=UpdateSessionRequest,
    success=200,
    returns=SessionDetailResponse,
)
"""Attach the customer's own user id to a session, or remove it.

Foil only.
"""
