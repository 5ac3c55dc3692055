"""A report as the XML that JUnit made up, and that every system for continuous integration reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from .formatting import state_label

if TYPE_CHECKING:
    from .report import Report, ReportedState, ReportedTest

_KIND: Final[dict[ReportedState, str]] = {
    "failed": "failure",
    "timed_out": "failure",
    "refused": "error",
    "unknown": "error",
    "skipped": "skipped",
    "not_started": "skipped",
}
_COUNTED: Final = {"failure": "failures", "error": "errors", "skipped": "skipped"}

# What XML 1.0 can hold in no way at all.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(report: Report) -> str:
    """Return *report* as JUnit's XML: one test case per endpoint, its host being the class.

    A delivery that failed or did not end in time is a failure; a test that was refused, or whose end cannot be known,
    is an error; a delivery that the service skipped, and a test that was not begun, are skipped. Characters that XML
    cannot hold are replaced.
    """
    kinds = [_KIND.get(test.state) for test in report.tests]
    counts = {name: str(kinds.count(kind)) for kind, name in _COUNTED.items()}
    totals = {"tests": str(len(report.tests)), **counts, "time": f"{report.seconds:.3f}"}
    suites = Element("testsuites", {"name": "tripwire-async test", **totals})
    suite = SubElement(
        suites,
        "testsuite",
        {"name": _fit(report.organization_id), **totals, "timestamp": report.started_at.isoformat(timespec="seconds")},
    )
    for test in report.tests:
        _add(suite, test)
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _add(suite: Element, test: ReportedTest) -> None:
    name = test.endpoint_id if test.name is None else f"{test.name} ({test.endpoint_id})"
    case = SubElement(
        suite,
        "testcase",
        {"name": _fit(name), "classname": _fit(test.host or "unknown host"), "time": f"{test.seconds or 0.0:.3f}"},
    )
    kind = _KIND.get(test.state)
    if kind is not None:
        reason = _fit(test.reason or "")
        found = SubElement(case, kind, {"type": test.state, "message": f"{state_label(test.state)}: {reason}"})
        found.text = "\n".join(_details(test))
    if test.outcome is not None and test.outcome.request_ids:
        SubElement(case, "system-out").text = _fit(f"requests {', '.join(test.outcome.request_ids)}")


def _details(test: ReportedTest) -> list[str]:
    lines = [f"endpoint {test.endpoint_id}"]
    if test.url is not None:
        lines.append(f"posted to {_fit(test.url)}")
    if test.delivery is not None:
        lines.append(f"delivery {_fit(test.delivery.id)}: {test.delivery.attempts} attempts")
        if test.delivery.response_status is not None:
            lines.append(f"response status {test.delivery.response_status}")
    return lines


def _fit(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
