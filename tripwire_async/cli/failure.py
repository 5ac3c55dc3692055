"""Errors as one line on stderr or as a JSON document, and their exit statuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tripwire_async._secrets.redaction import redact
from tripwire_async.errors import (
    APIError,
    ConfigurationError,
    JournalError,
    ResponseDecodeError,
    TransportError,
    TripwireError,
)

from .exit_codes import ExitCode
from .output import Output, warn
from .wording import in_terms_of_options

if TYPE_CHECKING:
    from .parser import UsageError


class DeclinedError(TripwireError):
    """The user declined to confirm the command."""


def report_usage_error(error: UsageError, *, as_json: bool) -> ExitCode:
    """Print *error*, and return the exit status."""
    if as_json:
        _print_json("usage", error.message, ExitCode.USAGE, hint=error.hint)
    else:
        warn(f"{error.message} (see {error.hint})")
    return ExitCode.USAGE


def report_error(error: Exception, *, as_json: bool, url_source: str) -> ExitCode:
    """Print *error*, and return the exit status; see `in_terms_of_options` for *url_source*."""
    status, message = exit_code(error), in_terms_of_options(str(error), url_source=url_source)
    if not as_json:
        warn(message)
    elif isinstance(error, APIError):
        _print_json(error.code or f"http_{error.status}", message, status, hint=error.next_action, request=error)
    else:
        _print_json(_code(error), message, status)
    return status


def report_os_error(error: OSError, *, as_json: bool) -> ExitCode:
    """Print *error* of a file or of the output, and return the exit status."""
    message = f"{error.filename or 'cannot write the output'}: {error.strerror or error}"
    if as_json and error.filename is not None:
        _print_json("file", message, ExitCode.BAD_OUTCOME)
    else:
        warn(message)
    return ExitCode.BAD_OUTCOME


def exit_code(error: Exception) -> ExitCode:
    """Return the exit status of a command that ended with *error*."""
    match error:
        case APIError(status=status) if status < 500:
            return ExitCode.REJECTED
        case APIError() | TransportError() | ResponseDecodeError():
            return ExitCode.NO_RESPONSE
        case ConfigurationError() | JournalError() | ValueError():
            return ExitCode.USAGE
        case _:
            return ExitCode.BAD_OUTCOME


def _code(error: Exception) -> str:
    """Return the class of *error* as a code, for example ``request_timeout``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()


def _print_json(
    code: str, message: str, status: ExitCode, *, hint: object = None, request: APIError | None = None
) -> None:
    document = {
        "code": code,
        "message": redact(in_terms_of_options(message)),
        "hint": None if hint is None else str(hint),
        "status": None if request is None else request.status,
        "request_id": None if request is None else request.request_id,
        "exit_status": int(status),
    }
    Output(as_json=True).emit({"error": document})
