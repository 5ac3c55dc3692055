"""Report as JUnit XML, for continuous integration."""

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

# Characters that XML 1.0 does not allow, not even as references.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(report: Report) -> str:
    """Return *report* as JUnit XML: one test case per endpoint, with its host as the class name.

    The states ``failed`` and ``timed_out`` are failures, ``refused`` and ``unknown`` are errors, and ``skipped`` and
    ``not_started`` are skipped. Characters that XML does not allow are replaced.
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
        result = SubElement(case, kind, {"type": test.state, "message": f"{state_label(test.state)}: {reason}"})
        result.text = "\n".join(_details(test))
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
