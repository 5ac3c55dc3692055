"""Models of the payload of a sealed token."""
# Without `from __future__ import annotations`: msgspec reads the types of the classes at run time.

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import attrs
import msgspec

__all__ = ["TokenDecision", "TokenManipulation", "TokenRequest", "TokenVisitorFingerprint", "VerifiedToken"]

_Number: TypeAlias = int | float
"""The service sends whole numbers; a fraction must not make a genuine token invalid."""

_AwareDatetime = Annotated[dt.datetime, msgspec.Meta(tz=True)]


@attrs.frozen(kw_only=True)
class TokenManipulation:
    """Signs that the visitor manipulated the measurement.

    Attributes:
        score: From 0 to 100; None if not determined.
        verdict: ``none``, ``low``, ``medium``, ``high``, or a value that the service has added since.
    """

    score: _Number | None = None
    verdict: str | None = None


@attrs.frozen(kw_only=True)
class TokenDecision:
    """The service's decision about the visitor.

    Attributes:
        verdict: ``bot``, ``human``, ``inconclusive``, or a value that the service has added since.
        event_id: The id of the decision.
        risk_score: From 0 to 100; a higher score means more likely a bot.
        phase: ``snapshot`` or ``behavioral``: the amount of data behind the decision.
        is_provisional: Whether a later decision may replace this one.
        manipulation: Signs of manipulation; None if the service did not check for them.
        evaluation_duration_ms: Duration of the evaluation, in milliseconds.
        evaluated_at: The time of the decision, in UTC.
    """

    verdict: str
    event_id: str | None = None
    risk_score: _Number | None = None
    phase: str | None = None
    is_provisional: bool | None = None
    manipulation: TokenManipulation | None = None
    evaluation_duration_ms: _Number | None = None
    evaluated_at: _AwareDatetime | None = None


@attrs.frozen(kw_only=True)
class TokenRequest:
    """The evaluated visit; compare it with the request that carried the token.

    Attributes:
        url: The URL of the page.
        user_agent: The User-Agent of the browser.
        ip_address: The IP address of the visitor.
        screen_size: For example ``1920x1080``; None if unknown.
        is_touch_capable: Whether the device has a touch screen; None if unknown.
    """

    url: str | None = None
    user_agent: str | None = None
    ip_address: str | None = None
    screen_size: str | None = None
    is_touch_capable: bool | None = None


@attrs.frozen(kw_only=True)
class TokenVisitorFingerprint:
    """The visitor, identified across sessions.

    Attributes:
        id: The visitor's id, ``vid_…``.
        confidence: From 0 to 100; None if not determined.
        identified_at: The time of the identification, in UTC.
    """

    id: str
    confidence: _Number | None = None
    identified_at: _AwareDatetime | None = None


@attrs.frozen(kw_only=True)
class VerifiedToken:
    """Verified payload of a sealed token.

    A token can be read any number of times and does not expire: check that `session_id` was not seen before and that
    `decision` is recent, where it matters. The service guarantees only `session_id`, `decision` and `request`.

    Attributes:
        session_id: The id of the session.
        decision: The service's decision about the visitor.
        request: The evaluated visit.
        visitor_fingerprint: The visitor; None if not identified.
        signals: The observed signals, as the service sends them.
        score_breakdown: The parts of the score by category, as the service sends them.
        attribution: The kind of bot, as the service sends it.
        embed: As the service sends it.
        raw: The whole payload, including fields that this version of the library does not know.
    """

    session_id: Annotated[str, msgspec.Meta(min_length=1)]
    decision: TokenDecision
    request: TokenRequest
    visitor_fingerprint: TokenVisitorFingerprint | None = None
    signals: tuple[Any, ...] | None = attrs.field(default=None, hash=False)
    score_breakdown: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    attribution: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    embed: Any = attrs.field(default=None, hash=False)
    raw: Mapping[str, Any] = attrs.field(factory=dict[str, Any], hash=False, repr=False)
