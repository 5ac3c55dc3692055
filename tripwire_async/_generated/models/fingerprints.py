# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the tag fingerprints."""

from typing import Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import Timestamp
from tripwire_async._codec.model import Model
from tripwire_async._generated.models.shared import CursorPagination, Decision, FingerprintId, ResponseMeta, SessionId


@attrs.frozen(kw_only=True, repr=False)
class RequestContext(Model):
    """The web request that a session was seen in.

    Attributes:
        url: The address of the page that was visited.
        user_agent: The browser's `User-Agent` header.
        ip_address: The address that the visitor came from.
        screen_size: The size of the screen as text; null if unknown.
        is_touch_capable: Whether the device has a touch screen; null if unknown.
    """

    url: str
    user_agent: str
    ip_address: str
    screen_size: str | None
    is_touch_capable: bool | None


@attrs.frozen(kw_only=True, repr=False)
class ScoreBreakdown(Model):
    """Contributions of the evidence to the score.

    Attributes:
        categories: The score of each category of evidence, from 0 to 100; null if there is no
            breakdown.
    """

    categories: dict[str, int] | None


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintActivitySession(Model):
    """One session in which a visitor was seen.

    Attributes:
        session_id: The id of the session.
        decision: Verdict of Tripwire on the session.
        request: The web request that the session was seen in.
        score_breakdown: Contributions of the evidence to the session's score.
    """

    session_id: SessionId
    decision: Decision
    request: RequestContext
    score_breakdown: ScoreBreakdown


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintActivity(Model):
    """Activity of a visitor.

    Attributes:
        sessions: The sessions in which the visitor was seen.
    """

    sessions: tuple[VisitorFingerprintActivitySession, ...]


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintAnchors(Model):
    """The digests by which a visitor is recognized most firmly.

    Attributes:
        webgl_hash: The digest of what WebGL shows; null if it was not observed.
        parameters_hash: The digest of the graphics parameters; null if it was not observed.
        audio_hash: The digest of what the audio system shows; null if it was not observed.
    """

    webgl_hash: str | None
    parameters_hash: str | None
    audio_hash: str | None


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintComponents(Model):
    """The numeric form of a visitor fingerprint.

    Attributes:
        vector: The fingerprint as a list of numbers.
    """

    vector: tuple[float, ...]


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintLifecycle(Model):
    """When and how often a visitor was seen.

    Attributes:
        first_seen_at: When the visitor was seen first.
        last_seen_at: When the visitor was seen last.
        seen_count: Number of times the visitor was seen.
        expires_at: When the fingerprint ceases to be recognized.
    """

    first_seen_at: Timestamp
    last_seen_at: Timestamp
    seen_count: int
    expires_at: Timestamp


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintLatestRequest(Model):
    """The last web request in which a visitor was seen.

    Attributes:
        user_agent: The browser's `User-Agent` header.
        ip_address: The address that the visitor came from.
    """

    user_agent: str
    ip_address: str


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintStorage(Model):
    """Kinds of storage that a visitor's browser supports.

    Attributes:
        cookies: Whether cookies work.
        local_storage: Whether `localStorage` works.
        indexed_db: Whether IndexedDB works.
        service_worker: Whether service workers can be used.
        window_name: Whether `window.name` keeps its value.
    """

    cookies: bool
    local_storage: bool
    indexed_db: bool
    service_worker: bool
    window_name: bool


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintDetail(Model):
    """A visitor fingerprint with its components and activity.

    Attributes:
        object: Names the kind of this object, always `visitor_fingerprint`.
        id: The visitor fingerprint's id, `vid_` and 26 characters.
        lifecycle: When and how often the visitor was seen.
        latest_request: The last web request in which the visitor was seen.
        storage: Kinds of storage that the visitor's browser supports.
        anchors: The digests by which the visitor is recognized most firmly.
        components: The numeric form of the fingerprint.
        activity: The sessions in which the visitor was seen.
    """

    object: Literal["visitor_fingerprint"]
    id: FingerprintId
    lifecycle: VisitorFingerprintLifecycle
    latest_request: VisitorFingerprintLatestRequest
    storage: VisitorFingerprintStorage
    anchors: VisitorFingerprintAnchors
    components: VisitorFingerprintComponents
    activity: VisitorFingerprintActivity


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintDetailResponse(Model):
    """Response with one visitor fingerprint.

    Attributes:
        data: The visitor fingerprint with its components and activity.
        meta: Metadata of the response: the request id.
    """

    data: VisitorFingerprintDetail
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintSummary(Model):
    """A visitor that was recognized, as lists show it.

    Attributes:
        object: Names the kind of this object, always `visitor_fingerprint`.
        id: The visitor fingerprint's id, `vid_` and 26 characters.
        lifecycle: When and how often the visitor was seen.
        latest_request: The last web request in which the visitor was seen.
        storage: Kinds of storage that the visitor's browser supports.
        anchors: The digests by which the visitor is recognized most firmly.
    """

    object: Literal["visitor_fingerprint"]
    id: FingerprintId
    lifecycle: VisitorFingerprintLifecycle
    latest_request: VisitorFingerprintLatestRequest
    storage: VisitorFingerprintStorage
    anchors: VisitorFingerprintAnchors


@attrs.frozen(kw_only=True, repr=False)
class VisitorFingerprintListResponse(Model):
    """One page of visitor fingerprints.

    Attributes:
        data: The visitor fingerprints of this page.
        pagination: Position of the page in the list, and the cursor of the next one.
        meta: Metadata of the response: the request id.
    """

    data: tuple[VisitorFingerprintSummary, ...]
    pagination: CursorPagination
    meta: ResponseMeta


class VisitorFingerprintSort(OpenEnum):
    """Known values of VisitorFingerprintSort."""

    SEEN_COUNT = "seen_count"
    FIRST_SEEN = "first_seen"


VisitorFingerprintSortValue: TypeAlias = Literal["seen_count", "first_seen"]
"""The values of `VisitorFingerprintSort` as text, which an argument accepts as well."""
