"""What the exit status says; scripts depend on it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit statuses of the command line."""

    OK = 0
    BAD_OUTCOME = 1
    """It ran to its end, and something came out badly: a delivery failed, a wait ran out."""
    USAGE = 2
    """Wrong arguments or configuration; nothing was sent."""
    REJECTED = 3
    """The API refused the request."""
    NO_RESPONSE = 4
    """No usable answer: no connection, a timeout, a status of 500 or more, or what is not the API."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
    BROKEN_PIPE = 141
    """Whoever read the output has gone, as ``head`` does."""
