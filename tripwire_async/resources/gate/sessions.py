"""Gate sessions: delivery of a service's credentials after the consent of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final, overload

from tripwire_async._codec.fields import UNSET, UnsetType
from tripwire_async._generated.models.gate import AcknowledgeGateSessionDeliveryRequest, CreateGateSessionRequest
from tripwire_async._generated.models.shared import GateDeliveryRequest
from tripwire_async._generated.operations import gate as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._http.response_ids import check_id
from tripwire_async._secrets.keys import hide, require_secret
from tripwire_async.gate_delivery import generate_key_pair
from tripwire_async.resources.arguments import to_dict, to_model
from tripwire_async.resources.base import Resource
from tripwire_async.resources.raw import RawResource, raw

from .pending import DEFAULT_SCHEDULE, PendingGateSession

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._generated.models.gate import (
        GateSessionCreate,
        GateSessionDeliveryAcknowledgement,
        GateSessionPollData,
    )
    from tripwire_async._http.api_calls import Caller
    from tripwire_async._secrets.secret import Secret
    from tripwire_async.deliveries import PollSchedule
    from tripwire_async.gate_delivery import DeliveryKeyPair

_SESSION_ID: Final = operations.POLL_GATE_SESSION.path_arguments[0]


@final
class GateSessions(Resource):
    """Sessions that deliver the credentials of a service; no secret key is needed.

    ::

        pending = await tripwire.gate.sessions.create(service_id="acme-prod", account_name="ci")
        print("approve at", pending.consent_url)
        approved = await pending

    An invalid argument raises ValueError before anything is sent. An error response raises `APIError`, and a missing
    response raises `TransportError`. No error shows a token.
    """

    def __init__(self, call: Caller, clock: Clock) -> None:
        self._call = call
        self._clock = clock

    @overload
    async def create(
        self,
        *,
        service_id: str,
        account_name: str,
        metadata: Mapping[str, object] | UnsetType = ...,
        poll: PollSchedule = ...,
    ) -> PendingGateSession: ...
    @overload
    async def create(
        self,
        *,
        service_id: str,
        account_name: str,
        metadata: Mapping[str, object] | UnsetType = ...,
        delivery: GateDeliveryRequest | Mapping[str, object],
    ) -> GateSessionCreate: ...
    async def create(
        self,
        *,
        service_id: str,
        account_name: str,
        metadata: Mapping[str, object] | UnsetType = UNSET,
        delivery: GateDeliveryRequest | Mapping[str, object] | UnsetType = UNSET,
        poll: PollSchedule = DEFAULT_SCHEDULE,
    ) -> PendingGateSession | GateSessionCreate:
        """Create a session; show the user the ``consent_url`` of the result.

        Without *delivery*, a key pair is generated for this session, and awaiting the result returns the decrypted
        credentials; this needs the extra ``crypto``. With your own *delivery* request, the result is the session as
        the service returned it; continue with `poll` and `acknowledge`, or with `follow`.

        Not retried after a lost response.

        Args:
            service_id: The service whose credentials are requested.
            account_name: The name of the account at the service.
            metadata: Additional data for the service.
            delivery: The delivery request with the public key for the credentials.
            poll: Schedule of the polls for the approval.
        """
        pair: DeliveryKeyPair | None = None
        if isinstance(delivery, UnsetType):
            pair = generate_key_pair()
            delivery = pair.request
        body = CreateGateSessionRequest(
            service_id=service_id,
            account_name=account_name,
            delivery=to_model("delivery", GateDeliveryRequest, delivery),
            metadata=to_dict("metadata", metadata),
        )
        response = await self._call(ApiRequest(operations.CREATE_GATE_SESSION, body=body))
        session = response.value.data
        check_id(session.id, _SESSION_ID, operations.CREATE_GATE_SESSION, response, "$.data.id")
        if pair is None:
            return session
        return PendingGateSession(
            session,
            pair,
            self._poll,
            self._acknowledge,
            request_id=response.request_id,
            schedule=poll,
            clock=self._clock,
        )

    def follow(
        self, session: GateSessionCreate, key_pair: DeliveryKeyPair, *, poll: PollSchedule = DEFAULT_SCHEDULE
    ) -> PendingGateSession:
        """Return an awaitable for a *session* that was created with the delivery request of *key_pair*.

        Nothing is requested before it is awaited.
        """
        return PendingGateSession(session, key_pair, self._poll, self._acknowledge, schedule=poll, clock=self._clock)

    def poll(self, gate_session_id: str, poll_token: str | Secret) -> Coroutine[Any, Any, GateSessionPollData]:
        """Read the state of a session once; an approved one has the encrypted credentials.

        Needs the session's *poll_token* (``gtpoll_…``). An expired session raises `GoneError`.
        """
        # Not a coroutine function: the frame of one that is cancelled before it starts holds the token.
        poll_token = hide(poll_token)
        require_secret(poll_token, name="poll_token")
        return self._poll(gate_session_id, poll_token, None)

    def acknowledge(
        self, gate_session_id: str, poll_token: str | Secret, ack_token: str | Secret
    ) -> Coroutine[Any, Any, GateSessionDeliveryAcknowledgement]:
        """Acknowledge the credentials with the *ack_token* that was delivered with them.

        Needs the session's *poll_token* (``gtpoll_…``). An expired session raises `GoneError`. Not retried after a
        lost response.
        """
        poll_token, ack_token = hide(poll_token), hide(ack_token)
        require_secret(poll_token, name="poll_token")
        require_secret(ack_token, name="ack_token")
        return self._acknowledge(gate_session_id, poll_token, ack_token, None)

    async def _poll(self, gate_session_id: str, poll_token: Secret, limit: float | None) -> GateSessionPollData:
        response = await self._call(
            ApiRequest(
                operations.POLL_GATE_SESSION, (gate_session_id,), bearer=poll_token, deadline=limit, priority="poll"
            )
        )
        return response.value.data

    async def _acknowledge(
        self, gate_session_id: str, poll_token: Secret, ack_token: Secret, limit: float | None
    ) -> GateSessionDeliveryAcknowledgement:
        response = await self._call(
            ApiRequest(
                operations.ACKNOWLEDGE_GATE_SESSION_DELIVERY,
                (gate_session_id,),
                body=AcknowledgeGateSessionDeliveryRequest(ack_token=ack_token),
                bearer=poll_token,
                deadline=limit,
            )
        )
        return response.value.data


@final
class RawGateSessions(RawResource[GateSessions]):
    """The methods of `GateSessions`, each returning a `RawResponse`."""

    create = raw(GateSessions.create)
    poll = raw(GateSessions.poll)
    acknowledge = raw(GateSessions.acknowledge)
