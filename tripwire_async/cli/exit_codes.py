"""Exit statuses, on which scripts depend."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit statuses of the command line."""

    OK = 0
    BAD_OUTCOME = 1
    """The command ran with a bad result, for example a delivery failed or a wait timed out."""
    USAGE = 2
    """Invalid arguments or configuration; nothing was sent."""
    REJECTED = 3
    """The API rejected the request."""
    NO_RESPONSE = 4
    """No valid response: no connection, a timeout, a status of 500 or more, or a server other than the API."""
    INTERRUPTED = 130
    """Interrupted by Ctrl-C."""
    BROKEN_PIPE = 141
    """The reader of the output has closed it, for example ``head``."""
