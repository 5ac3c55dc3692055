"""The innermost layer: the only one that holds the secret key, and the one that adds it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, final

from multidict import istr

from tripwire_async._secrets.keys import as_secret_key
from tripwire_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler
    from tripwire_async._operation import Authority
    from tripwire_async._secrets.secret import Secret

_AUTHORIZATION: Final = istr("Authorization")
_VARIABLE: Final = "TRIPWIRE_SECRET_KEY"
_HOW: Final = f"pass one that begins with sk_ as secret_key=, or set {_VARIABLE} to it"
_VISIBLE_ASCII: Final = re.compile(r"[\x21-\x7e]+")
_WANTED: Final[dict[Authority, str]] = {
    "secret": "a secret key (sk_…)",
    "poll_token": "the poll token of a Gate session (gtpoll_…)",
    "agent_token": "a Gate agent token (agt_…)",
}


@final
class BearerAuth:
    """Add ``Authorization: Bearer …`` as the operation wants it: the secret key, the call's own token or nothing.

    Operations with the authority ``secret`` get *key*, or what the call itself carries in ``Request.bearer``; those
    with a token get that call's token, never the key; ``public`` ones get nothing.

    Without a *key* the environment variable ``TRIPWIRE_SECRET_KEY`` is taken, read here and once. Having none is fine
    until an operation wants one: then the call raises `ConfigurationError`, before anything is sent. So does a key that
    is made for browsers (``pk_…``) or that cannot stand in a header, as soon as it is handed over. No message shows it.
    """

    __slots__ = ("_authorization", "_given")

    _authorization: str | None

    def __init__(self, key: str | Secret | None = None) -> None:
        self._authorization = None
        self._given = key is not None
        if key is None:
            # An empty variable is how a deployment says that there is none.
            key = os.environ.get(_VARIABLE) or None
        if key is not None:
            key = as_secret_key(key)
            self._authorization = _authorization(key, "the secret key", _HOW)

    def or_with(self, key: str | Secret) -> BearerAuth:
        """Return this layer if it was made with a key, else a new one that has *key*."""
        return self if self._given else BearerAuth(key)

    def replace(self, key: str | Secret) -> None:
        """Use *key* from the next attempt on; what is on the wire is not disturbed.

        Raises `ConfigurationError` when it cannot be a secret key; the one before then stays.
        """
        key = as_secret_key(key)
        self._authorization = _authorization(key, "the secret key", _HOW)

    # Not a coroutine: its frame, which holds the key, would stand in the traceback of every transport error.
    def __call__(self, request: Request, call_next: Handler, /) -> Awaitable[Response]:
        """Hand *request* on with the credentials that its operation wants."""
        authority = request.operation.authority
        if authority == "public":
            return call_next(request)
        if request.bearer is not None:
            authorization = _authorization(request.bearer, "the token of this call", f"pass {_WANTED[authority]}")
        elif authority != "secret":
            msg = f"{request.operation.id} needs {_WANTED[authority]}, and the call carries none"
            raise ConfigurationError(msg)
        elif self._authorization is None:
            msg = f"{request.operation.id} needs a secret key: pass secret_key=, or set {_VARIABLE}"
            raise ConfigurationError(msg)
        else:
            authorization = self._authorization
        return call_next(request.with_header(_AUTHORIZATION, authorization))

    def __repr__(self) -> str:
        return f"BearerAuth({'no key' if self._authorization is None else '…'})"


def _authorization(key: Secret, what: str, mend: str) -> str:
    trouble = _trouble(key)
    if trouble is None:
        return f"Bearer {key.reveal()}"
    msg = f"{what} {trouble}: {mend}"
    raise ConfigurationError(msg)


def _trouble(key: Secret) -> str | None:
    """Return why *key* can be none; not raised here, where the text of it is at hand."""
    text = key.reveal()
    if not text:
        return "is empty"
    if not _VISIBLE_ASCII.fullmatch(text):
        return "holds a space, a line break or another character that no key has (was it copied whole?)"
    if text.startswith("pk_"):
        return "is a publishable key (pk_…), made for browsers and refused here"
    return None
