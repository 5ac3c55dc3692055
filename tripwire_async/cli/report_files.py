"""The files that ``test`` writes its reports to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tripwire_async.errors import ConfigurationError
from tripwire_async.reports import html_report, junit_report

from .output import warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from tripwire_async.reports import Report

_WRITERS: Final[dict[str, Callable[[Report], str]]] = {"report": html_report, "junit": junit_report}


def check_report_paths(arguments: argparse.Namespace) -> None:
    """Raise `ConfigurationError` for a file that could not be written: better before a thousand tests than after."""
    for option, path in _wanted(arguments):
        if path.is_dir():
            reason = "it is a directory"
        elif not path.parent.is_dir():
            reason = f"there is no directory {path.parent}"
        elif not os.access(path if path.exists() else path.parent, os.W_OK):
            reason = "it may not be written"
        else:
            continue
        msg = f"--{option} {path}: {reason}"
        raise ConfigurationError(msg)


def write_reports(report: Report, arguments: argparse.Namespace) -> bool:
    """Write the reports that are wanted; return whether that worked, and warn if it did not."""
    worked = True
    for option, path in _wanted(arguments):
        try:
            path.write_text(_WRITERS[option](report), encoding="utf-8", errors="replace")
        except OSError as error:
            warn(f"--{option} {path}: {error.strerror}")
            worked = False
    return worked


def _wanted(arguments: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    for option in _WRITERS:
        path: str | None = getattr(arguments, option)
        if path is not None:
            yield option, Path(path)
