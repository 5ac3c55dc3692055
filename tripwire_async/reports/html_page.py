"""Report as a self-contained HTML page: no other files, no network."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import statistics
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from tripwire_async._secrets.redaction import redact

from .formatting import duration, state_label
from .plots import latency_plot, status_plot
from .report import PASSED, STATES, general_reason

if TYPE_CHECKING:
    from .report import HostSummary, ReasonSummary, Report, ReportedState, ReportedTest

_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_EXCERPT_CHARACTERS: Final = 500
"""Length of the displayed part of an endpoint's response."""

# Control characters and lone surrogates, which HTML does not allow, and characters that change the direction of text.
_NOT_HTML: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

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
<p class="soft">Test webhooks of <code>{organization}</code>, started {started_at}, took {duration}</p>
{notice}{about}</header>
<main>
<section class="plots" aria-label="Overview">
<figure><h2>Status</h2>{status_plot}{legend}</figure>
{latency}</section>
{reasons}<section><h2>By host</h2>{hosts}</section>
<section><h2>Endpoints</h2>
{controls}
{tests}</section>
</main>
<script>{script}</script>
</body>
</html>
"""

_INTERRUPTED: Final = """\
<p class="notice">The run was interrupted. Tests that had not ended are unknown or not started.</p>
"""

_HEADERS: Final = """\
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Endpoint</th>\
<th scope="col" role="columnheader" data-sort="number">Status</th><th scope="col" role="columnheader">URL</th>\
<th scope="col" role="columnheader" class="number">Response</th>\
<th scope="col" role="columnheader" class="number">Attempts</th>\
<th scope="col" role="columnheader" class="number">Latency</th>\
<th scope="col" role="columnheader" class="number">Duration</th>\
<th scope="col" role="columnheader">Reason</th></tr></thead>"""


def html_report(report: Report) -> str:
    """Return *report* as one HTML page: facts about the run, plots, reasons, hosts, and a table of tests to sort.

    The table shows the tests that did not pass first, and then the slowest ones. The page can be printed.

    The page makes no network requests and is readable without JavaScript and on a phone. Its content security policy
    allows only its own script, whatever the names and responses of endpoints contain. If a test did not pass, the start
    of the endpoint's response is shown, with secrets redacted.
    """
    style, script = _asset("page.css"), _asset("page.js")
    return _PAGE.format(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        title=report.headline,
        organization=_escape(report.organization_id),
        started_at=f"{report.started_at:%Y-%m-%d %H:%M:%S %Z}",
        duration=duration(report.seconds),
        notice=_INTERRUPTED if report.interrupted else "",
        about=_about(report),
        reasons=_reasons(report),
        status_plot=status_plot(report.states),
        legend=_legend(report),
        latency=_latency(report),
        hosts=_hosts(report.hosts()),
        controls=_controls(report),
        tests=_tests(report),
    )


def _about(report: Report) -> str:
    facts = "".join(
        f"<div><dt>{_escape(name)}</dt><dd>{_breakable(text)}</dd></div>" for name, text in report.about.items()
    )
    return f'<dl class="about">{facts}</dl>\n'


def _reasons(report: Report) -> str:
    """Return the list of reasons, each with a link to the first of its rows, which follow each other."""
    items = "".join(
        f'<li><a href="#reason-{number}">{reason.count:,} {_TIMES} {_escape(reason.text)}</a>'
        f' <span class="soft">{_states(reason)}</span></li>\n'
        for number, reason in enumerate(report.reasons(), 1)
    )
    return f'<section><h2>Reasons</h2><ol class="reasons">\n{items}</ol></section>\n' if items else ""


def _states(reason: ReasonSummary) -> str:
    """Return the states of the tests with *reason*, with counts if there are several."""
    if len(reason.states) == 1:
        return state_label(next(iter(reason.states)))
    return ", ".join(_count(state, count) for state, count in reason.states.items())


def _asset(name: str) -> str:
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the source expression of the content security policy that allows *text* and nothing else."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _escape(text: str) -> str:
    """Return *text* for use in HTML, with control characters shown as escapes, because HTML does not allow them."""
    return html.escape(_NOT_HTML.sub(lambda found: ascii(found[0])[1:-1], text))


def _breakable(text: str) -> str:
    """Return a URL or host for use in HTML, with line breaks allowed after each slash and dot."""
    return re.sub(r"(?<=[./])(?=[^./])", "<wbr>", _escape(text))


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
        f'<tr><th scope="row"><span class="address">{_breakable(host.host or "unknown")}</span></th>'
        f'<td class="number">{host.passed:,} of {host.endpoints:,}</td>'
        f"<td>{', '.join(_count(state, count) for state, count in host.states.items() if state not in PASSED)}</td>"
        f'<td class="number wide">{duration(host.median)}</td>'
        f'<td class="number wide">{duration(host.slowest)}</td></tr>\n'
        for host in hosts
    )
    return (
        '<table id="hosts"><caption>Tests by host</caption><thead><tr><th scope="col">Host</th>'
        '<th scope="col" class="number">Passed</th><th scope="col">Did not pass</th>'
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
        '<label class="order">Order <select name="order"><option value="">problems first</option></select></label>'
        '<output name="shown" aria-live="polite"></output></form>'
    )


def _tests(report: Report) -> str:
    anchors = {reason.text: f"reason-{number}" for number, reason in enumerate(report.reasons(), 1)}
    # Only the first row of each reason takes its anchor.
    rows = "\n".join(_row(test, anchors.pop(general_reason(test), "")) for test in report.problems_first())
    # The elements have these roles already, but browsers drop them if the layout for phones shows rows as blocks.
    return (
        '<table id="tests" role="table"><caption>Tests by endpoint</caption>'
        f'{_HEADERS}<tbody role="rowgroup">\n{rows}\n</tbody></table>\n'
    )


def _row(test: ReportedTest, anchor: str) -> str:
    id_ = f' id="{anchor}"' if anchor else ""
    delivery = test.delivery
    name = "" if test.name is None else f'<span class="name">{_escape(test.name)}</span>'
    cells = (
        f'<td role="cell" class="first">{name}<code>{_escape(test.endpoint_id)}</code></td>',
        _cell("Status", _badge(test.state), value=STATES.index(test.state)),
        _cell("URL", _breakable(test.url or ""), "address url"),
        _number("Response", None if delivery is None else delivery.response_status),
        _number("Attempts", None if delivery is None else delivery.attempts),
        _seconds("Latency", test.latency),
        _seconds("Duration", test.seconds),
        _cell("Reason", _reason(test), "reason"),
    )
    return f'<tr role="row" data-state="{test.state}"{id_}>{"".join(cells)}</tr>'


def _cell(title: str, content: str, kind: str = "", *, value: object = None) -> str:
    classes = f"{kind}{'' if content else ' empty'}".strip()
    attributes = f' class="{classes}"' if classes else ""
    if value is not None:
        attributes += f' data-value="{value}"'
    # Without white space, because the cell is a grid on a phone.
    return f'<td role="cell" data-title="{title}"{attributes}><div>{content}</div></td>'


def _number(title: str, number: int | None) -> str:
    return _cell(title, "" if number is None else str(number), "number")


def _seconds(title: str, seconds: float | None) -> str:
    content = "" if seconds is None else duration(seconds)
    return _cell(title, content, "number", value="" if seconds is None else f"{seconds:.4f}")


def _reason(test: ReportedTest) -> str:
    if test.reason is None:
        return ""
    parts = [_escape(test.reason)]
    body = "" if test.delivery is None else test.delivery.response_body or ""
    if body:
        # Redacted before it is cut, because part of a secret would not be recognized.
        shown = redact(body)
        cut = "…" if len(shown) > _EXCERPT_CHARACTERS else ""
        parts.append(
            f"<details><summary>response body</summary><pre>{_escape(shown[:_EXCERPT_CHARACTERS])}{cut}</pre></details>"
        )
    # The message of an error contains the last one.
    ids = [] if test.outcome is None else [id_ for id_ in test.outcome.request_ids if id_ not in test.reason]
    if ids:
        shown = ", ".join(f"<code>{_escape(id_)}</code>" for id_ in ids)
        label = "request ids" if len(ids) > 1 else "request id"
        parts.append(f'<p class="soft"><span class="label">{label} </span>{shown}</p>')
    return "".join(parts)
