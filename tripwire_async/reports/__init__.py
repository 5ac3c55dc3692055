"""What became of many test webhooks, told to people and to other programs: a page, JUnit's XML, a document.

Everything here is a function from values to text; nothing is read, written or sent.
"""

from __future__ import annotations

from .html_page import html_report
from .json_document import report_document
from .junit_xml import junit_report
from .report import HostSummary, Report, ReportedState, ReportedTest, make_report

__all__ = [
    "HostSummary",
    "Report",
    "ReportedState",
    "ReportedTest",
    "html_report",
    "junit_report",
    "make_report",
    "report_document",
]
