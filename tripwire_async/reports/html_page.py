"""A report as a page that stands on its own: no file beside it, nothing from the network."""

from __future__ import annotations

import base64
import hashlib
import statistics
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from tripwire_async._secrets.redaction import redact

from .formatting import duration, state_label
from .plots import latency_plot, status_plot
from .report import PASSED, STATES

if TYPE_CHECKING:
    from .report import HostSummary, Report, ReportedState, ReportedTest

_LONGEST_ANSWER: Final = 500
"""Characters of an endpoint's answer that are shown."""

_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src {style_hash}; \
script-src {script_hash}; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="soft">Test webhooks of <code>{organization}</code>, begun {started_at}, {duration} in all</p>
{notice}</header>
<main>
<section class="plots" aria-label="Overview">
<figure><h2>Status</h2>{status_plot}{legend}</figure>
{latency}</section>
<section><h2>By host</h2>{hosts}</section>
<section><h2>Endpoints</h2>
{controls}
{tests}</section>
</main>
<script>{script}</script>
</body>
</html>
"""

_HEADERS: Final = """\
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Endpoint</th>\
<th scope="col" role="columnheader" data-sort="number">Status</th><th scope="col" role="columnheader">Address</th>\
<th scope="col" role="columnheader" class="number">Response</th>\
<th scope="col" role="columnheader" class="number">Attempts</th>\
<th scope="col" role="columnheader" class="number">Latency</th>\
<th scope="col" role="columnheader" class="number">Test took</th>\
<th scope="col" role="columnheader">What went wrong</th></tr></thead>"""


def html_report(report: Report) -> str:
    """Return *report* as one page of HTML: plots, a table by host, and a table of tests that sorts and filters.

    It asks the network for nothing, can be read without JavaScript and on a phone, and runs no script but its own
    whatever the names and answers of endpoints hold. Of an endpoint's answer the beginning is shown where the test came
    out badly, with what looks like a secret hidden.
    """
    style, script = _asset("page.css"), _asset("page.js")
    return _PAGE.format(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        title=f"{report.passed:,} of {len(report.tests):,} succeeded",
        organization=escape(report.organization_id),
        started_at=f"{report.started_at:%Y-%m-%d %H:%M:%S %Z}",
        duration=duration(report.seconds),
        notice='<p class="notice">The run was interrupted; this is what was known.</p>\n' if report.interrupted else "",
        status_plot=status_plot(report.states),
        legend=_legend(report),
        latency=_latency(report),
        hosts=_hosts(report.hosts()),
        controls=_controls(report),
        tests=_tests(report.tests),
    )


def _asset(name: str) -> str:
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what lets a browser run *text*, and nothing else that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _badge(state: ReportedState) -> str:
    return f'<span class="state {state}"><span>{state_label(state)}</span></span>'


def _legend(report: Report) -> str:
    items = "".join(f"<li>{_badge(state)} <strong>{count:,}</strong></li>" for state, count in report.states.items())
    return f'<ul class="legend">{items}</ul>'


def _latency(report: Report) -> str:
    latencies = sorted(test.latency for test in report.tests if test.latency is not None)
    if not latencies:
        return ""
    at_95 = latencies[max(0, -(-95 * len(latencies) // 100) - 1)]
    return (
        f"<figure><h2>Latency of deliveries, in seconds</h2>{latency_plot(latencies)}"
        f'<figcaption class="soft">median {duration(statistics.median(latencies))},'
        f" 95 % within {duration(at_95)}, slowest {duration(latencies[-1])}</figcaption></figure>\n"
    )


def _hosts(hosts: tuple[HostSummary, ...]) -> str:
    rows = "".join(
        f'<tr><th scope="row"><span class="address">{escape(host.host or "unknown")}</span></th>'
        f'<td class="number">{host.passed:,} of {host.endpoints:,}</td>'
        f"<td>{', '.join(_count(state, count) for state, count in host.states.items() if state not in PASSED)}</td>"
        f'<td class="number wide">{duration(host.median)}</td>'
        f'<td class="number wide">{duration(host.slowest)}</td></tr>\n'
        for host in hosts
    )
    return (
        '<table id="hosts"><caption>Tests by host</caption><thead><tr><th scope="col">Host</th>'
        '<th scope="col" class="number">Succeeded</th><th scope="col">Otherwise</th>'
        '<th scope="col" class="number wide">Median latency</th>'
        f'<th scope="col" class="number wide">Slowest</th></tr></thead><tbody>\n{rows}</tbody></table>'
    )


def _count(state: ReportedState, count: int) -> str:
    return f"{count:,} {state_label(state)}"


def _controls(report: Report) -> str:
    options = "".join(f'<option value="{state}">{state_label(state)}</option>' for state in report.states)
    return (
        '<form id="controls" class="controls" hidden>'
        '<label class="find">Search <input name="search" type="search" autocomplete="off"></label>'
        f'<label>Status <select name="state"><option value="">all</option>{options}</select></label>'
        '<label class="order">Order <select name="order"><option value="">as named</option></select></label>'
        '<output name="shown" aria-live="polite"></output></form>'
    )


def _tests(tests: tuple[ReportedTest, ...]) -> str:
    rows = "\n".join(_row(test) for test in tests)
    # The roles say what the elements are already; where a phone's layout shows rows as blocks, browsers forget.
    return (
        '<table id="tests" role="table"><caption>Tests by endpoint</caption>'
        f'{_HEADERS}<tbody role="rowgroup">\n{rows}\n</tbody></table>\n'
    )


def _row(test: ReportedTest) -> str:
    delivery = test.delivery
    name = "" if test.name is None else f'<span class="name">{escape(test.name)}</span>'
    cells = (
        f'<td role="cell" class="first">{name}<code>{escape(test.endpoint_id)}</code></td>',
        _cell("Status", _badge(test.state), value=STATES.index(test.state)),
        _cell("Address", escape(test.url or ""), "address"),
        _number("Response", None if delivery is None else delivery.response_status),
        _number("Attempts", None if delivery is None else delivery.attempts),
        _seconds("Latency", test.latency),
        _seconds("Test took", test.seconds),
        _cell("Trouble", _reason(test), "reason"),
    )
    return f'<tr role="row" data-state="{test.state}">{"".join(cells)}</tr>'


def _cell(title: str, content: str, kind: str = "", *, value: object = None) -> str:
    classes = f"{kind}{'' if content else ' empty'}".strip()
    attributes = f' class="{classes}"' if classes else ""
    if value is not None:
        attributes += f' data-value="{value}"'
    # Not parted by white space: on a phone the cell is a grid.
    return f'<td role="cell" data-title="{title}"{attributes}><div>{content}</div></td>'


def _number(title: str, number: int | None) -> str:
    return _cell(title, "" if number is None else str(number), "number")


def _seconds(title: str, seconds: float | None) -> str:
    content = "" if seconds is None else duration(seconds)
    return _cell(title, content, "number", value="" if seconds is None else f"{seconds:.4f}")


def _reason(test: ReportedTest) -> str:
    if test.reason is None:
        return ""
    parts = [escape(test.reason)]
    answer = "" if test.delivery is None else test.delivery.response_body or ""
    if answer:
        # Hidden before it is cut, lest half a secret goes unrecognized.
        shown = redact(answer)
        cut = "…" if len(shown) > _LONGEST_ANSWER else ""
        parts.append(
            f"<details><summary>its answer</summary><pre>{escape(shown[:_LONGEST_ANSWER])}{cut}</pre></details>"
        )
    if test.outcome is not None and test.outcome.request_ids:
        ids = ", ".join(f"<code>{escape(one)}</code>" for one in test.outcome.request_ids)
        parts.append(f'<p class="soft">{"requests" if len(test.outcome.request_ids) > 1 else "request"} {ids}</p>')
    return "".join(parts)
