"""Data of a report: states, reasons, URLs, sums by host."""

from __future__ import annotations

import attrs
import pytest

from tests.support.sample_report import (
    HOSTS,
    ORGANIZATION,
    SECRET,
    STARTED_AT,
    delivery,
    endpoint,
    endpoint_id,
    kinds_report,
    outcome,
)
from tripwire_async.reports import Report, make_report
from tripwire_async.reports.formatting import duration


def report_of(*outcomes: object, **options: object) -> Report:
    return make_report(outcomes, organization_id=ORGANIZATION, started_at=STARTED_AT, seconds=1.0, **options)  # type: ignore[arg-type] - typed by the callers


def test_every_endpoint_that_was_to_be_tested_is_in_the_report() -> None:
    """In their order; a test without an outcome was not started."""
    states = ["succeeded", "failed", "timed_out", "refused", "unknown", "skipped", "not_started"]
    report = kinds_report()
    assert states == [test.state for test in report.tests]
    assert dict.fromkeys(states, 1) == report.states
    assert 1 == report.passed


def test_without_a_list_the_outcomes_are_the_report() -> None:
    """The other arguments are optional."""
    report = report_of(outcome(4, "succeeded", delivery(4, "succeeded")))
    [test] = report.tests
    assert (endpoint_id(4), None, None, None, True) == (test.endpoint_id, test.name, test.url, test.host, test.passed)


def test_a_test_that_was_only_sent_passes() -> None:
    """The state of the outcome is that of the report, and the headline says that nothing more is known."""
    report = report_of(outcome(0, "sent", None), outcome(1, "unknown", None, ValueError("lost")))
    assert ["sent", "unknown"] == [test.state for test in report.tests]
    assert [True, False] == [test.passed for test in report.tests]
    assert "1 of 2 sent" == report.headline
    assert "1 of 7 succeeded" == kinds_report().headline


def test_a_test_that_the_end_of_the_run_cut_off_says_so() -> None:
    """Its outcome is not final, and no error is to blame."""
    [test] = report_of(attrs.evolve(outcome(0, "unknown", delivery(0, "pending")), is_final=False)).tests
    assert ("unknown", "The run ended before the result was known.") == (test.state, test.reason)


def test_the_reason_comes_from_the_best_source() -> None:
    """The error, or the delivery, or else the state."""
    reasons = {test.state: test.reason for test in kinds_report().tests}
    assert reasons["succeeded"] is None
    assert (reasons["failed"] or "").startswith("500 <script>")
    assert "the delivery had not settled after 60 seconds." == reasons["timed_out"]
    assert "The service did not send the webhook." == reasons["skipped"]
    assert "The run ended before the test was sent." == reasons["not_started"]
    assert (
        "The endpoint did not accept the webhook."
        == report_of(outcome(0, "failed", delivery(0, "failed"))).tests[0].reason
    )
    assert "ValueError." == report_of(outcome(0, "refused", None, ValueError())).tests[0].reason


def test_latency_is_that_of_deliveries_which_were_posted_to_their_end() -> None:
    """From the service's timestamps, so that our clock and our reads do not affect it; never negative."""
    assert [0.25, 4.2, None, None, None, None, None] == [test.latency for test in kinds_report().tests]
    assert 0.0 == report_of(outcome(0, "succeeded", delivery(0, "succeeded", -1.0))).tests[0].latency


def test_a_test_took_what_passed_after_its_turn_had_come() -> None:
    """The time in the queue does not depend on the endpoint."""
    *started, not_started = kinds_report().tests
    assert {0.92} == {round(test.seconds or 0, 3) for test in started}
    assert not_started.seconds is None


@pytest.mark.parametrize(
    ("url", "shown", "host"),
    [
        ("https://example.com", "https://example.com", "example.com"),
        (f"https://me:{SECRET}@Example.com:81/a?key={SECRET}#x", "https://example.com:81/a", "example.com:81"),
        ("https://[::1]:81/a", "https://[::1]:81/a", "[::1]:81"),
        (f"https://example.com/{SECRET}", "https://example.com/sk_live_…", "example.com"),
        ("https://example.com:port/", None, None),
        ("https://[broken/", None, None),
        ("nonsense", None, None),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url: str, shown: str | None, host: str | None) -> None:
    """Users, queries and fragments can contain keys; other text is not shown at all."""
    [test] = report_of(
        outcome(0, "succeeded", delivery(0, "succeeded")), endpoints=[attrs.evolve(endpoint(0), url=url)]
    ).tests
    assert (shown, host) == (test.url, test.host)


def test_hosts_with_the_most_failures_come_first() -> None:
    """Then by name; endpoints whose address is not known are summed up as one."""
    hosts = kinds_report().hosts()
    assert [None, HOSTS[2], HOSTS[0], HOSTS[1]] == [host.host for host in hosts]
    assert [(0, 3), (0, 1), (1, 2), (0, 1)] == [(host.passed, host.endpoints) for host in hosts]
    assert [(None, None), (None, None), (0.25, 0.25), (4.2, 4.2)] == [(host.median, host.slowest) for host in hosts]
    assert {"succeeded": 1, "not_started": 1} == hosts[2].states


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (0.0, "0 ms"),
        (0.0304, "30 ms"),
        (0.9999, "1.0 s"),
        (1.25, "1.2 s"),
        (99.96, "1 min 40 s"),
        (605, "10 min 05 s"),
    ],
)
def test_times_have_a_suitable_unit(seconds: float | None, words: str) -> None:
    """No more digits than a person wants."""
    assert words == duration(seconds)


def test_problems_come_first_and_then_the_slowest() -> None:
    """Grouped by state and by reason, the most frequent reason first."""
    report = report_of(
        outcome(0, "succeeded", delivery(0, "succeeded", 0.1)),
        outcome(1, "unknown", None, ValueError("lost")),
        outcome(2, "succeeded", delivery(2, "succeeded", 3.0)),
        outcome(3, "failed", delivery(3, "failed", 0.5, error="500")),
        outcome(4, "failed", delivery(4, "failed", 9.0, error="502")),
        outcome(5, "failed", delivery(5, "failed", 2.0, error="500")),
    )
    assert [5, 3, 4, 1, 2, 0] == [int(test.endpoint_id[3:], 16) for test in report.problems_first()]
    assert list(range(6)) == [int(test.endpoint_id[3:], 16) for test in report.tests]


def test_reasons_are_counted_whatever_their_ids() -> None:
    """An id in a reason is different for each endpoint."""
    lost = [
        outcome(number, "unknown", None, ValueError(f"req_{number}: {endpoint_id(number)} lost")) for number in range(3)
    ]
    refused = outcome(3, "refused", None, ValueError("req_9: we_x lost"))
    reasons = report_of(*lost, refused, outcome(4, "sent", None)).reasons()
    assert [("req_…: we_… lost.", 4, {"refused": 1, "unknown": 3})] == [
        (reason.text, reason.count, dict(reason.states)) for reason in reasons
    ]
    assert (endpoint_id(0), endpoint_id(3)) == (reasons[0].endpoint_ids[0], reasons[0].endpoint_ids[3])
    assert () == report_of(outcome(0, "sent", None)).reasons()
