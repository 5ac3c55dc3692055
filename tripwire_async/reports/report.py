"""A run of tests as it is told to others: put in order, counted, and without secrets."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias
from urllib.parse import urlsplit

import attrs

from tripwire_async._secrets.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tripwire_async.deliveries import TestOutcome
    from tripwire_async.deliveries.outcomes import Until
    from tripwire_async.models import WebhookDelivery, WebhookEndpoint

ReportedState: TypeAlias = Literal[
    "succeeded", "sent", "failed", "timed_out", "refused", "unknown", "skipped", "not_started"
]
"""How a test ended: a `TestState`, or

- ``sent``: it was accepted, and nobody wanted to know more.
- ``not_started``: the run was over before its turn came.
"""

STATES: Final[tuple[ReportedState, ...]] = (
    "succeeded",
    "sent",
    "failed",
    "timed_out",
    "refused",
    "unknown",
    "skipped",
    "not_started",
)
"""The states in the order in which they are shown."""

PASSED: Final = frozenset({"succeeded", "sent"})


@attrs.frozen(kw_only=True)
class ReportedTest:
    """The test of one endpoint.

    Attributes:
        endpoint_id: The endpoint.
        name: Its label; None when it is not known.
        url: Where webhooks are posted to, without user, query and fragment, which may hold secrets; None when it is
            not known.
        host: The host of that address, with its port if it names one; None when it is not known.
        state: How the test ended.
        reason: What went wrong, for a person; None when nothing did.
        outcome: Everything that is known; None when the test was not begun.
    """

    __test__: ClassVar[bool] = False  # no test for pytest, for all its name

    endpoint_id: str
    name: str | None
    url: str | None
    host: str | None
    state: ReportedState
    reason: str | None
    outcome: TestOutcome | None

    @property
    def passed(self) -> bool:
        """Whether the test came out as it should."""
        return self.state in PASSED

    @property
    def delivery(self) -> WebhookDelivery | None:
        """The delivery as it was last read."""
        return None if self.outcome is None else self.outcome.delivery

    @property
    def latency(self) -> float | None:
        """Seconds from the queueing of the delivery to its end, by the service's own clock; None before that."""
        if self.delivery is None or self.state not in {"succeeded", "failed"}:
            return None
        return max(0.0, (self.delivery.updated_at - self.delivery.created_at).total_seconds())

    @property
    def seconds(self) -> float | None:
        """How long the test took, from when its turn came until its end was known; None when it was not begun."""
        if self.outcome is None:
            return None
        timings = self.outcome.timings
        return timings.rate_limit_wait + timings.backoff_wait + timings.network_time + timings.settling


@attrs.frozen(kw_only=True)
class HostSummary:
    """The tests of all endpoints on one host.

    Attributes:
        host: The host; None for endpoints whose address is not known.
        states: How many tests ended in each state; a state that none ended in is left out.
        median: The median latency in seconds; None when no delivery has ended.
        slowest: The longest latency in seconds; None when no delivery has ended.
    """

    host: str | None
    states: Mapping[ReportedState, int]
    median: float | None
    slowest: float | None

    @property
    def endpoints(self) -> int:
        """How many endpoints there are on the host."""
        return sum(self.states.values())

    @property
    def passed(self) -> int:
        """How many of their tests came out as they should."""
        return sum(count for state, count in self.states.items() if state in PASSED)


@attrs.frozen(kw_only=True)
class Report:
    """A run of tests, over or interrupted.

    Attributes:
        organization_id: Whose endpoints were tested.
        started_at: When the run started_at.
        seconds: How long it lasted.
        interrupted: Whether it was ended before its time.
        tests: One test per endpoint, in the order in which the endpoints were named.
    """

    organization_id: str
    started_at: datetime
    seconds: float
    interrupted: bool
    tests: tuple[ReportedTest, ...]

    @property
    def passed(self) -> int:
        """How many tests came out as they should."""
        return sum(test.passed for test in self.tests)

    @property
    def states(self) -> Mapping[ReportedState, int]:
        """How many tests ended in each state; a state that none ended in is left out."""
        return _count_states(self.tests)

    def hosts(self) -> tuple[HostSummary, ...]:
        """Sum the tests up by host: those with the most reason first, then by name."""
        by_host: dict[str | None, list[ReportedTest]] = {}
        for test in self.tests:
            by_host.setdefault(test.host, []).append(test)
        found = [_summary(host, tests) for host, tests in by_host.items()]
        return tuple(sorted(found, key=lambda one: (one.passed - one.endpoints, one.host is None, one.host or "")))


def make_report(
    outcomes: Iterable[TestOutcome],
    *,
    organization_id: str,
    started_at: datetime,
    seconds: float,
    endpoints: Iterable[WebhookEndpoint] = (),
    endpoint_ids: Iterable[str] | None = None,
    until: Until = "settled",
    interrupted: bool = False,
) -> Report:
    """Put the *outcomes* of a run together with what is known of the endpoints.

    Args:
        outcomes: Of the tests that were begun, as `TestRun.results` has them.
        organization_id: Whose endpoints were tested.
        started_at: When the run started_at; aware of its time zone.
        seconds: How long it lasted.
        endpoints: Names and addresses; an endpoint that is not among them is shown by its id.
        endpoint_ids: All endpoints that were to be tested, in the order to show them in; those without an outcome
            were not begun. None for those that have one.
        until: What the run waited for; after ``sent`` an accepted test is a good one.
        interrupted: Whether the run was ended before its time.
    """
    known = {outcome.endpoint_id: outcome for outcome in outcomes}
    details = {endpoint.id: endpoint for endpoint in endpoints}
    tests = tuple(
        _reported(id_, known.get(id_), details.get(id_), until)
        for id_ in (known if endpoint_ids is None else endpoint_ids)
    )
    return Report(
        organization_id=organization_id, started_at=started_at, seconds=seconds, interrupted=interrupted, tests=tests
    )


def _reported(
    endpoint_id: str, outcome: TestOutcome | None, endpoint: WebhookEndpoint | None, until: Until
) -> ReportedTest:
    url, host = (None, None) if endpoint is None else _address(endpoint.url)
    state = _state(outcome, until)
    return ReportedTest(
        endpoint_id=endpoint_id,
        name=None if endpoint is None else redact(endpoint.name),
        url=url,
        host=host,
        state=state,
        reason=None if state in PASSED else _reason(outcome),
        outcome=outcome,
    )


def _state(outcome: TestOutcome | None, until: Until) -> ReportedState:
    if outcome is None:
        return "not_started"
    accepted = outcome.state == "unknown" and outcome.error is None and outcome.pending is not None
    return "sent" if accepted and until == "sent" else outcome.state


def _reason(outcome: TestOutcome | None) -> str:
    if outcome is None:
        return "the run was over before its turn came"
    if outcome.error is not None:
        return redact(str(outcome.error)) or type(outcome.error).__name__
    if outcome.delivery is not None and outcome.delivery.error:
        return redact(outcome.delivery.error)
    return {
        "failed": "the endpoint did not take it",
        "skipped": "the service did not post it",
    }.get(outcome.state, "the run was over before its end was known")


def _address(url: str) -> tuple[str | None, str | None]:
    """Return what may be shown of *url*, and its host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None, None
    if not parts.hostname:
        return None, None
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = name if port is None else f"{name}:{port}"
    return redact(f"{parts.scheme}://{host}{parts.path}"), host


def _count_states(tests: Iterable[ReportedTest]) -> Mapping[ReportedState, int]:
    counts = Counter(test.state for test in tests)
    return {state: counts[state] for state in STATES if counts[state]}


def _summary(host: str | None, tests: Iterable[ReportedTest]) -> HostSummary:
    tests = tuple(tests)
    latencies = [test.latency for test in tests if test.latency is not None]
    return HostSummary(
        host=host,
        states=_count_states(tests),
        median=statistics.median(latencies) if latencies else None,
        slowest=max(latencies, default=None),
    )
