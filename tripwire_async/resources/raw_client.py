"""Resources of the client whose methods return raw responses."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, final

from .base import Resource

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller

    from .fingerprints import RawFingerprints
    from .gate.raw import RawGate
    from .organizations import RawOrganizations
    from .sessions import RawSessions
    from .webhooks import RawWebhooks


@final
class RawClient(Resource):
    """The resources of a client with the same methods and arguments, each returning a `RawResponse`."""

    def __init__(self, call: Caller, clock: Clock) -> None:
        self._call = call
        self._clock = clock

    @functools.cached_property
    def sessions(self) -> RawSessions:
        """Sessions and their verdicts."""
        from .sessions import RawSessions, Sessions  # noqa: PLC0415 - imported on first use

        return RawSessions(self._call, Sessions)

    @functools.cached_property
    def fingerprints(self) -> RawFingerprints:
        """Visitor fingerprints."""
        from .fingerprints import Fingerprints, RawFingerprints  # noqa: PLC0415 - imported on first use

        return RawFingerprints(self._call, Fingerprints)

    @functools.cached_property
    def organizations(self) -> RawOrganizations:
        """Organizations, and the API keys of each."""
        from .organizations import Organizations, RawOrganizations  # noqa: PLC0415 - imported on first use

        return RawOrganizations(self._call, Organizations)

    @functools.cached_property
    def webhooks(self) -> RawWebhooks:
        """Webhook endpoints, events, and test sends."""
        from .webhooks import RawWebhooks, Webhooks  # noqa: PLC0415 - imported on first use

        return RawWebhooks(self._call, functools.partial(Webhooks, clock=self._clock))

    @functools.cached_property
    def gate(self) -> RawGate:
        """Gate: services that give credentials to agents after the consent of a person."""
        from .gate.raw import RawGate  # noqa: PLC0415 - imported on first use

        return RawGate(self._call, self._clock)
