"""Seeded visitors and their sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs

from tripwire_async.testing.clock import rfc3339

from .personas import PERSONAS, Persona

if TYPE_CHECKING:
    from random import Random

    from tripwire_async.testing._service.ids import Ids
    from tripwire_async.testing._service.records import JsonObject

# All seeded sessions are in the four weeks before this fixed time.
_END: Final = datetime(2026, 3, 24, 20, 0, tzinfo=UTC).timestamp()
_DAY: Final = 86_400.0
_PAGES: Final = ("", "login", "signup", "checkout", "pricing", "account/settings")


@attrs.define(eq=False)
class Visitor:
    """A visitor with a fingerprint; times are Unix seconds."""

    id: str
    persona: Persona
    ip_address: str
    hashes: tuple[str, str, str]
    vector: list[float]
    visits: list[Visit] = attrs.field(factory=list["Visit"], repr=False)

    @property
    def first_seen(self) -> float:
        """The time of the first session."""
        return min(visit.started for visit in self.visits)

    @property
    def last_seen(self) -> float:
        """The time of the last session."""
        return max(visit.started for visit in self.visits)

    @property
    def seen_count(self) -> int:
        """The number of sessions."""
        return len(self.visits)

    @property
    def searchable(self) -> str:
        """The text that searches match."""
        return f"{self.id} {self.ip_address} {self.persona.user_agent}".lower()

    def summary(self) -> JsonObject:
        """Return the fingerprint as lists show it."""
        has_storage = self.persona.screen is not None
        return {
            "object": "visitor_fingerprint",
            "id": self.id,
            "lifecycle": {
                "first_seen_at": rfc3339(self.first_seen),
                "last_seen_at": rfc3339(self.last_seen),
                "seen_count": self.seen_count,
                "expires_at": rfc3339(self.last_seen + 90 * _DAY),
            },
            "latest_request": {"user_agent": self.persona.user_agent, "ip_address": self.ip_address},
            "storage": {
                "cookies": has_storage,
                "local_storage": has_storage,
                "indexed_db": has_storage,
                "service_worker": has_storage and self.persona.bot is None,
                "window_name": has_storage,
            },
            "anchors": dict(
                zip(("webgl_hash", "parameters_hash", "audio_hash"), self.hashes, strict=True)
                if has_storage
                else (("webgl_hash", None), ("parameters_hash", None), ("audio_hash", None))
            ),
        }

    def detail(self) -> JsonObject:
        """Return the fingerprint with its activity."""
        newest = sorted(self.visits, key=lambda visit: visit.started, reverse=True)
        return {
            **self.summary(),
            "components": {"vector": self.vector},
            "activity": {"sessions": [visit.activity() for visit in newest]},
        }


@attrs.define(eq=False)
class Visit:
    """One session; *started* is in Unix seconds, *seed* determines the detail."""

    id: str
    event_id: str
    visitor: Visitor
    started: float
    url: str
    risk_score: int
    is_provisional: bool
    evaluation_ms: int
    seed: int
    client_user_id: str | None = None
    has_behavior: bool = False

    @property
    def verdict(self) -> str:
        """The verdict of the session."""
        return self.visitor.persona.verdict

    @property
    def searchable(self) -> str:
        """The text that searches match."""
        return f"{self.id} {self.url} {self.visitor.searchable}"

    def decision(self) -> JsonObject:
        """Return the decision."""
        is_bot = self.verdict == "bot"
        return {
            "event_id": self.event_id,
            "verdict": self.verdict,
            "risk_score": self.risk_score,
            "phase": "snapshot" if self.is_provisional else "behavioral",
            "is_provisional": self.is_provisional,
            "manipulation": {"score": self.risk_score // 2 if is_bot else 0, "verdict": "medium" if is_bot else "none"},
            "evaluation_duration_ms": self.evaluation_ms,
            "evaluated_at": rfc3339(self.started + self.evaluation_ms / 1000),
        }

    def summary(self) -> JsonObject:
        """Return the session as lists show it."""
        return {
            "object": "session",
            "id": self.id,
            "created_at": rfc3339(self.started),
            "latest_decision": self.decision(),
            "visitor_fingerprint": {
                "object": "visitor_fingerprint",
                "id": self.visitor.id,
                "confidence": 100 - self.risk_score // 3,
                "identified_at": rfc3339(self.started + 0.2),
            },
        }

    def request(self) -> JsonObject:
        """Return the web request of the session."""
        persona = self.visitor.persona
        return {
            "url": self.url,
            "user_agent": persona.user_agent,
            "ip_address": self.visitor.ip_address,
            "screen_size": persona.screen,
            "is_touch_capable": persona.is_touch if persona.screen else None,
        }

    def activity(self) -> JsonObject:
        """Return the session as the activity of its fingerprint shows it."""
        return {
            "session_id": self.id,
            "decision": self.decision(),
            "request": self.request(),
            "score_breakdown": {"categories": {"runtime": self.risk_score, "network": self.risk_score // 2}},
        }


def make_visitor(random: Random, ids: Ids) -> Visitor:
    """Create a visitor."""
    [persona] = random.choices(PERSONAS, [each.weight for each in PERSONAS])
    third, fourth = random.randrange(256), random.randrange(1, 255)
    hashes = (f"{random.getrandbits(64):016x}", f"{random.getrandbits(64):016x}", f"{random.getrandbits(64):016x}")
    return Visitor(
        id=ids.base32_id("vid"),
        persona=persona,
        ip_address=f"198.51.{third}.{fourth}",
        hashes=hashes,
        vector=[round(random.uniform(-1, 1), 6) for _ in range(24)],
    )


def make_visit(random: Random, ids: Ids, visitor: Visitor) -> Visit:
    """Create a session of *visitor*."""
    visit = Visit(
        id=ids.base32_id("sid"),
        event_id=ids.base32_id("evt"),
        visitor=visitor,
        started=round(_END - random.random() * 28 * _DAY, 3),
        url=f"https://shop.example.com/{random.choice(_PAGES)}",
        risk_score=random.randint(*visitor.persona.risk),
        is_provisional=random.random() < 0.1,
        evaluation_ms=random.randint(20, 400),
        seed=random.getrandbits(32),
    )
    visitor.visits.append(visit)
    return visit
