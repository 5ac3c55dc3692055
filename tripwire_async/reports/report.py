"""Summary of a run of tests: in order, counted, and without secrets."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias
from urllib.parse import urlsplit

import attrs

from tripwire_async._secrets.redaction import redact
from tripwire_async._version import __version__
from tripwire_async.deliveries.outcomes import TestState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tripwire_async.deliveries import TestOutcome
    from tripwire_async.models import WebhookDelivery, WebhookEndpoint

ReportedState: TypeAlias = TestState | Literal["not_started"]
"""State of a test in a report: a `TestState`, or ``not_started`` if the run ended before the test was sent."""

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
"""The states in display order."""

_ID: Final = re.compile(r"\b((?:we|wevt|wdlv|org|key|c?req)_)[0-9A-Za-z-]+")

PASSED: Final = frozenset({"succeeded", "sent"})
"""The states of a test that passed."""


@attrs.frozen(kw_only=True)
class ReportedTest:
    """Test of one endpoint.

    Attributes:
        endpoint_id: The id of the endpoint.
        name: Its label; None if unknown.
        url: Its URL, without user, query and fragment, which may hold secrets; None if unknown.
        host: The host of the URL, with its port if it has one; None if unknown.
        state: State in which the test ended.
        reason: Explanation of the state for a person; None if the test passed.
        outcome: The outcome of the test; None if it was not started.
    """

    __test__: ClassVar[bool] = False  # not a test class for pytest

    endpoint_id: str
    name: str | None
    url: str | None
    host: str | None
    state: ReportedState
    reason: str | None
    outcome: TestOutcome | None

    @property
    def passed(self) -> bool:
        """True if the state is ``succeeded`` or ``sent``."""
        return self.state in PASSED

    @property
    def delivery(self) -> WebhookDelivery | None:
        """The delivery as it was last read; None if it was never read."""
        return None if self.outcome is None else self.outcome.delivery

    @property
    def latency(self) -> float | None:
        """Seconds from the creation of the delivery to its end, by the clock of the service; None before its end."""
        if self.delivery is None or self.state not in {"succeeded", "failed"}:
            return None
        return max(0.0, (self.delivery.updated_at - self.delivery.created_at).total_seconds())

    @property
    def seconds(self) -> float | None:
        """Seconds from the start of the test until its result was known; None if it was not started."""
        if self.outcome is None:
            return None
        timings = self.outcome.timings
        return timings.rate_limit_wait + timings.backoff_wait + timings.network_time + timings.settling


@attrs.frozen(kw_only=True)
class HostSummary:
    """Summary of the tests of all endpoints on one host.

    Attributes:
        host: The host; None for endpoints whose URL is unknown.
        states: Number of tests that ended in each state. States without a test are left out.
        median: The median latency in seconds; None if no delivery has ended.
        slowest: The longest latency in seconds; None if no delivery has ended.
    """

    host: str | None
    states: Mapping[ReportedState, int]
    median: float | None
    slowest: float | None

    @property
    def endpoints(self) -> int:
        """Number of endpoints on the host."""
        return sum(self.states.values())

    @property
    def passed(self) -> int:
        """Number of tests that passed."""
        return sum(count for state, count in self.states.items() if state in PASSED)


@attrs.frozen(kw_only=True)
class ReasonSummary:
    """Tests that did not pass for the same reason.

    Attributes:
        text: The reason, with ``…`` in place of ids, so that it is the same for all of its tests.
        states: Number of the tests by state.
        endpoint_ids: The endpoints of the tests.
    """

    text: str
    states: Mapping[ReportedState, int]
    endpoint_ids: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of the tests."""
        return len(self.endpoint_ids)


@attrs.frozen(kw_only=True)
class Report:
    """Summary of a run of tests, complete or interrupted.

    Attributes:
        organization_id: The organization that owns the endpoints.
        started_at: The start of the run.
        seconds: Its duration in seconds.
        interrupted: Whether the run was interrupted before its end.
        tests: One test per endpoint, in the order of the endpoints.
        about: Facts about the run by name, without secrets: the version of the client, and those given to
            `make_report`.
    """

    organization_id: str
    started_at: datetime
    seconds: float
    interrupted: bool
    tests: tuple[ReportedTest, ...]
    about: Mapping[str, str]

    @property
    def passed(self) -> int:
        """Number of tests that passed."""
        return sum(test.passed for test in self.tests)

    @property
    def headline(self) -> str:
        """The result in a few words, for example ``299 of 300 succeeded``."""
        return f"{self.passed:,} of {len(self.tests):,} {'sent' if 'sent' in self.states else 'succeeded'}"

    @property
    def states(self) -> Mapping[ReportedState, int]:
        """Number of tests that ended in each state. States without a test are left out."""
        return _count_states(self.tests)

    def problems_first(self) -> tuple[ReportedTest, ...]:
        """Return the tests that did not pass, grouped by state and reason, and then the others, the slowest first."""
        counts = {reason.text: reason.count for reason in self.reasons()}

        def rank(test: ReportedTest) -> tuple[bool, int, int, str, float]:
            slowness = -(test.latency or test.seconds or 0.0)
            if test.passed:
                return (True, 0, 0, "", slowness)
            reason = general_reason(test)
            return (False, STATES.index(test.state), -counts[reason], reason, slowness)

        return tuple(sorted(self.tests, key=rank))

    def reasons(self) -> tuple[ReasonSummary, ...]:
        """Summarize the tests that did not pass by reason: the most frequent reasons first."""
        by_reason: dict[str, list[ReportedTest]] = {}
        for test in self.tests:
            if not test.passed:
                by_reason.setdefault(general_reason(test), []).append(test)
        summaries = [
            ReasonSummary(
                text=text, states=_count_states(tests), endpoint_ids=tuple(test.endpoint_id for test in tests)
            )
            for text, tests in by_reason.items()
        ]
        return tuple(sorted(summaries, key=lambda summary: (-summary.count, summary.text)))

    def hosts(self) -> tuple[HostSummary, ...]:
        """Summarize the tests by host: the hosts with the most problems first, then by name."""
        by_host: dict[str | None, list[ReportedTest]] = {}
        for test in self.tests:
            by_host.setdefault(test.host, []).append(test)
        summaries = [_summary(host, tests) for host, tests in by_host.items()]
        return tuple(sorted(summaries, key=_problems_first))


def make_report(
    outcomes: Iterable[TestOutcome],
    *,
    organization_id: str,
    started_at: datetime,
    seconds: float,
    endpoints: Iterable[WebhookEndpoint] = (),
    endpoint_ids: Iterable[str] | None = None,
    interrupted: bool = False,
    about: Mapping[str, str] | None = None,
) -> Report:
    """Return a report of the *outcomes* of a run.

    Args:
        outcomes: The outcomes of the tests that were started, see `TestRun.results`.
        organization_id: The organization that owns the endpoints.
        started_at: The start of the run, with a time zone.
        seconds: The duration of the run in seconds.
        endpoints: The endpoints, for their names and URLs. An endpoint that is missing here is shown by its id.
        endpoint_ids: All endpoints of the run, in display order. An endpoint without an outcome is ``not_started``.
            None means the endpoints of *outcomes*.
        interrupted: Whether the run was interrupted before its end.
        about: Facts about the run by name, to show in the header of a report, for example the URL of the API. Secrets
            in them are redacted.
    """
    known = {outcome.endpoint_id: outcome for outcome in outcomes}
    details = {endpoint.id: endpoint for endpoint in endpoints}
    tests = tuple(
        _reported(id_, known.get(id_), details.get(id_)) for id_ in (known if endpoint_ids is None else endpoint_ids)
    )
    return Report(
        organization_id=organization_id,
        started_at=started_at,
        seconds=seconds,
        interrupted=interrupted,
        tests=tests,
        about={
            "client": f"tripwire-async {__version__}",
            **{name: redact(text) for name, text in (about or {}).items()},
        },
    )


def general_reason(test: ReportedTest) -> str:
    """Return the reason of *test* with ``…`` in place of ids."""
    return _ID.sub(r"\1…", test.reason or "")


def _reported(endpoint_id: str, outcome: TestOutcome | None, endpoint: WebhookEndpoint | None) -> ReportedTest:
    url, host = (None, None) if endpoint is None else _public_url(endpoint.url)
    state = "not_started" if outcome is None else outcome.state
    return ReportedTest(
        endpoint_id=endpoint_id,
        name=None if endpoint is None else redact(endpoint.name),
        url=url,
        host=host,
        state=state,
        reason=None if state in PASSED else _reason(outcome),
        outcome=outcome,
    )


def _reason(outcome: TestOutcome | None) -> str:
    if outcome is None:
        return "The run ended before the test was sent."
    if not outcome.is_final:
        return "The run ended before the result was known."
    return outcome.reason


def _public_url(url: str) -> tuple[str | None, str | None]:
    """Return *url* without the parts that may hold secrets, and its host."""
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


def _problems_first(summary: HostSummary) -> tuple[int, bool, str]:
    return (summary.passed - summary.endpoints, summary.host is None, summary.host or "")


def _summary(host: str | None, tests: Iterable[ReportedTest]) -> HostSummary:
    tests = tuple(tests)
    latencies = [test.latency for test in tests if test.latency is not None]
    return HostSummary(
        host=host,
        states=_count_states(tests),
        median=statistics.median(latencies) if latencies else None,
        slowest=max(latencies, default=None),
    )
