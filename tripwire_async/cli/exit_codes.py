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
    HUNG_UP = 129
    """Ended by SIGHUP, because the terminal was closed."""
    INTERRUPTED = 130
    """Interrupted by Ctrl-C, or a run was paused by another process."""
    BROKEN_PIPE = 141
    """The reader of the output has closed it, for example ``head``."""
    TERMINATED = 143
    """Ended by SIGTERM."""


def exit_code_of_signal(number: int | None) -> ExitCode:
    """Return the exit status after the signal *number*, by the convention of the shell; None for a run that paused."""
    return ExitCode.INTERRUPTED if number is None else ExitCode(128 + number)
