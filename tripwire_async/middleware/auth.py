"""Bearer authentication: the innermost middleware, which alone holds the secret key."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, final

from multidict import istr

from tripwire_async._secrets.keys import hide, require_key
from tripwire_async.errors import ConfigurationError
from tripwire_async.profiles import missing_key_advice, select_profile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler
    from tripwire_async._operation import Authority
    from tripwire_async._secrets.secret import Secret
    from tripwire_async.profiles import Profile

_AUTHORIZATION: Final = istr("Authorization")
_VISIBLE_ASCII: Final = re.compile(r"[\x21-\x7e]+")
_CREDENTIALS: Final[dict[Authority, str]] = {
    "secret": "a secret key (sk_…)",
    "poll_token": "the poll token of a Gate session (gtpoll_…)",
    "agent_token": "a Gate agent token (agt_…)",
}


@final
class BearerAuth:
    """Add ``Authorization: Bearer …`` with the credentials that the operation requires.

    Operations with the authority ``secret`` get *key*, or the token in ``Request.bearer`` if the call has one.
    Operations that require a token get the token of the call, never the key. ``public`` operations get nothing.
    The credentials go to ``Request.url``, also if a middleware has changed it.

    Args:
        key: The secret key. The default is the environment variable of *profile*, read once, here. Without either,
            calls that require a key raise `ConfigurationError` before anything is sent.
        profile: The name of the service. By default the environment decides; a client sets its own profile.

    Raises:
        ConfigurationError: The key is publishable (``pk_…``) or cannot be sent in a header. The message never
            contains the key.
    """

    __slots__ = ("_authorization", "_given", "_profile")

    _authorization: str | None

    def __init__(self, key: str | Secret | None = None, *, profile: Profile | None = None) -> None:
        self._profile = select_profile(profile, has_key=key is not None)
        self._authorization = None
        self._given = key is not None
        if key is None:
            # Deployments set an empty variable to mean that there is no key.
            key = os.environ.get(self._profile.secret_key_variable) or None
        if key is not None:
            key = hide(key)
            require_key(key)
            self._authorization = self._encode(key)

    def or_with(self, key: str | Secret) -> BearerAuth:
        """Return this middleware if it was made with a key, else a new one with *key*."""
        return self if self._given else BearerAuth(key, profile=self._profile)

    def for_profile(self, profile: Profile) -> BearerAuth:
        """Return this middleware if it was made with a key or for *profile*, else a new one for *profile*."""
        return self if self._given or profile == self._profile else BearerAuth(profile=profile)

    def replace(self, key: str | Secret) -> None:
        """Use *key* from the next attempt on; requests in flight are not affected.

        Raises:
            ConfigurationError: *key* cannot be a secret key. The previous key stays in use.
        """
        key = hide(key)
        require_key(key)
        self._authorization = self._encode(key)

    # Not a coroutine: its frame holds the key and would be part of the traceback of every transport error.
    def __call__(self, request: Request, call_next: Handler, /) -> Awaitable[Response]:
        """Pass *request* on with the credentials that its operation requires."""
        authority = request.operation.authority
        if authority == "public":
            return call_next(request)
        if request.bearer is not None:
            advice = f"pass {_CREDENTIALS[authority]}"
            token = _authorization(request.bearer, "the token of this call", advice, _OTHER_KINDS)
            request = request.with_header(_AUTHORIZATION, token)
            # The next handler may raise before it returns a coroutine, and this frame is then part of the traceback.
            del token
        elif authority != "secret":
            msg = f"{request.operation.id} needs {_CREDENTIALS[authority]}, and the call does not have them"
            raise ConfigurationError(msg)
        elif self._authorization is None:
            msg = f"{request.operation.id} needs a secret key: {missing_key_advice(self._profile)}"
            raise ConfigurationError(msg)
        else:
            request = request.with_header(_AUTHORIZATION, self._authorization)
        return call_next(request)

    def _encode(self, key: Secret) -> str:
        variable = self._profile.secret_key_variable
        advice = f"pass a key that begins with sk_ as secret_key=, or set {variable} to it"
        return _authorization(key, "the secret key", advice, _OTHER_KINDS | _TOKENS)

    def __repr__(self) -> str:
        return f"BearerAuth({'no key' if self._authorization is None else '…'})"


_OTHER_KINDS: Final = {
    "pk_": "a publishable key (pk_…), which works in browsers only",
    "whsec_": "a webhook signing secret (whsec_…), which only verifies webhooks",
}
_TOKENS: Final = {"gtpoll_": "the poll token of a Gate session (gtpoll_…)", "agt_": "a Gate agent token (agt_…)"}


def _authorization(key: Secret, subject: str, advice: str, other_kinds: Mapping[str, str]) -> str:
    reason = _invalid_reason(key, other_kinds)
    if reason is None:
        return f"Bearer {key.reveal()}"
    msg = f"{subject} {reason}: {advice}"
    raise ConfigurationError(msg)


def _invalid_reason(key: Secret, other_kinds: Mapping[str, str]) -> str | None:
    """Return why *key* is invalid, or None; the caller raises, because this frame holds the plain key."""
    text = key.reveal()
    if not text:
        return "is empty"
    if not _VISIBLE_ASCII.fullmatch(text):
        return "contains a space, a line break or another character that no key has (was it copied completely?)"
    kind = next((kind for prefix, kind in other_kinds.items() if text.startswith(prefix)), None)
    return None if kind is None else f"is {kind}"
