"""Facts about a run of tests for the header of its reports."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from .options import ATTEMPT_TIMEOUT, DEADLINE, base_url

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from tripwire_async.middleware import RateLimitState

_CREDENTIALS: Final = re.compile(r"(://)[^/@\s]*@")


def facts(arguments: argparse.Namespace, rate_limit: RateLimitState | None) -> Mapping[str, str]:
    """Return the URL of the API, the limits, and the command line without credentials."""
    run = "" if arguments.timeout is None else f", {arguments.timeout:g} s for the run"
    shown = {
        "API": base_url(arguments),
        "limits": (
            f"{arguments.in_flight:,} in flight, {arguments.attempt_timeout or ATTEMPT_TIMEOUT:g} s per attempt,"
            f" {arguments.deadline or DEADLINE:g} s per call{run}"
        ),
    }
    if rate_limit is not None and rate_limit.limit is not None:
        window = "" if rate_limit.window is None else f" in {rate_limit.window:g} s"
        shown["rate limit"] = f"{rate_limit.limit:,} requests{window}"
    shown["command"] = _CREDENTIALS.sub(r"\1…@", shlex.join(arguments.words))
    return shown
