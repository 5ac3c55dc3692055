"""A Gate session on its way: what `GateSessions.create` returns, to be awaited."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, final

import attrs

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._concurrency.polling import PollSchedule, PollTimeout, SharedPoller
from tripwire_async._generated.models.gate import GateSessionPollData, GateSessionStatus
from tripwire_async.errors import (
    GateDeliveryError,
    GateSessionRejectedError,
    GateSessionTimeoutError,
    GoneError,
    RateLimitedError,
    ServerError,
    TransportError,
    TripwireError,
)
from tripwire_async.gate_delivery import check_environment, decrypt_delivery

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping
    from datetime import datetime

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._generated.models.gate import GateSessionCreate
    from tripwire_async._secrets.secret import Secret
    from tripwire_async.gate_delivery import DeliveryKeyPair

DEFAULT_TIMEOUT: Final = 900.0
"""Seconds that a wait lasts when nobody says otherwise: a person has to find the page and to decide."""

DEFAULT_SCHEDULE: Final = PollSchedule(first=2.0, factor=1.25, longest=10.0)
"""Polls have caps of their own, and nobody agrees within a second."""


@attrs.frozen(kw_only=True)
class ApprovedGateSession:
    """What an approved session has handed over.

    Attributes:
        id: The session.
        outputs: The credentials, by the name of the environment variable that each is meant for: the service's own,
            and those that Gate adds, the agent's token among them.
        gate_account_id: The account that the session led to; None when the service did not say.
        account_name: The name of the account at the service; None when it did not say.
        docs_url: The service's documentation for developers; None when it did not say.
    """

    id: str
    outputs: Mapping[str, Secret]
    gate_account_id: str | None
    account_name: str | None
    docs_url: str | None


Poll: TypeAlias = "Callable[[str, Secret, float | None], Awaitable[GateSessionPollData]]"
"""Reads a session once, by its id and poll token, within the seconds that it is given."""

Acknowledge: TypeAlias = "Callable[[str, Secret, Secret, float | None], Awaitable[object]]"
"""Acknowledges what a session has handed over, by its id, poll token and ack token, within the seconds given."""


@final
class PendingGateSession:
    """A Gate session that was begun, and the credentials that it leads to.

    Await it, or `approved`, once the user was shown the `consent_url`: the wait ends when the session was approved, its
    credentials are decrypted and their receipt is acknowledged. Any number of tasks may wait, each with its own
    timeout; they share one stream of polls, and cancelling one disturbs no other. Nothing is polled while nobody waits.

    Attributes:
        session: The session as the service answered it.
        request_id: The service's id of the request that started the session; None for one that is followed.
        credentials: What was handed over; None before. It is here even when its receipt could not be acknowledged.
    """

    def __init__(
        self,
        session: GateSessionCreate,
        key_pair: DeliveryKeyPair,
        poll: Poll,
        acknowledge: Acknowledge,
        *,
        request_id: str | None = None,
        schedule: PollSchedule = DEFAULT_SCHEDULE,
        clock: Clock = LOOP_CLOCK,
    ) -> None:
        self.session = session
        self.request_id = request_id
        self._key_pair = key_pair
        self._read = poll
        self._acknowledge = acknowledge
        self._clock = clock
        self._last_error: TripwireError | None = None
        self._ack_token: Secret | None = None
        self.credentials: ApprovedGateSession | None = None
        self._poller: SharedPoller[GateSessionPollData] = SharedPoller(
            latest=GateSessionPollData(
                object="gate_session",
                id=session.id,
                status=GateSessionStatus(session.status),
                expires_at=session.expires_at,
            ),
            schedule=schedule,
            clock=clock,
        )

    @property
    def id(self) -> str:
        """The session's id."""
        return self.session.id

    @property
    def poll_token(self) -> Secret:
        """The token that the session is polled and acknowledged with."""
        return self.session.poll_token

    @property
    def consent_url(self) -> str:
        """Where the user agrees to the session."""
        return self.session.consent_url

    @property
    def expires_at(self) -> datetime:
        """When the session ends if nobody agrees."""
        return self.session.expires_at

    def __await__(self) -> Generator[Any, None, ApprovedGateSession]:
        """Wait as `approved` does."""
        return self.approved().__await__()

    async def approved(self, timeout: float | None = DEFAULT_TIMEOUT) -> ApprovedGateSession:
        """Return the credentials once the session was approved and their receipt is acknowledged.

        *timeout* is in seconds and bounds everything, the retries and cooldowns of the polls included; None waits until
        the session ends. A poll or an acknowledgement that meets trouble which may pass is repeated.

        Raises:
            GateSessionTimeoutError: *timeout* passed first; waiting again goes on where this wait ended.
            GateSessionRejectedError: The user said no.
            GoneError: The session expired.
            GateDeliveryError: What was handed over cannot be decrypted or must not be used.
            APIError: The service refuses to let the session be polled or acknowledged.
        """
        try:
            await self._poller.until(self._step, _is_approved, timeout=timeout)
        except PollTimeout:
            what = "approved" if self.credentials is None else "acknowledged"
            msg = f"the Gate session {self.id} was not {what} within {timeout:g} seconds; wait again"
            raise GateSessionTimeoutError(msg, gate_session_id=self.id) from self._last_error
        # An approved state is shared only once the credentials are here.
        return cast("ApprovedGateSession", self.credentials)

    def __repr__(self) -> str:
        status = "pending" if self._poller.latest is None else self._poller.latest.status
        return f"<PendingGateSession {status} id={self.id!r} consent_url={self.consent_url!r}>"

    async def _step(self, limit: float | None) -> GateSessionPollData | None:
        """Take the session one step on; what may pass by itself is remembered as trouble and tried again later."""
        started = self._clock.now()
        try:
            state = await self._read(self.id, self.poll_token, limit)
            if state.status == GateSessionStatus.APPROVED:
                self._open(state)
                if state.delivery_bundle is not None and self._ack_token is not None:
                    left = None if limit is None else limit - (self._clock.now() - started)
                    await self._acknowledge(self.id, self.poll_token, self._ack_token, left)
        except (TransportError, RateLimitedError, ServerError) as error:
            self._last_error = error
            return None
        self._last_error = None
        if state.status == GateSessionStatus.REJECTED:
            msg = f"the Gate session {self.id} was rejected by the user"
            raise GateSessionRejectedError(msg, gate_session_id=self.id)
        if state.status == GateSessionStatus.EXPIRED:
            msg = f"the Gate session {self.id} has expired; begin a new one"
            raise GoneError(msg, status=410)
        return state

    def _open(self, state: GateSessionPollData) -> None:
        """Decrypt what an approved session carries, once: it is gone from the service when its receipt is known."""
        if self.credentials is not None:
            return
        bundle = state.delivery_bundle
        if bundle is None:
            msg = f"the Gate session {self.id} has handed its credentials over already; begin a new one"
            raise GateDeliveryError(msg)
        own, added = (decrypt_delivery(envelope, self._key_pair) for envelope in (bundle.integrator, bundle.gate))
        check_environment(own.outputs)
        self._ack_token = added.ack_token or own.ack_token
        self.credentials = ApprovedGateSession(
            id=self.id,
            outputs=MappingProxyType({**own.outputs, **added.outputs}),
            gate_account_id=state.gate_account_id,
            account_name=state.account_name,
            docs_url=state.docs_url,
        )


def _is_approved(state: GateSessionPollData) -> bool:
    return state.status == GateSessionStatus.APPROVED
