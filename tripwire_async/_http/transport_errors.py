"""Conversion of aiohttp's exceptions to this library's, without secrets and without frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import aiohttp

from tripwire_async._secrets.redaction import sanitize
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, TransportError

from .headers import request_id

if TYPE_CHECKING:
    from .messages import Request

_MAX_CONNECT_TIMEOUT: Final = 10.0

# Connecting comes before sending. After any other error the service may have received the request.
_NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ServerFingerprintMismatch)


def connect_timeout(seconds: float) -> float:
    """Return the seconds that connecting may take in an attempt of *seconds*."""
    return min(_MAX_CONNECT_TIMEOUT, 0.9 * seconds)


def timeout_error(request: Request, error: TimeoutError | None, seconds: float) -> RequestTimeoutError:
    """Return the exception for an attempt of *seconds* that timed out; *error* is None if it did not start."""
    if error is None:
        reason = "the deadline of the call passed before the request was sent"
    elif isinstance(error, _NOT_SENT):
        reason = f"no connection to {request.url.origin()} within {connect_timeout(seconds):g} seconds: check base_url"
    else:
        reason = f"no response within {seconds:g} seconds"
    return RequestTimeoutError(
        f"{_name(request)}: {reason}",
        maybe_sent=error is not None and not isinstance(error, _NOT_SENT),
        attempts=request.stats.attempts,
        client_request_id=request.stats.client_request_id,
    )


def connection_error(request: Request, error: Exception, response: aiohttp.ClientResponse | None) -> TransportError:
    """Return the exception for a connection that failed or broke; *response* is the incomplete one, if any."""
    maybe_sent = not isinstance(error, _NOT_SENT)
    status = id_ = None
    text = error_text(error)
    if not maybe_sent:
        reason = f"cannot connect to {request.url.origin()} ({text}): check base_url"
    elif response is not None:
        status, id_ = response.status, request_id(response.headers)
        known = f"{status}, request {id_}" if id_ else f"{status}"
        reason = f"the response ({known}) is incomplete or malformed ({text})"
    elif isinstance(error, aiohttp.ClientResponseError):
        reason = f"the response is malformed ({text}): check that base_url is the URL of the API"
    else:
        reason = f"the connection was lost before the response ({text})"
    return TransportError(
        f"{_name(request)}: {reason}",
        maybe_sent=maybe_sent,
        attempts=request.stats.attempts,
        client_request_id=request.stats.client_request_id,
        status=status,
        request_id=id_,
    )


def configuration_error(request: Request, error: Exception) -> ConfigurationError:
    """Return the exception for a request that aiohttp rejected before sending it."""
    msg = f"{_name(request)} could not be sent ({error_text(error)}): check base_url and the session of the client"
    return ConfigurationError(msg)


def error_text(error: Exception) -> str:
    """Return the message of *error*, sanitized; the name of its class if the message is empty."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        # Its message may contain half a response.
        return "closed by the server"
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return sanitize(text) or type(error).__name__


def without_frames(error: Exception) -> Exception | None:
    """Return *error* without its frames and causes; None if the error itself cannot be kept.

    aiohttp's frames hold the headers with the key, and error reports print the locals of frames. A
    `ClientResponseError` holds the headers itself.
    """
    if isinstance(error, aiohttp.ClientResponseError):
        return None
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _name(request: Request) -> str:
    return f"{request.operation.id} ({request.operation.method} {request.operation.path})"
