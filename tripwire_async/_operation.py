"""What one operation of the API is: the constants that are generated, and the caller that runs them, share this."""

from __future__ import annotations

import re
from typing import Final, Generic, Literal, TypeAlias, TypeVar

import attrs

Authority: TypeAlias = Literal["public", "secret", "poll_token", "agent_token"]
"""Whose credentials an operation wants: nobody's, a secret key's, a Gate poll token's or a Gate agent token's."""

_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")

T_co = TypeVar("T_co", covariant=True)


# Compared by identity, so that what was checked of a value for it can be remembered cheaply.
@attrs.frozen(kw_only=True, eq=False)
class PathArgument:
    """A placeholder in an operation's path.

    Attributes:
        name: Its name in the template, as ``organizationId``.
        argument: Its name in Python, as ``organization_id``: what an error message calls it.
        pattern: What the whole value must match; None when the API does not say.
    """

    name: str
    argument: str
    pattern: re.Pattern[str] | None = None


@attrs.frozen(kw_only=True)
class Operation(Generic[T_co]):
    """One operation of the API, as its description states it.

    Attributes:
        id: The operation's id, as ``sendTestWebhook``.
        method: The HTTP method, in capitals.
        path: The path template, as ``/v1/sessions/{sessionId}``; logs show this and never the ids.
        path_arguments: The placeholders of *path*, in their order.
        query: The names of the query arguments that it takes.
        authority: Whose credentials it wants.
        scope: The scope that a secret key needs; None for other authorities.
        body: The model of the request's body; None when there is none.
        success: The status of a good answer.
        returns: The model of a good answer's body, envelope included; `type(None)` when it has no body.
        template: *path* with ``%s`` for every placeholder, which is quicker to fill.
    """

    id: str
    method: str
    path: str
    path_arguments: tuple[PathArgument, ...] = ()
    query: tuple[str, ...] = ()
    authority: Authority
    scope: str | None = None
    body: type[object] | None = None
    success: int
    returns: type[T_co]
    template: str = attrs.field(
        init=False,
        repr=False,
        eq=False,
        default=attrs.Factory(lambda self: _PLACEHOLDER.sub("%s", self.path), takes_self=True),
    )
