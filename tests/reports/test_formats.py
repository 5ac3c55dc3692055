"""Contents of the formats of a report; the layout of the page is tested in a browser elsewhere."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import attrs
import pytest

from tests.support.sample_report import (
    ABOUT,
    CANARY,
    ORGANIZATION,
    SECRET,
    STARTED_AT,
    delivery,
    endpoint,
    endpoint_id,
    kinds_report,
    large_report,
    outcome,
)
from tripwire_async import __version__
from tripwire_async.reports import Report, csv_report, html_report, junit_report, make_report, report_document
from tripwire_async.reports.plots import EDGES, latency_plot, status_plot

EMPTY = make_report((), organization_id=ORGANIZATION, started_at=STARTED_AT, seconds=0.0)


class Page(HTMLParser):
    """The elements of a page, and the text of its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


@pytest.mark.parametrize("write", [html_report, junit_report, lambda report: json.dumps(report_document(report))])
def test_no_report_holds_a_secret(write: object) -> None:
    """A name, a URL, an error and the response of an endpoint are possible sources."""
    assert "s3cr3t" not in write(kinds_report())  # type: ignore[operator] - one of the above


def test_the_page_has_a_row_for_each_test() -> None:
    """With everything in it before any script has run."""
    page = html_report(kinds_report())
    assert 7 == len(re.findall('<tr role="row" data-state=', page))
    assert "<h1>1 of 7 succeeded</h1>" in page
    assert "the delivery had not settled after 60 seconds" in page
    assert "interrupted" not in page
    assert "The run was interrupted" in html_report(kinds_report(interrupted=True))


def test_nothing_from_elsewhere_becomes_an_element() -> None:
    """Names, URLs, errors and responses are text: the page has its own script, and no image."""
    page = Page(html_report(kinds_report()))
    assert (1, 0) == (page.count("script"), page.count("img"))
    assert "<script>window.canary" not in html_report(kinds_report())


def test_the_page_asks_for_nothing() -> None:
    """No element names another file, and the policy would let none be fetched."""
    page = Page(html_report(kinds_report()))
    assert [] == [one for one in page.elements if {"src", "data", "action"} & set(one[1])]
    targets = [one[1]["href"] for one in page.elements if "href" in one[1]]
    assert all(str(target).startswith("#reason-") for target in targets)
    policy = next(one["content"] for name, one in page.elements if name == "meta" and one.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'; ")


def test_only_the_page_s_own_script_and_style_are_allowed() -> None:
    """The policy names what they hash to."""
    page = html_report(EMPTY)
    for element in ("script", "style"):
        [text] = re.findall(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in page


@pytest.mark.parametrize("odd", ["\x00", "\x1b", "\x0c", "\x7f", "\x9b", "\u202e", "\u2066", "\udce9"])
def test_a_control_character_is_shown_as_an_escape(odd: str) -> None:
    """HTML does not allow it, and no browser shows it."""
    named = endpoint(0, name=f"c{odd}d", url=f"https://example.com/{odd}")
    report = make_report(
        [outcome(0, "failed", delivery(0, "failed", response_body=f"e{odd}f\r\n"))],
        organization_id=ORGANIZATION,
        started_at=STARTED_AT,
        seconds=1.0,
        endpoints=[named],
    )
    page = html_report(report)
    assert odd not in page
    shown = ascii(odd)[1:-1]
    assert f">c{shown}d<" in page
    assert f"<pre>e{shown}f\r\n</pre>" in page


def test_a_long_answer_is_cut() -> None:
    """The start is sufficient; a thousand complete pages would make the report unusable."""
    answer = delivery(0, "failed", response_body="long " * 1000)
    page = html_report(
        make_report([outcome(0, "failed", answer)], organization_id=ORGANIZATION, started_at=STARTED_AT, seconds=1.0)
    )
    assert f"<pre>{'long ' * 100}…</pre>" in page


def test_several_requests_are_named_as_such() -> None:
    """The ids of a test that was sent and then could not be read."""
    both = attrs.evolve(outcome(0, "unknown", delivery(0, "pending"), ValueError("no")), request_ids=("req_1", "req_2"))
    page = html_report(make_report([both], organization_id=ORGANIZATION, started_at=STARTED_AT, seconds=1.0))
    assert '<span class="label">request ids </span><code>req_1</code>, <code>req_2</code>' in page


def test_a_request_id_is_shown_once() -> None:
    """An error of the API names it in its message."""
    error = ValueError("sendTestWebhook: 404 (request req_1)")
    refused = attrs.evolve(outcome(0, "refused", None, error), request_ids=("req_0", "req_1"))
    page = html_report(make_report([refused], organization_id=ORGANIZATION, started_at=STARTED_AT, seconds=1.0))
    assert 1 == page.count("req_1")
    assert '<span class="label">request id </span><code>req_0</code>' in page


def test_the_header_has_the_facts_about_the_run() -> None:
    """Without secrets: the version of the client, and all that the caller gives."""
    report = kinds_report(about=ABOUT)
    page = html_report(report)
    assert f"<dt>client</dt><dd>tripwire-async {__version__.replace('.', '.<wbr>')}</dd>" in page
    assert "<dt>limits</dt><dd>200 in flight" in page
    assert "tripwire-async test --all" in page
    assert ["client", *ABOUT] == list(report_document(report)["about"])
    for text in (page, csv_report(report), str(report_document(report))):
        assert SECRET not in text


def test_a_reason_links_to_the_first_of_its_rows() -> None:
    """With the number of its tests and their states; the rows of a reason follow each other."""
    lost = [outcome(number, "unknown", None, ValueError(f"{endpoint_id(number)} is gone")) for number in range(2)]
    refused = outcome(2, "refused", None, ValueError(f"{endpoint_id(2)} is gone"))
    failed = [outcome(number, "failed", delivery(number, "failed", error="500.")) for number in (3, 4)]
    page = html_report(
        make_report([*lost, refused, *failed], organization_id=ORGANIZATION, started_at=STARTED_AT, seconds=1.0)
    )
    items = re.findall(r'<li><a href="#(.*?)">(\d) . (.*?)</a> <span class="soft">(.*?)</span>', page)
    assert [
        ("reason-1", "3", "we_… is gone.", "1 refused, 2 unknown"),
        ("reason-2", "2", "500.", "failed"),
    ] == items
    rows = re.findall(r'<tr role="row" data-state="(\w+)"(?: id="(.*?)")?>', page)
    assert [("failed", "reason-2"), ("failed", ""), ("refused", "reason-1"), ("unknown", ""), ("unknown", "")] == rows


def test_csv_has_a_row_for_each_endpoint() -> None:
    """In the order of the endpoints, readable by a program."""
    rows = list(csv.DictReader(io.StringIO(csv_report(kinds_report(about=ABOUT)), newline="")))
    assert [endpoint_id(number) for number in range(7)] == [row["endpoint_id"] for row in rows]
    assert ("succeeded", "200", "0.25", "") == tuple(
        rows[0][name] for name in ("state", "response_status", "latency", "reason")
    )
    assert ("not_started", "", "", "") == tuple(
        rows[6][name] for name in ("state", "latency", "event_id", "request_ids")
    )
    assert CANARY in rows[1]["name"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_no_name(name: str) -> None:
    """A customer chooses the name of an endpoint."""
    report = make_report(
        [outcome(0, "succeeded", delivery(0, "succeeded"))],
        organization_id=ORGANIZATION,
        started_at=STARTED_AT,
        seconds=1.0,
        endpoints=[endpoint(0, name=name)],
    )
    [row] = csv.DictReader(io.StringIO(csv_report(report), newline=""))
    assert f"'{name}" == row["name"]


def test_a_thousand_endpoints_are_a_page_of_reasonable_size() -> None:
    """Less than a kilobyte for each."""
    assert len(html_report(large_report())) < 1_000_000


@pytest.mark.parametrize("write", [csv_report, html_report, junit_report, report_document])
def test_a_run_of_nothing_can_be_reported(write: object) -> None:
    """As when an organization has no endpoints yet."""
    assert write(EMPTY)  # type: ignore[operator] - one of the above


def test_the_bar_of_states_is_full() -> None:
    """Each part begins where the one before it ends."""
    plot = status_plot({"succeeded": 6, "failed": 2})
    assert [("0.000", "75.000"), ("75.000", "25.000")] == re.findall(r'x="([\d.]+)%" width="([\d.]+)%"', plot)
    assert 'aria-label="6 succeeded, 2 failed"' in plot


@pytest.mark.parametrize(
    ("latencies", "text"),
    [
        ([0.001], "1 took less than 10 ms"),
        ([0.01, 0.019, 0.02], "2 took 10 ms to 20 ms; 1 took 20 ms to 50 ms"),
        ([0.15, 1000.0], "1 took 100 ms to 200 ms; 1 took 1 min 40 s or more"),
    ],
)
def test_each_latency_is_in_one_bar(latencies: list[float], text: str) -> None:
    """The axis starts at the labelled value; a screen reader reads the same values."""
    plot = latency_plot(latencies)
    assert f'aria-label="{text}"' in plot
    assert text.count(" took ") == plot.count("<rect")


def test_the_edges_are_named_between_the_bars_that_are_shown() -> None:
    """Of the rest there is nothing to see."""
    assert ["0.1", "0.2"] == re.findall(r'class="edge"[^>]*>([\d.]+)<', latency_plot([0.15]))
    assert [f"{edge:g}" for edge in EDGES] == re.findall(r'class="edge"[^>]*>([\d.]+)<', latency_plot([0.0, 500]))


def cases(report: Report) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(junit_report(report).encode()).iter("testcase"))  # noqa: S314 - our own


def test_junit_gets_a_case_for_each_endpoint() -> None:
    """Failures of endpoints, errors of ours and the service's, and what was not tested."""
    kinds = [[child.tag for child in case if child.tag != "system-out"] for case in cases(kinds_report())]
    assert [[], ["failure"], ["failure"], ["error"], ["error"], ["skipped"], ["skipped"]] == kinds
    suites = ElementTree.fromstring(junit_report(kinds_report()).encode())  # noqa: S314 - our own
    for element in (suites, suites[0]):
        assert {"tests": "7", "failures": "2", "errors": "2", "skipped": "2", "time": "75.250"}.items() <= dict(
            element.items()
        ).items()


def test_junit_tells_where_and_why() -> None:
    """The host is the class, and the message is the error."""
    failed = cases(kinds_report())[1]
    assert "shop.example.org:8443" == failed.get("classname")
    assert CANARY in str(failed.get("name"))
    assert str(failed[0].get("message")).startswith("failed: 500 <script>")
    assert "response status 500" in str(failed[0].text)


@pytest.mark.parametrize("odd", ["\x00", "\x1b[31m", "\x0b", "\ud800", "\ufffe", "\x7f", "]]>", "\U0001f600"])
def test_xml_is_well_formed_for_any_text(odd: str) -> None:
    """Characters that are invalid in XML are replaced."""
    report = make_report(
        [outcome(0, "refused", None, ValueError(f"a{odd}b"))],
        organization_id=ORGANIZATION,
        started_at=STARTED_AT,
        seconds=1.0,
        endpoints=[endpoint(0, name=f"c{odd}d", url=f"https://example.com/{odd}")],
    )
    [case] = cases(report)
    assert str(case.get("name")).startswith("c")
    assert "b." == str(case[0].get("message"))[-2:]


def test_the_document_is_json_with_a_summary_and_every_test() -> None:
    """Deliveries as the API shows them, errors by their class."""
    document = json.loads(json.dumps(report_document(kinds_report())))
    assert (7, 1, False) == (document["endpoints"], document["passed"], document["interrupted"])
    assert {"host": None, "endpoints": 3, "passed": 0} == {
        name: document["hosts"][0][name] for name in ("host", "endpoints", "passed")
    }
    good, *_, late_skip, last = document["data"]
    assert ("succeeded", 0.25, 0.92) == (good["delivery"]["status"], good["latency"], good["seconds"])
    assert {
        "queued": 3.0,
        "rate_limit_wait": 0.5,
        "backoff_wait": 0.0,
        "network_time": 0.02,
        "settling": 0.4,
    } == good["timings"]
    assert "skipped" == late_skip["state"]
    assert ("not_started", None, [], 0) == (last["state"], last["timings"], last["request_ids"], last["attempts"])
    assert "DeliveryTimeoutError" == document["data"][2]["error"]["type"]
