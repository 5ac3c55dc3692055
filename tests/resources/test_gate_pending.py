"""The life of a Gate session as one awaitable: over the wire, and on virtual time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tripwire_async import TRIPWIRE, AsyncTripwire, PollSchedule, Profile, Secret, errors
from tripwire_async.gate_delivery import encrypt_delivery, generate_key_pair
from tripwire_async.models import (
    GateDeliveryBundle,
    GateSessionCreate,
    GateSessionCreateStatus,
    GateSessionPollData,
    GateSessionStatus,
)
from tripwire_async.resources.gate.pending import PendingGateSession

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tripwire_async.testing import TripwireServer


@pytest.fixture
def tripwire_profile() -> Profile:
    """Return the profile that has Gate."""
    return TRIPWIRE


SOON = PollSchedule(first=0.01, longest=0.01)
PAIR = generate_key_pair()
CREATED = GateSessionCreate(
    object="gate_session",
    id="gates_1",
    status=GateSessionCreateStatus.PENDING,
    poll_token=Secret("gtpoll_1"),
    consent_url="https://gate.example.com/gates_1",
    expires_at=datetime(2026, 3, 24, 20, tzinfo=UTC),
)


async def test_a_session_is_awaited_for_its_credentials(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Created, approved by the user, polled, decrypted, acknowledged: the service's credentials and Gate's own."""
    pending = await tripwire.gate.sessions.create(service_id="acme-prod", account_name="ci", poll=SOON)
    assert pending.session.id == pending.id
    assert pending.session.expires_at == pending.expires_at
    assert pending.consent_url.startswith("https://")
    assert pending.request_id is not None
    assert f"<PendingGateSession pending id={pending.id!r} consent_url={pending.consent_url!r}>" == repr(pending)
    tripwire_server.approve_gate_session(pending.id, {"ACME_KEY": "secret"})
    approved = await pending
    assert {"ACME_KEY", "ACME_PROD_GATE_AGENT_TOKEN"} == set(approved.outputs)
    assert "secret" == approved.outputs["ACME_KEY"].reveal()
    assert (pending.id, "ci") == (approved.id, approved.account_name)
    assert tripwire_server.state.gate.sessions[pending.id].is_acknowledged
    assert approved is await pending.approved()
    assert approved is pending.credentials


async def test_a_session_that_was_created_with_a_pair_of_ones_own_can_be_followed(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Perhaps by another process, which has kept the pair."""
    created = await tripwire.gate.sessions.create(service_id="acme-prod", account_name="ci", delivery=PAIR.request)
    tripwire_server.approve_gate_session(created.id, {"ACME_KEY": "secret"})
    approved = await tripwire.gate.sessions.follow(created, PAIR, poll=SOON)
    assert "secret" == approved.outputs["ACME_KEY"].reveal()


async def test_a_rejected_session_is_an_error_of_its_own(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """And stays one."""
    pending = await tripwire.gate.sessions.create(service_id="acme-prod", account_name="ci", poll=SOON)
    tripwire_server.reject_gate_session(pending.id)
    for _ in range(2):
        with pytest.raises(errors.GateSessionRejectedError) as caught:
            await pending
        assert pending.id == caught.value.gate_session_id


async def test_an_expired_session_is_gone(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """As the service's 410 says."""
    pending = await tripwire.gate.sessions.create(service_id="acme-prod", account_name="ci", poll=SOON)
    tripwire_server.expire_gate_session(pending.id)
    with pytest.raises(errors.GoneError):
        await pending


# -- on virtual time ----------------------------------------------------------------------------------------------


def state(status: str, bundle: GateDeliveryBundle | None = None) -> GateSessionPollData:
    """Return a session as a poll shows it."""
    return GateSessionPollData(
        object="gate_session", id="gates_1", status=GateSessionStatus(status), delivery_bundle=bundle
    )


def sealed(
    own: Mapping[str, str],
    added: Mapping[str, str] | None = None,
    *,
    own_ack: str | None = None,
    ack: str | None = "gtack_1",
    managed: bool = False,
) -> GateDeliveryBundle:
    """Return what an approved session carries."""
    return GateDeliveryBundle(
        integrator=encrypt_delivery(PAIR.request, own, ack_token=own_ack, managed=managed),
        gate=encrypt_delivery(PAIR.request, added or {}, ack_token=ack, managed=True),
    )


@attrs.define
class Script:
    """Responds to polls and acknowledgements in order, uses the last response again, and records the times."""

    polls: list[GateSessionPollData | Exception]
    acknowledgements: list[Exception | None] = attrs.field(factory=lambda: [None])
    took: float = 0.0
    seen: list[Any] = attrs.field(factory=list)

    async def poll(self, gate_session_id: str, poll_token: Secret, limit: float | None) -> GateSessionPollData:
        self.seen.append(("poll", gate_session_id, poll_token.reveal(), asyncio.get_running_loop().time(), limit))
        await asyncio.sleep(self.took)
        return self._next(self.polls)

    async def acknowledge(self, gate_session_id: str, poll_token: Secret, ack: Secret, limit: float | None) -> None:
        self.seen.append(("ack", gate_session_id, poll_token.reveal(), ack.reveal(), limit))
        return self._next(self.acknowledgements)

    def _next(self, answers: list[Any]) -> Any:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def calls(self) -> Iterable[str]:
        return [call[0] for call in self.seen]


def follow(script: Script, schedule: PollSchedule | None = None) -> PendingGateSession:
    """Return a session whose service follows *script*; polls come without jitter."""
    schedule = schedule or PollSchedule(first=2, factor=1, jitter=0)
    return PendingGateSession(CREATED, PAIR, script.poll, script.acknowledge, schedule=schedule)


@pytest.mark.virtual_time
async def test_the_first_poll_is_not_made_at_once() -> None:
    """There is no consent within a second; an unknown status counts as ``pending``."""
    script = Script([state("pending"), state("reviewed"), state("approved", sealed({"A": "1"}))])
    assert "1" == (await follow(script).approved(timeout=None)).outputs["A"].reveal()
    assert [
        ("poll", "gates_1", "gtpoll_1", 2.0, None),
        ("poll", "gates_1", "gtpoll_1", 4.0, None),
        ("poll", "gates_1", "gtpoll_1", 6.0, None),
        ("ack", "gates_1", "gtpoll_1", "gtack_1", None),
    ] == script.seen


@pytest.mark.virtual_time
async def test_many_waiters_share_the_polls_and_the_acknowledgement() -> None:
    """Each gets the same credentials, and one that is cancelled disturbs no other."""
    script = Script([state("pending"), state("approved", sealed({"A": "1"}))])
    pending = follow(script)
    waits = [asyncio.create_task(pending.approved()) for _ in range(50)]
    await asyncio.sleep(1)
    waits[0].cancel()
    results = await asyncio.gather(*waits[1:])
    assert 1 == len({id(result) for result in results})
    assert ["poll", "poll", "ack"] == script.calls


@pytest.mark.virtual_time
async def test_a_wait_that_runs_out_may_be_tried_again() -> None:
    """The timeout bounds the polls, and is an error that is also Python's own."""
    script = Script([state("pending")])
    pending = follow(script)
    with pytest.raises(errors.GateSessionTimeoutError, match="was not approved within 5 seconds") as caught:
        await pending.approved(timeout=5)
    assert isinstance(caught.value, TimeoutError)
    assert [3.0, 1.0] == [call[-1] for call in script.seen]
    assert 5.0 == pytest.approx(asyncio.get_running_loop().time(), abs=0.01)
    script.polls = [state("approved", sealed({"A": "1"}))]
    await pending


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "temporary",
    [
        errors.TransportError("lost", maybe_sent=True),
        errors.ServerError("broken", status=503),
        errors.RateLimitedError("slow down", status=429),
    ],
)
async def test_a_temporary_error_does_not_end_the_wait(temporary: Exception) -> None:
    """In a poll or in an acknowledgement; if it does not pass, the timeout names it as its cause."""
    script = Script([temporary, state("approved", sealed({"A": "1"}))], [temporary, None])
    assert await follow(script)
    assert ["poll", "poll", "ack", "poll", "ack"] == script.calls
    pending = follow(Script([state("approved", sealed({"A": "1"}))], [temporary]))
    with pytest.raises(errors.GateSessionTimeoutError, match="was not acknowledged within 5 seconds") as caught:
        await pending.approved(timeout=5)
    assert temporary is caught.value.__cause__
    assert pending.credentials is not None


@pytest.mark.virtual_time
async def test_an_acknowledgement_whose_answer_was_lost_is_not_repeated_in_vain() -> None:
    """Once the session carries no credentials any more, the service knows that they arrived."""
    lost = errors.TransportError("lost", maybe_sent=True)
    script = Script([state("approved", sealed({"A": "1"})), state("approved")], [lost])
    assert "1" == (await follow(script)).outputs["A"].reveal()
    assert ["poll", "ack", "poll"] == script.calls


@pytest.mark.virtual_time
async def test_the_acknowledgement_gets_the_time_that_the_poll_has_left() -> None:
    """Both are within the limit of one step."""
    script = Script([state("approved", sealed({"A": "1"}))], took=3.0)
    await follow(script).approved(timeout=10)
    assert [8.0, 5.0] == [call[-1] for call in script.seen]


@pytest.mark.virtual_time
async def test_nothing_is_acknowledged_without_a_token_for_it() -> None:
    """The token can be in either part, and is optional."""
    script = Script([state("approved", sealed({"A": "1"}, ack=None))])
    await follow(script)
    assert ["poll"] == script.calls
    script = Script([state("approved", sealed({"A": "1"}, own_ack="gtack_2", ack=None))])
    await follow(script)
    assert "gtack_2" == script.seen[-1][3]


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("found", "error", "message"),
    [
        (lambda: state("rejected"), errors.GateSessionRejectedError, "rejected by the user"),
        (lambda: state("expired"), errors.GoneError, "has expired"),
        (lambda: state("approved"), errors.GateDeliveryError, "handed its credentials over already"),
        (
            lambda: state("approved", sealed({"X_GATE_AGENT_TOKEN": "1"}, managed=True)),
            errors.GateDeliveryError,
            "must not set X_GATE_AGENT_TOKEN",
        ),
        (lambda: errors.PermissionDeniedError("no", status=403), errors.PermissionDeniedError, "no"),
    ],
    ids=["rejected", "expired", "taken", "managed", "refused"],
)
async def test_what_cannot_pass_ends_every_wait(found: Any, error: type[Exception], message: str) -> None:
    """At once, with the same error, and without credentials."""
    pending = follow(Script([found()]))
    waits = [asyncio.create_task(pending.approved(timeout=600)) for _ in range(3)]
    for result in await asyncio.gather(*waits, return_exceptions=True):
        assert isinstance(result, error)
        assert message in str(result)
    assert 2.0 == asyncio.get_running_loop().time()
    assert pending.credentials is None
