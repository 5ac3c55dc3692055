"""A Gate session on its way: what `GateSessions.create` returns, to be awaited."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, final

import attrs

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._concurrency.durations import to_optional_seconds
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
    from tripwire_async._concurrency.durations import Duration
    from tripwire_async._generated.models.gate import GateSessionCreate
    from tripwire_async._secrets.secret import Secret
    from tripwire_async.gate_delivery import DeliveryKeyPair

DEFAULT_TIMEOUT: Final = 900.0
"""Default timeout of a wait in seconds: a person has to find the page and to decide."""

DEFAULT_SCHEDULE: Final = PollSchedule(first=2.0, factor=1.25, longest=10.0)
"""Slow: polls have separate rate limits, and a user needs some seconds to consent."""


@attrs.frozen(kw_only=True)
class ApprovedGateSession:
    """Credentials of an approved session.

    Attributes:
        id: The session.
        outputs: The credentials, by the name of their environment variable: those of the service, and the ones that
            Gate adds, such as the agent token.
        gate_account_id: The account of the session; None if the service did not name it.
        account_name: The name of the account at the service; None if the service did not name it.
        docs_url: The service's documentation for developers; None if the service did not name it.
    """

    id: str
    outputs: Mapping[str, Secret]
    gate_account_id: str | None
    account_name: str | None
    docs_url: str | None


Poll: TypeAlias = "Callable[[str, Secret, float | None], Awaitable[GateSessionPollData]]"
"""Reads a session once, by its id and poll token, within the seconds that it is given."""

Acknowledge: TypeAlias = "Callable[[str, Secret, Secret, float | None], Awaitable[object]]"
"""Acknowledges the credentials of a session, by its id, poll token and ack token, within the given seconds."""


@final
class PendingGateSession:
    """A Gate session that is not approved yet; await it for its credentials.

    Show the `consent_url` to the user, then await the session or `approved`. The wait ends when the session is
    approved, its credentials are decrypted and their receipt is acknowledged. Any number of tasks may wait, each with
    its own timeout. They share their polls, and cancelling one does not affect the others. The session is polled only
    while a task waits.

    Attributes:
        session: The session from the response that created it.
        request_id: The service's id of the request that created the session; None for a session passed to `follow`.
        credentials: The credentials; None before the approval. They are set even if the acknowledgement has failed.
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
        """URL at which the user consents to the session."""
        return self.session.consent_url

    @property
    def expires_at(self) -> datetime:
        """Time at which the session expires without consent."""
        return self.session.expires_at

    def __await__(self) -> Generator[Any, None, ApprovedGateSession]:
        """Wait as `approved` does."""
        return self.approved().__await__()

    async def approved(self, timeout: Duration | None = DEFAULT_TIMEOUT) -> ApprovedGateSession:
        """Return the credentials once the session was approved and their receipt is acknowledged.

        *timeout* is in seconds or a timedelta, and includes the retries and cooldowns of the polls. None waits until
        the session ends.
        A poll or an acknowledgement that fails temporarily is retried.

        Raises:
            GateSessionTimeoutError: *timeout* has passed; a new wait continues with the same session.
            GateSessionRejectedError: The user has declined.
            GoneError: The session expired.
            GateDeliveryError: The credentials cannot be decrypted or must not be used.
            APIError: The service rejected a poll or the acknowledgement.
        """
        seconds = to_optional_seconds("timeout", timeout)
        try:
            await self._poller.until(self._step, _is_approved, timeout=seconds)
        except PollTimeout:
            what = "approved" if self.credentials is None else "acknowledged"
            msg = f"the Gate session {self.id} was not {what} within {seconds:g} seconds; wait again"
            raise GateSessionTimeoutError(msg, gate_session_id=self.id) from self._last_error
        # An approved state is shared only once the credentials are here.
        return cast("ApprovedGateSession", self.credentials)

    def __repr__(self) -> str:
        status = "pending" if self._poller.latest is None else self._poller.latest.status
        return f"<PendingGateSession {status} id={self.id!r} consent_url={self.consent_url!r}>"

    async def _step(self, limit: float | None) -> GateSessionPollData | None:
        """Poll once and process the state; a temporary error is stored, and the next poll tries again."""
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
            msg = f"the Gate session {self.id} has expired; start a new one"
            raise GoneError(msg, status=410)
        return state

    def _open(self, state: GateSessionPollData) -> None:
        """Decrypt the credentials once: the service deletes them after the acknowledgement."""
        if self.credentials is not None:
            return
        bundle = state.delivery_bundle
        if bundle is None:
            msg = f"the Gate session {self.id} has handed its credentials over already; start a new one"
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
