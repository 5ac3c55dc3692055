"""Reports of a run of tests: an HTML page, JUnit XML, CSV, a JSON document.

Every function here returns text or plain values; none reads, writes or sends anything.
"""

from __future__ import annotations

from .csv_table import csv_report
from .html_page import html_report
from .json_document import report_document
from .junit_xml import junit_report
from .report import HostSummary, ReasonSummary, Report, ReportedState, ReportedTest, make_report

__all__ = [
    "HostSummary",
    "ReasonSummary",
    "Report",
    "ReportedState",
    "ReportedTest",
    "csv_report",
    "html_report",
    "junit_report",
    "make_report",
    "report_document",
]
