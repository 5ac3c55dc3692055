"""Description of one operation of the API: the generated constants are of this type."""

from __future__ import annotations

import re
from typing import Final, Generic, Literal, TypeAlias, TypeVar

import attrs

Authority: TypeAlias = Literal["public", "secret", "poll_token", "agent_token"]
"""Credentials of an operation: none, a secret key, a Gate poll token or a Gate agent token."""

_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")
_ID_PREFIX: Final = re.compile(r"\^([a-z]+_)")

T_co = TypeVar("T_co", covariant=True)


# Compared by identity, so that it can be the key of a cache at no cost.
@attrs.frozen(kw_only=True, eq=False)
class PathArgument:
    """A placeholder in the path of an operation.

    Attributes:
        name: The name in the path template, for example ``organizationId``.
        argument: The name of the Python argument, for example ``organization_id``, used in error messages.
        pattern: Regular expression for the whole value; None when the API does not define one.
    """

    name: str
    argument: str
    pattern: re.Pattern[str] | None = None

    @property
    def prefix(self) -> str:
        """The prefix of valid ids, for example ``org_``; empty without one."""
        match = None if self.pattern is None else _ID_PREFIX.match(self.pattern.pattern)
        return "" if match is None else match[1]


# Compared by identity as well: the paths of calls are cached.
@attrs.frozen(kw_only=True, eq=False)
class Operation(Generic[T_co]):
    """One operation of the API.

    Attributes:
        id: The operation id, for example ``sendTestWebhook``.
        method: The HTTP method, in capitals.
        path: The path template, for example ``/v1/sessions/{sessionId}``. Logs show this and never the ids.
        path_arguments: The placeholders of *path*, in order.
        query: The names of the query arguments.
        authority: The credentials that it requires.
        scope: The scope that a secret key needs; None for other credentials.
        profiles: Names of the profiles of the service that have the operation.
        body: The model of the request body; None for no body.
        success: The status of a successful response.
        returns: The model of a successful response body, envelope included; `type(None)` for no body.
        template: *path* with ``%s`` in place of each placeholder, which is faster to format.
    """

    id: str
    method: str
    path: str
    path_arguments: tuple[PathArgument, ...] = ()
    query: tuple[str, ...] = ()
    authority: Authority
    scope: str | None = None
    profiles: tuple[str, ...] = ("tripwire", "foil")
    body: type[object] | None = None
    success: int
    returns: type[T_co]
    template: str = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda self: _PLACEHOLDER.sub("%s", self.path), takes_self=True),
    )
