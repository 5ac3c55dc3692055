"""Report files of ``test``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tripwire_async.errors import ConfigurationError
from tripwire_async.reports import csv_report, html_report, junit_report

from .output import warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from tripwire_async.reports import Report

_WRITERS: Final[dict[str, Callable[[Report], str]]] = {
    "report": html_report,
    "junit": junit_report,
    "csv": csv_report,
}


def check_report_paths(arguments: argparse.Namespace) -> None:
    """Raise `ConfigurationError` for a file that cannot be written, before any test is sent."""
    for option, path in _requested(arguments):
        if path.is_dir():
            reason = "it is a directory, not a file"
        elif not path.parent.is_dir():
            reason = f"there is no directory {path.parent}"
        elif not os.access(path if path.exists() else path.parent, os.W_OK):
            reason = "no permission to write it"
        else:
            continue
        msg = f"--{option} {path}: {reason}"
        raise ConfigurationError(msg)


def write_reports(report: Report, arguments: argparse.Namespace) -> bool:
    """Write the requested reports; warn about a file that cannot be written, and return whether all were."""
    complete = True
    for option, path in _requested(arguments):
        # Outside the handler: an error in here is not about the user's file.
        text = _WRITERS[option](report)
        try:
            path.write_text(text, encoding="utf-8", errors="replace", newline="")
        except OSError as error:
            warn(f"--{option} {path}: {error.strerror}")
            complete = False
    return complete


def _requested(arguments: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    for option in _WRITERS:
        path: str | None = getattr(arguments, option)
        if path is not None:
            yield option, Path(path)
