"""The client's resources once more, with methods that give raw answers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller

    from .fingerprints import RawFingerprints
    from .gate.raw import RawGate
    from .organizations import RawOrganizations
    from .sessions import RawSessions
    from .webhooks import RawWebhooks


@final
class RawClient:
    """What ``with_raw_response`` is: the same resources, the same arguments, and a `RawResponse` from every method."""

    def __init__(self, call: Caller, clock: Clock) -> None:
        self._call = call
        self._clock = clock

    @functools.cached_property
    def sessions(self) -> RawSessions:
        """What Tripwire has seen, and its verdicts."""
        from .sessions import RawSessions, Sessions  # noqa: PLC0415 - a resource brings its models when it is used

        return RawSessions(self._call, Sessions)

    @functools.cached_property
    def fingerprints(self) -> RawFingerprints:
        """Visitors that come back."""
        from .fingerprints import Fingerprints, RawFingerprints  # noqa: PLC0415 - as above

        return RawFingerprints(self._call, Fingerprints)

    @functools.cached_property
    def organizations(self) -> RawOrganizations:
        """Organizations, and the API keys of each."""
        from .organizations import Organizations, RawOrganizations  # noqa: PLC0415 - as above

        return RawOrganizations(self._call, Organizations)

    @functools.cached_property
    def webhooks(self) -> RawWebhooks:
        """Webhook endpoints, events, and test sends."""
        from .webhooks import RawWebhooks, Webhooks  # noqa: PLC0415 - as above

        return RawWebhooks(self._call, functools.partial(Webhooks, clock=self._clock))

    @functools.cached_property
    def gate(self) -> RawGate:
        """Gate, whose services hand credentials to agents once a person agrees."""
        from .gate.raw import RawGate  # noqa: PLC0415 - as above

        return RawGate(self._call, self._clock)
